-- Schema 1. Portable between SQLite and PostgreSQL: TEXT, BIGINT (times in milliseconds since 1970 UTC,
-- booleans as 0/1), JSON as TEXT, bytes as base64 TEXT. Statements end with a semicolon at the line's end.
CREATE TABLE resource (
  project TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
  manager TEXT NOT NULL, text TEXT NOT NULL, spec TEXT NOT NULL, labels TEXT NOT NULL, description TEXT,
  enabled BIGINT NOT NULL, version BIGINT NOT NULL, release TEXT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, updated_by TEXT NOT NULL,
  PRIMARY KEY (project, kind, name));
CREATE TABLE resource_history (
  project TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, version BIGINT NOT NULL,
  change TEXT NOT NULL, manager TEXT NOT NULL, release TEXT NOT NULL, text TEXT NOT NULL, spec TEXT NOT NULL,
  at BIGINT NOT NULL, changed_by TEXT NOT NULL,
  PRIMARY KEY (project, kind, name, version));
CREATE TABLE revision (number BIGINT PRIMARY KEY, hash TEXT NOT NULL, at BIGINT NOT NULL, changes TEXT NOT NULL);
CREATE TABLE credential (
  id TEXT PRIMARY KEY, project TEXT NOT NULL, type TEXT NOT NULL, consumer TEXT NOT NULL, sha256 TEXT NOT NULL UNIQUE,
  hint TEXT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT NOT NULL, expires_at BIGINT, revoked_at BIGINT);
CREATE INDEX credential_by_consumer ON credential (project, consumer);
CREATE TABLE account (
  name TEXT PRIMARY KEY, display_name TEXT NOT NULL, role TEXT NOT NULL, language TEXT NOT NULL,
  password_hash TEXT, enabled BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE TABLE login_session (
  sha256 TEXT PRIMARY KEY, account TEXT NOT NULL, created_at BIGINT NOT NULL, used_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL, address TEXT NOT NULL);
CREATE TABLE token (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL UNIQUE, role TEXT NOT NULL, permissions TEXT NOT NULL,
  projects TEXT, created_by TEXT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
  used_at BIGINT, revoked_at BIGINT);
CREATE TABLE login_failure (
  subject TEXT PRIMARY KEY, failures BIGINT NOT NULL, last_at BIGINT NOT NULL, locked_until BIGINT NOT NULL);
CREATE TABLE audit (
  id TEXT PRIMARY KEY, time BIGINT NOT NULL, actor TEXT NOT NULL, actor_kind TEXT NOT NULL, address TEXT NOT NULL,
  action TEXT NOT NULL, subject TEXT NOT NULL, before_hash TEXT, after_hash TEXT, outcome TEXT NOT NULL, detail TEXT NOT NULL);
CREATE INDEX audit_by_time ON audit (time, id);
CREATE TABLE outbox (id TEXT PRIMARY KEY, time BIGINT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL, data TEXT NOT NULL, delivered_at BIGINT);
CREATE TABLE run (
  id TEXT PRIMARY KEY, project TEXT NOT NULL, pipeline TEXT NOT NULL, release TEXT NOT NULL, state TEXT NOT NULL, result TEXT,
  cause TEXT NOT NULL, attempt BIGINT NOT NULL, attempts_max BIGINT NOT NULL, retry_of TEXT,
  created_at BIGINT NOT NULL, due_at BIGINT NOT NULL, started_at BIGINT, finished_at BIGINT,
  epoch BIGINT NOT NULL, worker TEXT, lease_until BIGINT, cancel_requested BIGINT NOT NULL,
  problem TEXT, streams TEXT NOT NULL, requested_by TEXT NOT NULL);
CREATE INDEX run_by_state ON run (state, due_at, id);
CREATE INDEX run_by_pipeline ON run (project, pipeline, id);
CREATE TABLE run_log (
  run TEXT NOT NULL, sequence BIGINT NOT NULL, time BIGINT NOT NULL, level TEXT NOT NULL, message TEXT NOT NULL, stream TEXT,
  PRIMARY KEY (run, sequence));
CREATE TABLE pipeline_epoch (project TEXT NOT NULL, pipeline TEXT NOT NULL, epoch BIGINT NOT NULL, PRIMARY KEY (project, pipeline));
CREATE TABLE checkpoint (
  project TEXT NOT NULL, pipeline TEXT NOT NULL, stream TEXT NOT NULL, epoch BIGINT NOT NULL, position TEXT,
  row_count BIGINT NOT NULL, run TEXT NOT NULL, saved_at BIGINT NOT NULL,
  PRIMARY KEY (project, pipeline, stream));
CREATE TABLE schedule (project TEXT NOT NULL, pipeline TEXT NOT NULL, next_at BIGINT NOT NULL, PRIMARY KEY (project, pipeline));
CREATE TABLE call_record (
  id TEXT PRIMARY KEY, time BIGINT NOT NULL, project TEXT NOT NULL, consumer TEXT NOT NULL, client_address TEXT NOT NULL,
  route TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, release TEXT NOT NULL, status BIGINT NOT NULL, reason TEXT NOT NULL,
  duration_us BIGINT NOT NULL, upstream_us BIGINT NOT NULL, request_bytes BIGINT NOT NULL, response_bytes BIGINT NOT NULL, trace_id TEXT NOT NULL);
CREATE INDEX call_by_time ON call_record (time, id);
CREATE TABLE incident (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, detail_en TEXT NOT NULL, detail_zh TEXT NOT NULL, data TEXT NOT NULL,
  opened_at BIGINT NOT NULL, closed_at BIGINT);
CREATE INDEX incident_by_subject ON incident (kind, subject);
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
