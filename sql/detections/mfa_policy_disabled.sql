-- id: mfa_policy_disabled
-- title: The MFA policy was emptied, so that MFA is never required.
-- severity: critical
-- do: Ask the person who changed it. If nobody did, set the policy again, and look at the logins since.
-- attack: T1556.006
-- key: row_id
SELECT source, {actor} AS subject, event_time, row_id
FROM events_live
WHERE type = 'sapi' AND {method} = 'put' AND regexp_like({path}, '/v2/guardian/policies$')
  AND json_format(coalesce(json_extract(details, '$.response.body'), json_extract(details, '$.request.body'))) = '[]'
