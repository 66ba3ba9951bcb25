-- id: signing_key_changed
-- title: A signing key of the tenant was rotated or revoked.
-- severity: high
-- do: Check that it was planned. If not, rotate it again, and look at what else the person changed.
-- silent: a key that was read
-- attack: T1552.004
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE regexp_like(path, '/v2/keys/signing/(rotate|[^/]+/revoke)$') AND method IN ('post', 'put')
