-- id: mfa_factor_disabled
-- title: An MFA factor was disabled for the tenant.
-- severity: high
-- do: Ask the person who changed it. If nobody did, enable it again, and look at the logins since.
-- attack: T1556.006
-- key: row_id
SELECT source, {actor} AS subject, event_time, row_id
FROM events_live
WHERE type = 'sapi' AND {method} = 'put' AND regexp_like({path}, '/v2/guardian/factors/[^/]+$')
  AND coalesce(json_extract_scalar(details, '$.response.body.enabled'), json_extract_scalar(details, '$.request.body.enabled')) = 'false'
