-- id: attack_protection_off
-- title: Brute-force, breached-password or suspicious-IP protection was turned off.
-- severity: critical
-- do: Ask the person who changed it. If nobody did, turn it on again, end that person's sessions, and read what else they changed.
-- attack: T1562.001
-- key: row_id
SELECT source, {actor} AS subject, event_time, row_id
FROM events_live
WHERE type = 'sapi'
  AND regexp_like({path}, '/v2/attack-protection/(brute-force-protection|breached-password-detection|suspicious-ip-throttling)$')
  AND (
    coalesce(json_extract_scalar(details, '$.response.body.enabled'), json_extract_scalar(details, '$.request.body.enabled')) = 'false'
    -- Without the shield that blocks, it only watches.
    OR json_format(coalesce(json_extract(details, '$.response.body.shields'), json_extract(details, '$.request.body.shields'))) NOT LIKE '%"block"%'
  )
