-- id: login_from_attacker
-- title: A login worked from an address that had failed for many users.
-- severity: critical
-- do: Treat the account as taken: end its sessions, reset its password and MFA, and look at what it did. Block the address.
-- attack: T1110.003
-- param threshold = 5: users that the address had failed for
-- param window = 1 day: how long before the login
-- key: subject, day
-- shows: ip
WITH logins AS (
  SELECT source, ip, user_id, user_name, event_time, row_id
  FROM events_live
  WHERE type IN ('s', 'scoa', 'sepft') AND ip <> ''
), failures AS (
  SELECT source, ip, user_name, event_time
  FROM events_live
  WHERE type IN ('f', 'fp', 'fu', 'fcoa', 'fepft') AND ip <> '' AND user_name <> ''
)
SELECT logins.source, coalesce(nullif(logins.user_name, ''), logins.user_id) AS subject, logins.event_time, logins.row_id, logins.ip AS shown
FROM logins
JOIN failures ON failures.source = logins.source AND failures.ip = logins.ip
  AND failures.event_time < logins.event_time AND failures.event_time >= logins.event_time - {window}
GROUP BY logins.source, logins.user_name, logins.user_id, logins.event_time, logins.row_id, logins.ip
HAVING count(DISTINCT failures.user_name) >= {threshold}
