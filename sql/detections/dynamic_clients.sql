-- id: dynamic_clients
-- title: Many applications registered themselves in a short time.
-- severity: high
-- do: Look at their names and callbacks, delete them, and turn dynamic registration off where nobody needs it.
-- silent: a few registrations; registrations spread over the day
-- attack: T1528
-- param threshold = 15: registrations that make a hit
-- param window = 1 hour: the time they lie in
-- key: subject, day
SELECT source, subject, event_time, row_id
FROM (
  SELECT source, subject, event_time, row_id, max(registered) OVER (PARTITION BY source, subject, date_trunc('day', event_time)) AS most
  FROM (
    SELECT
      source, coalesce(nullif(tenant_name, ''), source) AS subject, event_time, row_id,
      count(*) OVER (PARTITION BY source, tenant_name ORDER BY event_time RANGE BETWEEN {window} PRECEDING AND CURRENT ROW) AS registered
    FROM changes
    WHERE description = 'Dynamic client registration' OR regexp_like(path, '/oidc/register$')
  ) AS registrations
) AS days
WHERE most >= {threshold}
