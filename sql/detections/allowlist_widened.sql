-- id: allowlist_widened
-- title: Addresses were exempted from attack protection.
-- severity: high
-- do: Check that the addresses are yours. If not, take them off the list, and look at what came from them since.
-- silent: the same list written again, or a shorter one
-- attack: T1562.001
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE regexp_like(path, '/v2/attack-protection/[a-z-]+$')
  AND cardinality(filter(
    coalesce(try_cast(coalesce(json_extract(answered, '$.allowlist'), json_extract(asked, '$.allowlist')) AS array(varchar)), CAST(ARRAY[] AS array(varchar))),
    address -> NOT contains(
      coalesce(try_cast(coalesce(json_extract(answered_before, '$.allowlist'), json_extract(asked_before, '$.allowlist')) AS array(varchar)), CAST(ARRAY[] AS array(varchar))), address)
  )) > 0
