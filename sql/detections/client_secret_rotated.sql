-- id: client_secret_rotated
-- title: The secret of an application was rotated, or a credential was added to it.
-- severity: medium
-- do: Check that it was planned. If not, rotate it again, and look at what the application did since.
-- silent: a client that was changed otherwise
-- attack: T1098.001
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE method = 'post' AND regexp_like(path, '/v2/clients/[^/]+/(rotate-secret|credentials)$')
