-- id: mfa_policy_disabled
-- title: The MFA policy was emptied, so that MFA is never required.
-- severity: critical
-- do: Ask the person who changed it. If nobody did, set the policy again, and look at the logins since.
-- silent: the same policy written again
-- attack: T1556.006
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE method = 'put' AND regexp_like(path, '/v2/guardian/policies$')
  AND CASE WHEN answered LIKE '[%' THEN answered ELSE asked END = '[]'
  AND coalesce(CASE WHEN answered_before LIKE '[%' THEN answered_before ELSE asked_before END, '') <> '[]'
