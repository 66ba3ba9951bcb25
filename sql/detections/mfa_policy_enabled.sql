-- id: mfa_policy_enabled
-- title: An MFA policy was set.
-- severity: info
-- do: Check that it was planned, and that it is not a weaker one than before.
-- silent: the same policy written again
-- attack: T1556.006
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE method = 'put' AND regexp_like(path, '/v2/guardian/policies$')
  AND CASE WHEN answered LIKE '[%' THEN answered ELSE asked END LIKE '["%'
  AND coalesce(CASE WHEN answered_before LIKE '[%' THEN answered_before ELSE asked_before END, '') <> CASE WHEN answered LIKE '[%' THEN answered ELSE asked END
