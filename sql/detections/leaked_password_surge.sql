-- id: leaked_password_surge
-- title: Many logins with leaked passwords came in a short time.
-- severity: high
-- do: This is credential stuffing. See that breached-password detection blocks, and reset who got in after it.
-- silent: a few leaked passwords an hour
-- attack: T1110.004
-- param threshold = 10: logins with a leaked password that make a hit
-- param window = 1 hour: the time they lie in
-- key: subject, day
-- shows: type
SELECT source, subject, event_time, row_id, 'pwd_leak' AS shown
FROM (
  SELECT *, max(leaked) OVER (PARTITION BY source, subject, date_trunc('day', event_time)) AS most
  FROM (
    SELECT
      source, coalesce(nullif(tenant_name, ''), source) AS subject, event_time, row_id,
      count(*) OVER (PARTITION BY source, tenant_name ORDER BY event_time RANGE BETWEEN {window} PRECEDING AND CURRENT ROW) AS leaked
    FROM events_live
    WHERE type = 'pwd_leak'
  ) AS leaks
) AS days
WHERE most >= {threshold}
