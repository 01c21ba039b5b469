-- Schema 5. Sums of calls are answered by an index alone: of everything, and of one consumer. Exact searches find their row.
DROP INDEX call_by_time;
CREATE INDEX call_by_time ON call_record (time, id, project, consumer, status, duration_us);
CREATE INDEX call_by_consumer ON call_record (project, consumer, time, id, status, duration_us);
CREATE INDEX call_by_route ON call_record (route, time, id);
CREATE INDEX call_by_trace ON call_record (trace_id, time, id);
