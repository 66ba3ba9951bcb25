-- id: client_grant_widened
-- title: An application was granted scopes that change the tenant.
-- severity: high
-- do: Check that the application needs the scopes. If not, take the grant back, and look at what the application did since.
-- attack: T1098.003
-- key: row_id
SELECT source, {actor} AS subject, event_time, row_id
FROM events_live
WHERE type = 'sapi' AND {method} IN ('post', 'patch') AND regexp_like({path}, '/v2/client-grants(/[^/]+)?$')
  AND coalesce(json_extract_scalar(details, '$.response.body.audience'), json_extract_scalar(details, '$.request.body.audience')) LIKE '%/api/v2/'
  AND regexp_like(
    json_format(coalesce(json_extract(details, '$.response.body.scope'), json_extract(details, '$.request.body.scope'))),
    '"(create|update|delete):'
  )
