-- id: brute_force
-- title: One address failed to log in or sign up again and again.
-- severity: medium
-- do: Look whether a login from the address worked. Block it, or see that brute-force protection does.
-- silent: failures of users who logged in from there before; an address where most get in
-- attack: T1110.001
-- param threshold = 11: failures that make a hit
-- param window = 1 hour: the time they lie in
-- key: subject, day
-- shows: ip
SELECT source, network AS subject, event_time, row_id, CASE WHEN ip = network THEN ip END AS shown
FROM (
  SELECT *, max(CASE WHEN failed >= {threshold} AND failed > 2 * came_in THEN 1 ELSE 0 END) OVER (PARTITION BY source, network, date_trunc('day', event_time)) AS found
  FROM (
    SELECT
      *, count_if(failing) OVER (PARTITION BY source, network ORDER BY event_time RANGE BETWEEN {window} PRECEDING AND CURRENT ROW) AS failed,
      count_if(got_in) OVER (PARTITION BY source, network ORDER BY event_time RANGE BETWEEN {window} PRECEDING AND CURRENT ROW) AS came_in
    FROM (
      -- Who logged in from there before has mistyped.
      SELECT *, NOT got_in AND (network_since IS NULL OR network_since >= event_time) AS failing
      FROM attempts
      WHERE ip <> ''
    ) AS tried
  ) AS counted
) AS days
WHERE failing AND found = 1
