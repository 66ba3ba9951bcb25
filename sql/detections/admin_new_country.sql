-- id: admin_new_country
-- title: An administrator came from a country that is new for them.
-- severity: high
-- do: Ask the administrator by another channel. If it was not them, end their sessions and read what they changed since.
-- attack: T1078.004
-- param history = 90 days: how long back countries are remembered
-- key: subject, day
-- shows: user_id
WITH admins AS (
  -- Who has changed or read something through the Management API as a person.
  SELECT source, user_id
  FROM events
  WHERE type IN ('sapi', 'mgmt_api_read') AND user_id <> '' AND event_time >= {now} - {history} - INTERVAL '2' DAY
  UNION
  SELECT source, user_id
  FROM events_live
  WHERE type IN ('sapi', 'mgmt_api_read') AND user_id <> ''
), seen AS (
  SELECT events_live.source, events_live.user_id, user_name, country_code, event_time, row_id
  FROM events_live
  JOIN admins ON admins.source = events_live.source AND admins.user_id = events_live.user_id
  WHERE type IN ('s', 'scoa', 'sens', 'sapi', 'mgmt_api_read') AND country_code <> '' AND events_live.user_id <> ''
), before AS (
  SELECT source, user_id, country_code, event_time
  FROM events
  WHERE type IN ('s', 'scoa', 'sens', 'sapi', 'mgmt_api_read') AND country_code <> '' AND user_id <> ''
    AND event_time >= {now} - {history} - INTERVAL '2' DAY
  UNION ALL
  SELECT source, user_id, country_code, event_time FROM seen
)
SELECT
  seen.source, concat(coalesce(nullif(seen.user_name, ''), seen.user_id), ' in ', seen.country_code) AS subject,
  seen.event_time, seen.row_id, seen.user_id AS shown, coalesce(nullif(seen.user_name, ''), seen.user_id) AS named
FROM seen
-- Who has no past is not compared: everything would be new.
JOIN before ON before.source = seen.source AND before.user_id = seen.user_id
  AND before.event_time < seen.event_time AND before.event_time >= seen.event_time - {history}
GROUP BY seen.source, seen.user_name, seen.user_id, seen.country_code, seen.event_time, seen.row_id
HAVING count_if(before.country_code = seen.country_code) = 0
