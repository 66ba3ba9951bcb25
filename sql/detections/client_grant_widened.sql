-- id: client_grant_widened
-- title: An application was granted scopes that change the tenant.
-- severity: high
-- do: Check that the application needs the scopes. If not, take the grant back, and look at what the application did since.
-- silent: scopes that it had; fewer scopes; another API
-- attack: T1098.003
-- key: row_id
WITH grants AS (
  SELECT
    source, actor, event_time, row_id, coalesce({is:$.audience}, {was:$.audience}) AS audience,
    coalesce(try_cast(coalesce(json_extract(answered, '$.scope'), json_extract(asked, '$.scope')) AS array(varchar)), CAST(ARRAY[] AS array(varchar))) AS scopes,
    coalesce(try_cast(coalesce(json_extract(answered_before, '$.scope'), json_extract(asked_before, '$.scope')) AS array(varchar)), CAST(ARRAY[] AS array(varchar))) AS scopes_before,
    coalesce(regexp_like(CASE WHEN answered LIKE '%"allow_all_scopes"%' THEN answered ELSE asked END, '"allow_all_scopes": *"?true'), false) AS every,
    coalesce(regexp_like(CASE WHEN answered_before LIKE '%"allow_all_scopes"%' THEN answered_before ELSE asked_before END, '"allow_all_scopes": *"?true'), false) AS every_before
  FROM changes
  WHERE method IN ('post', 'patch', 'put') AND regexp_like(path, '/v2/client-grants(/[^/]+)?$')
)
SELECT source, actor AS subject, event_time, row_id
FROM grants
WHERE (audience IS NULL OR regexp_like(audience, '/api/v2/?$')) AND NOT every_before AND (
  every OR cardinality(filter(scopes, scope -> regexp_like(scope, '^(create|update|delete):') AND NOT contains(scopes_before, scope))) > 0
)
