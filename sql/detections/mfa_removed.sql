-- id: mfa_removed
-- title: An administrator removed the MFA of a user.
-- severity: info
-- do: Check that the user asked for it, by another channel than the one that the request came by.
-- silent: a removal that the API refused
-- attack: T1556.006
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE method = 'delete' AND regexp_like(path, '/v2/(users/[^/]+/(multifactor/[^/]+|authentication-methods(/[^/]+)?|authenticators)|guardian/enrollments/[^/]+)$')
