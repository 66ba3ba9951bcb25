-- id: password_spraying
-- title: One address failed to log in as many different users.
-- severity: high
-- do: Block the address. Look whether a login from it worked, and reset those users.
-- silent: users who fail where they logged in before; an address where others get in; names that are only asterisks
-- attack: T1110.003
-- param threshold = 10: users that make a hit
-- param window = 1 hour: the time they lie in
-- key: subject, day
-- shows: ip
WITH tried AS (
  SELECT
    source, network, person, name, ip, event_time, row_id, got_in,
    lead(event_time) OVER (PARTITION BY source, network, got_in, person ORDER BY event_time, row_id) AS again
  FROM attempts
  -- Who logged in from there before has mistyped.
  WHERE ip <> '' AND person IS NOT NULL AND type <> 'fs' AND (got_in OR (network_since IS NULL OR network_since >= event_time))
), counted AS (
  -- A person counts from a try until the next, or until the window is over.
  SELECT
    *, sum(CASE WHEN got_in THEN 0 ELSE step END) OVER (PARTITION BY source, network ORDER BY at) AS failed,
    sum(CASE WHEN got_in THEN step ELSE 0 END) OVER (PARTITION BY source, network ORDER BY at) AS came_in
  FROM (
    SELECT *, CASE WHEN step = 1 THEN event_time ELSE least(coalesce(again, event_time + {window}), event_time + {window}) END AS at
    FROM tried
    CROSS JOIN UNNEST(ARRAY[1, -1]) AS ends (step)
  ) AS steps
)
SELECT source, network AS subject, event_time, row_id, CASE WHEN ip = network THEN ip END AS shown
FROM (
  SELECT *, max(CASE WHEN failed >= {threshold} AND failed > 2 * came_in THEN 1 ELSE 0 END) OVER (PARTITION BY source, network, date_trunc('day', event_time)) AS found
  FROM counted
  WHERE step = 1
) AS days
WHERE found = 1 AND NOT got_in
