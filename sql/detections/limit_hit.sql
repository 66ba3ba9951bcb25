-- id: limit_hit
-- title: A rate limit or a limit on logins was hit.
-- severity: info
-- do: Look whether one address or application caused it: an attack, or a client that tries too often.
-- silent: a warning of a limit that is near
-- attack: T1110
-- key: subject, day
SELECT
  source, event_time, row_id,
  concat(type, ' ', coalesce({name}, nullif(ip, ''), nullif(client_id, ''), 'unknown')) AS subject,
  coalesce({name}, nullif(ip, ''), nullif(client_id, ''), 'unknown') AS named
FROM events_live
WHERE type IN (
  'api_limit', 'limit_delegation', 'limit_mu', 'limit_phone', 'limit_sul', 'limit_wc',
  'gd_otp_rate_limit_exceed', 'gd_recovery_rate_limit_exceed'
)
