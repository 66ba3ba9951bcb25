-- id: connection_created
-- title: An identity provider was added to the tenant.
-- severity: medium
-- do: Check that it was planned. Whoever runs it can log in as any user that it names.
-- silent: a database, e-mail or SMS connection; a connection that was changed
-- attack: T1484.002
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE method = 'post' AND regexp_like(path, '/v2/connections$') AND coalesce({is:$.strategy}, '') NOT IN ('auth0', 'email', 'sms')
