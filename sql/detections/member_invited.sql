-- id: member_invited
-- title: Someone was invited to the tenant or to an organization.
-- severity: info
-- do: Check that the address belongs to a person who should have access.
-- silent: an administrator, whom `admin_invited` has
-- attack: T1136.003
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE method = 'post' AND regexp_like(path, '/v2/(tenants|organizations/[^/]+)/invitations$')
  -- admin_invited has those.
  AND {is_json:$.roles} NOT LIKE '%"owner"%'
