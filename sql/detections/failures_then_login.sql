-- id: failures_then_login
-- title: A login worked after many failures for the same user from a new address.
-- severity: medium
-- do: Ask the user. If it was not them, end the sessions, and reset the password and MFA.
-- silent: a user who logged in from there before
-- attack: T1110.001
-- param threshold = 8: failures that make a hit
-- param window = 1 hour: the time they lie in
-- key: subject, day
-- shows: user_id
SELECT source, name AS subject, event_time, row_id, person AS shown
FROM (
  SELECT *, count_if(NOT got_in) OVER (PARTITION BY source, person, network ORDER BY event_time RANGE BETWEEN {window} PRECEDING AND CURRENT ROW) AS failed
  FROM attempts
  WHERE ip <> '' AND person IS NOT NULL AND type <> 'fs' AND (network_since IS NULL OR network_since >= event_time)
) AS tried
WHERE got_in AND failed >= {threshold}
