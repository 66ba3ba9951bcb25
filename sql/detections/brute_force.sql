-- id: brute_force
-- title: One address failed to log in or sign up again and again.
-- severity: medium
-- do: Look whether a login from the address worked. Block it, or see that brute-force protection does.
-- attack: T1110.001
-- param threshold = 11: failures that make a hit
-- param window = 1 hour: the time they lie in
-- key: subject, day
-- shows: ip
SELECT source, ip AS subject, event_time, row_id, failed AS counted
FROM (
  SELECT
    source, ip, event_time, row_id,
    count(*) OVER (PARTITION BY source, ip ORDER BY event_time RANGE BETWEEN {window} PRECEDING AND CURRENT ROW) AS failed
  FROM events_live
  WHERE type IN ('f', 'fp', 'fu', 'fs', 'fcoa', 'fepft', 'fepotpft') AND ip <> ''
) AS failures
WHERE failed >= {threshold}
