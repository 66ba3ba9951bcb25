-- id: user_joined_tenant
-- title: A person accepted an invitation and joined the tenant.
-- severity: low
-- do: Check that the invitation was meant for this person.
-- silent: an invitation that was declined
-- attack: T1078.004
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE method = 'patch' AND regexp_like(path, '/v2/tenants/invitations/[^/]+$') AND json_extract_scalar(asked, '$.state') = 'accepted'
