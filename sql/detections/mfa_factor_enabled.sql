-- id: mfa_factor_enabled
-- title: An MFA factor was enabled for the tenant.
-- severity: info
-- do: Check that it was planned. A weak factor, such as SMS or e-mail, can be the way around a strong one.
-- silent: the same state written again
-- attack: T1556.006
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE method IN ('put', 'patch') AND regexp_like(path, '/v2/guardian/factors/[^/]+$') AND {is:$.enabled} = 'true' AND coalesce({was:$.enabled}, '') <> 'true'
