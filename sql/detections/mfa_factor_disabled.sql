-- id: mfa_factor_disabled
-- title: An MFA factor was disabled for the tenant.
-- severity: high
-- do: Ask the person who changed it. If nobody did, enable it again, and look at the logins since.
-- silent: the same state written again
-- attack: T1556.006
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE method IN ('put', 'patch') AND regexp_like(path, '/v2/guardian/factors/[^/]+$') AND {is:$.enabled} = 'false' AND coalesce({was:$.enabled}, '') <> 'false'
