-- id: attack_protection_off
-- title: Brute-force, breached-password or suspicious-IP protection was turned off.
-- severity: critical
-- do: Ask the person who changed it. If nobody did, turn it on again, end that person's sessions, and read what else they changed.
-- silent: the same state written again; a lockout of the account that stays on
-- attack: T1562.001
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE regexp_like(path, '/v2/attack-protection/(brute-force-protection|breached-password-detection|suspicious-ip-throttling)$')
  -- Without the shield that blocks, it only watches. A lockout of the account blocks too.
  AND (
    coalesce({is:$.enabled}, '') = 'false'
    OR {is_json:$.shields} NOT LIKE '%"block"%' AND {is_json:$.shields} LIKE '[%' AND NOT (path LIKE '%/brute-force-protection' AND coalesce({is:$.mode}, '') = 'count_per_identifier')
  )
  AND NOT (
    coalesce({was:$.enabled}, '') = 'false'
    OR {was_json:$.shields} NOT LIKE '%"block"%' AND {was_json:$.shields} LIKE '[%' AND NOT (path LIKE '%/brute-force-protection' AND coalesce({was:$.mode}, '') = 'count_per_identifier')
  )
