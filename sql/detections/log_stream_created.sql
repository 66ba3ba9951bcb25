-- id: log_stream_created
-- title: A log stream was created.
-- severity: medium
-- do: Check that it was planned, and where it sends every event of the tenant.
-- silent: one that was changed
-- attack: T1020
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE method = 'post' AND regexp_like(path, '/v2/log-streams$')
