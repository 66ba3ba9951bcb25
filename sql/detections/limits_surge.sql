-- id: limits_surge
-- title: Several users or addresses hit limits within an hour.
-- severity: medium
-- do: Look at what the addresses tried. Auth0 logs some limits only once in a while, so that there may be more than it says.
-- silent: one user who hits a limit again and again
-- attack: T1110
-- param threshold = 10: users or addresses in an hour that make a hit
-- key: subject, day
SELECT source, tenant AS subject, event_time, row_id
FROM (
  SELECT *, max(limited) OVER (PARTITION BY source, hour) AS most
  FROM (
    SELECT
      source, coalesce(nullif(tenant_name, ''), source) AS tenant, event_time, row_id, date_trunc('hour', event_time) AS hour,
      dense_rank() OVER (PARTITION BY source, date_trunc('hour', event_time) ORDER BY coalesce({person}, ip)) AS limited
    FROM events_live
    WHERE type IN ('limit_wc', 'limit_mu', 'limit_sul', 'limit_phone', 'gd_otp_rate_limit_exceed', 'gd_recovery_rate_limit_exceed')
  ) AS limits
) AS hours
WHERE most >= {threshold}
