-- id: integration_installed
-- title: An integration from the marketplace was installed.
-- severity: medium
-- do: Check that it was asked for, and which secrets and flows it got.
-- silent: one that was removed
-- attack: T1671
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE method = 'post' AND regexp_like(path, '/v2/integrations/installed$')
