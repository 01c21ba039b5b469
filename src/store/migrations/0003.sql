-- Schema 3. What happened inside a call (src/sdk/call-story.ts): read with one call, never by searches, hence the last column.
ALTER TABLE call_record ADD COLUMN story TEXT;
