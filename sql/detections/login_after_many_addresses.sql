-- id: login_after_many_addresses
-- title: A login worked after several addresses had failed for the same user.
-- severity: critical
-- do: Treat the account as taken: end its sessions, reset its password and MFA, and look at what it did.
-- silent: a login from where the user logged in before
-- attack: T1110.004
-- param threshold = 5: addresses that had failed for the user
-- param window = 1 day: how long before the login
-- key: subject, day
-- shows: user_id
WITH tried AS (
  SELECT
    source, person, name, network, event_time, row_id, got_in,
    lead(event_time) OVER (PARTITION BY source, person, got_in, network ORDER BY event_time, row_id) AS again
  FROM attempts
  -- From where the user logged in before, they have mistyped.
  WHERE ip <> '' AND person IS NOT NULL AND type <> 'fs' AND (network_since IS NULL OR network_since >= event_time)
), counted AS (
  -- An address counts from a failure until its next, or until the window is over.
  SELECT *, sum(CASE WHEN got_in THEN 0 ELSE step END) OVER (PARTITION BY source, person ORDER BY at) AS failed
  FROM (
    SELECT *, CASE WHEN step = 1 THEN event_time ELSE least(coalesce(again, event_time + {window}), event_time + {window}) END AS at
    FROM tried
    CROSS JOIN UNNEST(ARRAY[1, -1]) AS ends (step)
  ) AS steps
)
SELECT source, name AS subject, event_time, row_id, person AS shown
FROM counted
WHERE step = 1 AND got_in AND failed >= {threshold}
