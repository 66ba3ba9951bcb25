-- id: mfa_risk_assessment_enabled
-- title: The risk assessment of adaptive MFA was enabled.
-- severity: info
-- do: Check that it was planned, and what it replaced.
-- silent: the same state written again
-- attack: T1556.006
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE method IN ('patch', 'put') AND (
    regexp_like(path, '/v2/risk-assessment/config$') AND {is:$.AfterAuthentication} = 'true' AND coalesce({was:$.AfterAuthentication}, '') <> 'true'
    OR regexp_like(path, '/v2/risk-assessments/settings$') AND {is:$.enabled} = 'true' AND coalesce({was:$.enabled}, '') <> 'true'
  )
