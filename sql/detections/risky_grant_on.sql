-- id: risky_grant_on
-- title: An application may take passwords itself, or log in across origins.
-- severity: medium
-- do: Check that the application needs it. If not, turn it off, and look at the logins through it since.
-- silent: a grant that it had
-- attack: T1556
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE regexp_like(path, '/v2/clients(/[^/]+)?$') AND method IN ('post', 'patch', 'put') AND (
    {is_json:$.grant_types} LIKE '%password"%' AND {was_json:$.grant_types} NOT LIKE '%password"%'
    OR {is:$.cross_origin_authentication} = 'true' AND coalesce({was:$.cross_origin_authentication}, '') <> 'true'
  )
