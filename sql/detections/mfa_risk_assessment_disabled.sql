-- id: mfa_risk_assessment_disabled
-- title: The risk assessment of adaptive MFA was disabled.
-- severity: high
-- do: Ask the person who changed it. If nobody did, enable it again, and look at the logins since.
-- silent: the same state written again
-- attack: T1556.006
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE method IN ('patch', 'put') AND (
    regexp_like(path, '/v2/risk-assessment/config$') AND {is:$.AfterAuthentication} = 'false' AND coalesce({was:$.AfterAuthentication}, '') <> 'false'
    OR regexp_like(path, '/v2/risk-assessments/settings$') AND {is:$.enabled} = 'false' AND coalesce({was:$.enabled}, '') <> 'false'
  )
