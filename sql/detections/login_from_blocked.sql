-- id: login_from_blocked
-- title: A login worked from an address that Auth0 had blocked.
-- severity: high
-- do: Ask the user. If it was not them, end the sessions, reset the password and MFA, and block the address.
-- silent: a user who logged in from there before
-- attack: T1110.003
-- param window = 1 day: how long an address is remembered
-- key: subject, day
-- shows: ip
SELECT logins.source, name AS subject, logins.event_time, logins.row_id, CASE WHEN ip = logins.network THEN ip END AS shown
FROM attempts AS logins
JOIN (
  SELECT source, {network} AS network, min(event_time) AS blocked, max(event_time) AS last
  FROM events_live
  -- The address itself, for failures over many users. Those for one user are of whoever forgot a password.
  WHERE type = 'limit_mu' AND ip <> ''
  GROUP BY source, {network}
) AS blocks ON blocks.source = logins.source AND blocks.network = logins.network
  AND logins.event_time > blocks.blocked AND logins.event_time <= blocks.last + {window}
WHERE got_in AND person IS NOT NULL AND (network_since IS NULL OR network_since >= event_time)
