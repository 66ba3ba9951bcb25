-- id: leaked_password_login
-- title: Someone tried to log in with a password that is known to have leaked.
-- severity: info
-- do: If breached-password detection blocks, the user must set a new password. If it does not, reset it and look at the account.
-- silent: a leaked password at sign-up or reset
-- attack: T1110.004
-- key: subject, day
SELECT source, coalesce({name}, ip) AS subject, event_time, row_id
FROM events_live
WHERE type = 'pwd_leak'
