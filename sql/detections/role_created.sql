-- id: role_created
-- title: A role was created.
-- severity: info
-- do: Check that the role was asked for, which permissions it has, and who was given it.
-- silent: a role that was changed or given
-- attack: T1098.003
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE method = 'post' AND regexp_like(path, '/v2/roles$')
