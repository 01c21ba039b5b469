-- Schema 6. How the client of a call spoke; empty for what was recorded before.
ALTER TABLE call_record ADD COLUMN protocol TEXT NOT NULL DEFAULT '';
