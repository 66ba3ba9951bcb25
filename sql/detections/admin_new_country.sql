-- id: admin_new_country
-- title: An administrator came from a country that is new for them.
-- severity: high
-- do: Ask the administrator by another channel. If it was not them, end their sessions and read what they changed since.
-- silent: an address known for them; someone without a past; a user who is no administrator
-- attack: T1078.004
-- param history = 90 days: how long back countries are remembered
-- key: subject, day
-- shows: user_id
WITH seen AS (
  SELECT
    source, user_id, {name} AS name, country_code, ip, event_time, row_id, true AS fresh, type IN ('sapi', 'mgmt_api_read') AS manages
  FROM events_live
  WHERE type IN ('s', 'scoa', 'sens', 'sapi', 'mgmt_api_read') AND user_id <> ''
  UNION ALL
  SELECT source, user_id, NULL, country_code, ip, event_time, NULL, false, type IN ('sapi', 'mgmt_api_read')
  FROM events
  WHERE type IN ('s', 'scoa', 'sens', 'sapi', 'mgmt_api_read') AND user_id <> ''
    AND event_time >= {now} - {history} - INTERVAL '2' DAY AND event_time < {now}
), hours AS (
  SELECT
    source, user_id, country_code, ip, fresh, max(name) AS name, min(event_time) AS event_time, min_by(row_id, event_time) AS row_id,
    -- Who has changed or read something through the Management API as a person is an administrator.
    max(max(CASE WHEN manages THEN 1 ELSE 0 END)) OVER (PARTITION BY source, user_id) AS admin
  FROM seen
  GROUP BY source, user_id, country_code, ip, fresh, date_trunc('hour', event_time)
), compared AS (
  SELECT
    *, lag(event_time) OVER (PARTITION BY source, user_id ORDER BY event_time) AS earlier,
    lag(event_time) OVER (PARTITION BY source, user_id, country_code ORDER BY event_time) AS there,
    lag(event_time) OVER (PARTITION BY source, user_id, ip ORDER BY event_time) AS by_address
  FROM hours
  WHERE admin = 1 AND country_code <> ''
)
SELECT source, concat(coalesce(name, user_id), ' in ', country_code) AS subject, event_time, row_id, user_id AS shown,
  coalesce(name, user_id) AS named
FROM compared
-- Who has no past is not compared: everything would be new. An address known for them has moved only on the map.
WHERE fresh AND earlier >= event_time - {history} AND earlier < event_time
  AND (there IS NULL OR there < event_time - {history})
  AND (by_address IS NULL OR by_address < event_time - {history} OR ip IS NULL OR ip = '')
