-- id: message_pumping
-- title: Far more text messages and calls than usual were sent in an hour.
-- severity: medium
-- do: Look at the countries and numbers. Limit the countries, ask for a captcha, and tell your provider.
-- silent: as many as in a busy hour of the days before
-- attack: T1496.003
-- param threshold = 100: messages in an hour that make a hit
-- param factor = 5: times the busiest hour of the days before
-- param history = 14 days: the days before
-- key: subject, day
WITH hours AS (
  SELECT source, date_trunc('hour', event_time) AS hour, count(*) AS happened
  FROM events
  WHERE type IN ('gd_send_sms', 'gd_send_voice', 'cls') AND event_time >= {now} - {history}
  GROUP BY source, date_trunc('hour', event_time)
), days AS (
  SELECT DISTINCT source, date_trunc('day', event_time) AS day
  FROM events_live
  WHERE type IN ('gd_send_sms', 'gd_send_voice', 'cls')
), usual AS (
  SELECT days.source, days.day, max(hours.happened) AS busiest
  FROM days
  JOIN hours ON hours.source = days.source AND hours.hour < days.day AND hours.hour >= days.day - {history}
  GROUP BY days.source, days.day
), counted AS (
  SELECT
    source, tenant_name, event_time, row_id, date_trunc('day', event_time) AS day, count(*) OVER (PARTITION BY source, date_trunc('hour', event_time)) AS happened
  FROM events_live
  WHERE type IN ('gd_send_sms', 'gd_send_voice', 'cls')
)
SELECT counted.source, coalesce(nullif(tenant_name, ''), counted.source) AS subject, event_time, row_id
FROM counted
LEFT JOIN usual ON usual.source = counted.source AND usual.day = counted.day
WHERE happened >= {threshold} AND happened >= {factor} * coalesce(busiest, 0)
