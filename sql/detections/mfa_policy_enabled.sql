-- id: mfa_policy_enabled
-- title: An MFA policy was set.
-- severity: info
-- do: Check that it was planned, and that it is not a weaker one than before.
-- attack: T1556.006
-- key: row_id
SELECT source, {actor} AS subject, event_time, row_id
FROM events_live
WHERE type = 'sapi' AND {method} = 'put' AND regexp_like({path}, '/v2/guardian/policies$')
  AND json_format(coalesce(json_extract(details, '$.response.body'), json_extract(details, '$.request.body'))) LIKE '["%'
