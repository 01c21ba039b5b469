-- Schema 7. On SQLite calls live in blocks in a file of their own (src/store/calls/), into which these rows were taken before.
/* sqlite */ DROP TABLE call_record;
