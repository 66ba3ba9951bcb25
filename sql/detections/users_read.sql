-- id: users_read
-- title: One person or application read users page by page.
-- severity: medium
-- do: Ask who does it and why. If nobody knows, take the grant back, and treat the profiles as read.
-- attack: T1087.004
-- param threshold = 100: reads of users that make a hit
-- param window = 1 hour: the time they lie in
-- key: subject, day
SELECT source, subject, event_time, row_id
FROM (
  SELECT source, subject, event_time, row_id, max(reads) OVER (PARTITION BY source, subject, date_trunc('day', event_time)) AS most
  FROM (
    SELECT
      source, {actor} AS subject, event_time, row_id,
      count(*) OVER (PARTITION BY source, {actor} ORDER BY event_time RANGE BETWEEN {window} PRECEDING AND CURRENT ROW) AS reads
    FROM events_live
    WHERE type = 'mgmt_api_read' AND regexp_like({path}, '/v2/users(/[^/]+)?$')
  ) AS reading
) AS days
WHERE most >= {threshold}
