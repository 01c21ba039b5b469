-- Schema 4. Lists may be ordered by more than time: an index for each order that a table of many rows answers.
CREATE INDEX run_by_created ON run (created_at, id);
CREATE INDEX run_by_started ON run (coalesce(started_at, 0), id);
CREATE INDEX run_by_finished ON run (coalesce(finished_at, 0), id);
CREATE INDEX run_by_pipeline_created ON run (project, pipeline, created_at, id);
CREATE INDEX run_by_name ON run (pipeline, id);
CREATE INDEX call_by_duration ON call_record (duration_us, id);
CREATE INDEX call_by_status ON call_record (status, id);
CREATE INDEX audit_by_actor ON audit (actor, id);
CREATE INDEX audit_by_action ON audit (action, id);
CREATE INDEX audit_by_subject ON audit (subject, id);
