-- id: tenant_member_deleted
-- title: A member of the tenant was deleted.
-- severity: high
-- do: Check that the person left. Administrators who delete the others, just after one was invited, are taking the tenant over.
-- silent: a member who was read
-- attack: T1531
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE description = 'Delete tenant member' OR method = 'delete' AND regexp_like(path, '/v2/tenants/members/[^/]+$')
