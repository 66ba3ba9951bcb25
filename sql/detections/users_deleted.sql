-- id: users_deleted
-- title: Many users were deleted in a short time.
-- severity: critical
-- do: Stop the person or application that deletes: end the sessions, take the grant back. Then restore from your last export.
-- silent: a directory that deletes leavers each day
-- attack: T1531
-- param threshold = 20: deleted users that make a hit
-- param window = 1 hour: the time they lie in
-- param machine = 100: the same for an application
-- param factor = 10: times the busiest hour of an application that deleted before
-- param history = 30 days: the days before
-- key: subject, day
WITH deletions AS (
  SELECT
    source, actor, admin, event_time, row_id,
    count(*) OVER (PARTITION BY source, actor ORDER BY event_time RANGE BETWEEN {window} PRECEDING AND CURRENT ROW) AS deleted
  FROM changes
  WHERE method = 'delete' AND regexp_like(path, '/v2/users/[^/]+$')
), days AS (
  SELECT source, actor, admin, event_time, row_id, date_trunc('day', event_time) AS day, max(deleted) OVER (PARTITION BY source, actor, date_trunc('day', event_time)) AS most
  FROM deletions
), hours AS (
  SELECT source, {actor} AS actor, date_trunc('day', event_time) AS day, date_trunc('hour', event_time) AS hour, count(*) AS deleted
  FROM events
  WHERE type = 'sapi' AND details LIKE '%/v2/users/%' AND {method} = 'delete' AND regexp_like({path}, '/v2/users/[^/]+$') AND {worked}
    AND event_time >= {now} - {history}
  GROUP BY source, {actor}, date_trunc('day', event_time), date_trunc('hour', event_time)
), usual AS (
  -- The busiest hour of the days before. What synchronizes with a directory deletes leavers each day, and more at the end of a month.
  SELECT days.source, days.actor, days.day, max(hours.deleted) AS busiest
  FROM (SELECT DISTINCT source, actor, day FROM days) AS days
  JOIN hours ON hours.source = days.source AND hours.actor = days.actor AND hours.day < days.day AND hours.day >= days.day - {history}
  GROUP BY days.source, days.actor, days.day
)
SELECT days.source, days.actor AS subject, event_time, row_id
FROM days
LEFT JOIN usual ON usual.source = days.source AND usual.actor = days.actor AND usual.day = days.day
WHERE most >= {threshold} AND (admin <> '' OR most >= {machine} AND most >= {factor} * coalesce(busiest, 0))
