-- id: users_deleted
-- title: Many users were deleted in a short time.
-- severity: critical
-- do: Stop the person or application that deletes: end the sessions, take the grant back. Then restore from your last export.
-- attack: T1531
-- param threshold = 20: deleted users that make a hit
-- param window = 1 hour: the time they lie in
-- key: subject, day
SELECT source, subject, event_time, row_id
FROM (
  SELECT source, subject, event_time, row_id, max(deleted) OVER (PARTITION BY source, subject, date_trunc('day', event_time)) AS most
  FROM (
    SELECT
      source, {actor} AS subject, event_time, row_id,
      count(*) OVER (PARTITION BY source, {actor} ORDER BY event_time RANGE BETWEEN {window} PRECEDING AND CURRENT ROW) AS deleted
    FROM events_live
    WHERE type = 'sapi' AND {method} = 'delete' AND regexp_like({path}, '/v2/users/[^/]+$')
  ) AS deletions
) AS days
WHERE most >= {threshold}
