-- id: admin_invited
-- title: Someone was invited to be an administrator of the tenant.
-- severity: high
-- do: Check with the person who invited, by another channel. If it was not them, withdraw the invitation and end their sessions.
-- silent: an invitation without the role of an owner
-- attack: T1136.003
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE method = 'post' AND regexp_like(path, '/v2/tenants/invitations$') AND {is_json:$.roles} LIKE '%"owner"%'
