-- id: management_api_surge
-- title: An application used the Management API far more than it does.
-- severity: medium
-- do: Look at what it called, and from which address. If its secret leaked, rotate it and take its grants back.
-- silent: as many calls as in a busy hour of the days before; a new application
-- attack: T1059.009
-- param threshold = 100: calls in an hour below which nothing is a surge
-- param factor = 5: times the busiest hour of the days before
-- param history = 14 days: the days before
-- key: subject, day
-- shows: client_id
WITH hours AS (
  SELECT source, client_id, date_trunc('hour', event_time) AS hour, count(*) AS calls, max(event_time) AS event_time, max(row_id) AS row_id
  FROM events_live
  WHERE type IN ('sapi', 'mgmt_api_read', 'fapi') AND client_id <> ''
  GROUP BY source, client_id, date_trunc('hour', event_time)
), before AS (
  SELECT source, client_id, hour, count(*) AS calls
  FROM (
    SELECT source, client_id, date_trunc('hour', event_time) AS hour
    FROM events
    WHERE type IN ('sapi', 'mgmt_api_read', 'fapi') AND client_id <> '' AND event_time >= {now} - {history} - INTERVAL '2' DAY
  ) AS called
  GROUP BY source, client_id, hour
), compared AS (
  SELECT hours.source, hours.client_id, hours.hour, hours.calls, hours.event_time, hours.row_id, max(before.calls) AS busiest
  FROM hours
  -- An application without a past is not compared: its first day would be a surge.
  JOIN before ON before.source = hours.source AND before.client_id = hours.client_id
    AND before.hour < date_trunc('day', hours.hour) AND before.hour >= hours.hour - {history}
  GROUP BY hours.source, hours.client_id, hours.hour, hours.calls, hours.event_time, hours.row_id
)
SELECT source, client_id AS subject, event_time, row_id, calls AS counted
FROM compared
WHERE calls >= {threshold} AND calls >= {factor} * busiest
