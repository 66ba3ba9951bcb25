-- id: distributed_failures
-- title: Many addresses failed to log in to the tenant at once.
-- severity: high
-- do: This is a botnet that tries passwords. Ask for a captcha, see that breached-password detection blocks, and look at who got in.
-- silent: a busy hour of this tenant; users who fail where they logged in before
-- attack: T1110.004
-- param threshold = 50: failures in an hour that make a hit
-- param addresses = 20: addresses that they come from
-- param factor = 3: times the busiest hour of the days before
-- param history = 14 days: the days before
-- key: subject, day
WITH hours AS (
  SELECT
    *, count_if(failing) OVER (PARTITION BY source, hour) AS failed, count_if(got_in) OVER (PARTITION BY source, hour) AS came_in,
    max(CASE WHEN failing THEN address END) OVER (PARTITION BY source, hour) AS addresses
  FROM (
    SELECT
      source, event_time, row_id, date_trunc('hour', event_time) AS hour, got_in, NOT got_in AND (network_since IS NULL OR network_since >= event_time) AS failing,
      dense_rank() OVER (PARTITION BY source, date_trunc('hour', event_time), got_in, (network_since IS NULL OR network_since >= event_time) ORDER BY network) AS address
    FROM attempts
    WHERE type <> 'fs'
  ) AS tried
), before AS (
  SELECT source, date_trunc('hour', event_time) AS hour, count(*) AS failed
  FROM events
  WHERE type IN ('f', 'fp', 'fu', 'fcoa', 'fepft', 'fepotpft') AND event_time >= {now} - {history}
  GROUP BY source, date_trunc('hour', event_time)
), usual AS (
  -- The tenant's own busiest hour of the days before.
  SELECT found.source, found.hour, max(before.failed) AS busiest
  FROM (SELECT DISTINCT source, hour FROM hours WHERE failed >= {threshold}) AS found
  JOIN before ON before.source = found.source AND before.hour < date_trunc('day', found.hour) AND before.hour >= found.hour - {history}
  GROUP BY found.source, found.hour
)
SELECT hours.source, hours.source AS subject, event_time, row_id
FROM hours
LEFT JOIN usual ON usual.source = hours.source AND usual.hour = hours.hour
WHERE failing AND failed >= {threshold} AND addresses >= {addresses} AND (failed > 2 * came_in OR failed > {factor} * busiest)
