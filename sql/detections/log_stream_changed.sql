-- id: log_stream_changed
-- title: A log stream was changed or deleted.
-- severity: high
-- do: Check that events still arrive. If nobody meant to change it, set it back, and fetch what is missing from Auth0's log.
-- silent: the same settings written again
-- attack: T1562.008
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE method IN ('patch', 'put', 'delete') AND regexp_like(path, '/v2/log-streams/[^/]+$') AND NOT {same}
