-- id: login_from_attacker
-- title: A login worked from an address that had failed for many users.
-- severity: critical
-- do: Treat the account as taken: end its sessions, reset its password and MFA, and look at what it did. Block the address.
-- silent: failures of users who logged in from there before; an address where others get in
-- attack: T1110.003
-- param threshold = 5: users that the address had failed for
-- param window = 1 day: how long before the login
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
SELECT source, name AS subject, event_time, row_id, CASE WHEN ip = network THEN ip END AS shown
FROM counted
WHERE step = 1 AND got_in AND failed >= {threshold} AND failed > 2 * came_in
