-- id: users_exported
-- title: An export of all users was started.
-- severity: high
-- do: Ask the person or the owner of the application. If it was not planned, treat every profile as read.
-- silent: an export that the same actor made in the last 30 days
-- attack: T1087.004
-- param history = 30 days: how long back an export makes the next one expected
-- key: row_id
SELECT exports.source, exports.actor AS subject, exports.event_time, exports.row_id
FROM changes AS exports
-- A job that exports each night is known.
LEFT JOIN (
  SELECT source, {actor} AS actor, min(event_time) AS first
  FROM events
  WHERE type = 'sapi' AND event_time >= {now} - {history} AND details LIKE '%/jobs/users-exports%' AND {worked}
  GROUP BY source, {actor}
) AS known ON known.source = exports.source AND known.actor = exports.actor AND known.first < exports.event_time - INTERVAL '12' HOUR
WHERE method = 'post' AND regexp_like(path, '/v2/jobs/users-exports$') AND known.first IS NULL
