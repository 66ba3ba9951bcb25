-- id: users_exported
-- title: An export of all users was started.
-- severity: high
-- do: Ask the person or the owner of the application. If it was not planned, treat every profile as read.
-- attack: T1087.004
-- key: row_id
SELECT source, {actor} AS subject, event_time, row_id
FROM events_live
WHERE type = 'sapi' AND {method} = 'post' AND regexp_like({path}, '/v2/jobs/users-exports$')
