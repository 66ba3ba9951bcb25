-- id: cross_origin_abused
-- title: One address abuses cross-origin authentication.
-- severity: high
-- do: Block the address. If no application of yours uses cross-origin authentication, turn it off; reset who got in.
-- silent: an address where most get in
-- attack: T1110.004
-- param threshold = 10: failures and leaked passwords that make a hit
-- param window = 1 hour: the time they lie in
-- key: subject, day
-- shows: ip
SELECT source, ip AS subject, event_time, row_id
FROM (
  -- A leaked password alone may come by another way of logging in. Behind an office, most get in.
  SELECT *, max(CASE WHEN bad >= {threshold} AND crossed > 0 AND bad > 2 * (tried - bad) THEN 1 ELSE 0 END) OVER (PARTITION BY source, ip, date_trunc('day', event_time)) AS found
  FROM (
    SELECT
      source, ip, event_time, row_id,
      count(*) OVER (PARTITION BY source, ip ORDER BY event_time RANGE BETWEEN {window} PRECEDING AND CURRENT ROW) AS tried,
      count_if(type <> 'scoa') OVER (PARTITION BY source, ip ORDER BY event_time RANGE BETWEEN {window} PRECEDING AND CURRENT ROW) AS bad,
      count_if(type <> 'pwd_leak') OVER (PARTITION BY source, ip ORDER BY event_time RANGE BETWEEN {window} PRECEDING AND CURRENT ROW) AS crossed
    FROM events_live
    WHERE type IN ('fcoa', 'scoa', 'pwd_leak') AND ip <> ''
  ) AS crossings
) AS days
WHERE found = 1
