-- id: network_acl_off
-- title: A network access list was turned off or deleted.
-- severity: high
-- do: Ask the person who changed it. If nobody did, turn it on again, and look at what came in since.
-- silent: the same state written again
-- attack: T1562.007
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE regexp_like(path, '/v2/network-acls/[^/]+$') AND (
    method = 'delete' OR {is:$.active} = 'false' AND coalesce({was:$.active}, '') <> 'false'
  )
