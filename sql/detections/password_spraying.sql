-- id: password_spraying
-- title: One address failed to log in as many different users.
-- severity: high
-- do: Block the address. Look whether a login from it worked, and reset those users.
-- attack: T1110.003
-- param threshold = 10: users that make a hit, within an hour
-- key: subject, day
-- shows: ip
WITH failures AS (
  -- Hours that start each quarter, so that an hour across the full one is seen.
  SELECT source, ip, user_name, event_time, row_id, date_trunc('hour', event_time + quarter * INTERVAL '15' MINUTE) AS hour, quarter
  FROM events_live
  CROSS JOIN UNNEST(ARRAY[0, 1, 2, 3]) AS quarters (quarter)
  WHERE type IN ('f', 'fp', 'fu', 'fcoa', 'fepft', 'fepotpft') AND ip <> '' AND user_name <> ''
)
SELECT source, ip AS subject, max(event_time) AS event_time, max(row_id) AS row_id, count(DISTINCT user_name) AS counted
FROM failures
GROUP BY source, ip, hour, quarter
HAVING count(DISTINCT user_name) >= {threshold}
