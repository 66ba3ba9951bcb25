-- id: mfa_removed_surge
-- title: Somebody removed the MFA of many users in a short time.
-- severity: high
-- do: Ask the person or the owner of the application. If it was not planned, end their sessions, and have the users enroll again.
-- silent: a few removals an hour by support
-- attack: T1556.006
-- param threshold = 8: users that make a hit
-- param window = 1 hour: the time they lie in
-- key: subject, day
SELECT source, subject, event_time, row_id
FROM (
  SELECT *, max(removed) OVER (PARTITION BY source, subject, date_trunc('day', event_time)) AS most
  FROM (
    SELECT
      source, actor AS subject, event_time, row_id,
      count(*) OVER (PARTITION BY source, actor ORDER BY event_time RANGE BETWEEN {window} PRECEDING AND CURRENT ROW) AS removed
    FROM changes
    WHERE method = 'delete' AND regexp_like(path, '/v2/(users/[^/]+/(multifactor/[^/]+|authentication-methods(/[^/]+)?|authenticators)|guardian/enrollments/[^/]+)$')
  ) AS removals
) AS days
WHERE most >= {threshold}
