-- id: refresh_token_reused
-- title: A refresh token was used that had been used before.
-- severity: high
-- do: A token was stolen, or an application keeps old ones. Revoke the user's tokens, and look at the addresses that used them.
-- attack: T1550.001
-- key: subject, day
SELECT source, coalesce(nullif(user_name, ''), nullif(user_id, ''), nullif(client_id, ''), ip) AS subject, event_time, row_id
FROM events_live
WHERE type = 'ferrt' AND lower(description) LIKE '%reused%'
