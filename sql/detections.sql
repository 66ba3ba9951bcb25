CREATE OR REPLACE VIEW detections AS
WITH found AS (
SELECT 'attack_protection_off' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE regexp_like(path, '/v2/attack-protection/(brute-force-protection|breached-password-detection|suspicious-ip-throttling)$')
  -- Without the shield that blocks, it only watches. A lockout of the account blocks too.
  AND (
    coalesce(coalesce(json_extract_scalar(answered, '$.enabled'), json_extract_scalar(asked, '$.enabled')), '') = 'false'
    OR coalesce(json_format(json_extract(answered, '$.shields')), json_format(json_extract(asked, '$.shields')), '') NOT LIKE '%"block"%' AND coalesce(json_format(json_extract(answered, '$.shields')), json_format(json_extract(asked, '$.shields')), '') LIKE '[%' AND NOT (path LIKE '%/brute-force-protection' AND coalesce(coalesce(json_extract_scalar(answered, '$.mode'), json_extract_scalar(asked, '$.mode')), '') = 'count_per_identifier')
  )
  AND NOT (
    coalesce(coalesce(json_extract_scalar(answered_before, '$.enabled'), json_extract_scalar(asked_before, '$.enabled')), '') = 'false'
    OR coalesce(json_format(json_extract(answered_before, '$.shields')), json_format(json_extract(asked_before, '$.shields')), '') NOT LIKE '%"block"%' AND coalesce(json_format(json_extract(answered_before, '$.shields')), json_format(json_extract(asked_before, '$.shields')), '') LIKE '[%' AND NOT (path LIKE '%/brute-force-protection' AND coalesce(coalesce(json_extract_scalar(answered_before, '$.mode'), json_extract_scalar(asked_before, '$.mode')), '') = 'count_per_identifier')
  )
) AS attack_protection_off
UNION ALL
SELECT 'login_after_many_addresses' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(shown AS varchar) AS shown, subject AS named FROM (
WITH tried AS (
  SELECT
    source, person, name, network, event_time, row_id, got_in,
    lead(event_time) OVER (PARTITION BY source, person, got_in, network ORDER BY event_time, row_id) AS again
  FROM (SELECT *
  FROM (
    SELECT
      *, min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, network) AS network_since,
      min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, country_code, city_name) AS place_since,
      dense_rank() OVER (PARTITION BY source, network, got_in ORDER BY person) AS sharer
    FROM (
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, coalesce(CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END, CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END) AS name, ip, row_id, type, latitude, longitude, type IN ('s', 'scoa', 'sens', 'sepft') AS got_in, true AS fresh
      FROM events_recent
      WHERE type IN ('f', 'fp', 'fu', 'fs', 'fcoa', 'fepft', 'fepotpft', 's', 'scoa', 'sens', 'sepft')
      UNION ALL
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, NULL, NULL, NULL, NULL, NULL, NULL, true, false
      FROM events
      WHERE type IN ('s', 'scoa', 'sens', 'sepft') AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '14' DAY AND event_time < CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp)
    ) AS tried
  ) AS known
  WHERE fresh) AS attempts
  -- From where the user logged in before, they have mistyped.
  WHERE ip <> '' AND person IS NOT NULL AND type <> 'fs' AND (network_since IS NULL OR network_since >= event_time)
), counted AS (
  -- An address counts from a failure until its next, or until the window is over.
  SELECT *, sum(CASE WHEN got_in THEN 0 ELSE step END) OVER (PARTITION BY source, person ORDER BY at) AS failed
  FROM (
    SELECT *, CASE WHEN step = 1 THEN event_time ELSE least(coalesce(again, event_time + INTERVAL '1' DAY), event_time + INTERVAL '1' DAY) END AS at
    FROM tried
    CROSS JOIN UNNEST(ARRAY[1, -1]) AS ends (step)
  ) AS steps
)
SELECT source, name AS subject, event_time, row_id, person AS shown
FROM counted
WHERE step = 1 AND got_in AND failed >= 5
) AS login_after_many_addresses
UNION ALL
SELECT 'login_from_attacker' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(shown AS varchar) AS shown, subject AS named FROM (
WITH tried AS (
  SELECT
    source, network, person, name, ip, event_time, row_id, got_in,
    lead(event_time) OVER (PARTITION BY source, network, got_in, person ORDER BY event_time, row_id) AS again
  FROM (SELECT *
  FROM (
    SELECT
      *, min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, network) AS network_since,
      min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, country_code, city_name) AS place_since,
      dense_rank() OVER (PARTITION BY source, network, got_in ORDER BY person) AS sharer
    FROM (
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, coalesce(CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END, CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END) AS name, ip, row_id, type, latitude, longitude, type IN ('s', 'scoa', 'sens', 'sepft') AS got_in, true AS fresh
      FROM events_recent
      WHERE type IN ('f', 'fp', 'fu', 'fs', 'fcoa', 'fepft', 'fepotpft', 's', 'scoa', 'sens', 'sepft')
      UNION ALL
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, NULL, NULL, NULL, NULL, NULL, NULL, true, false
      FROM events
      WHERE type IN ('s', 'scoa', 'sens', 'sepft') AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '14' DAY AND event_time < CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp)
    ) AS tried
  ) AS known
  WHERE fresh) AS attempts
  -- Who logged in from there before has mistyped.
  WHERE ip <> '' AND person IS NOT NULL AND type <> 'fs' AND (got_in OR (network_since IS NULL OR network_since >= event_time))
), counted AS (
  -- A person counts from a try until the next, or until the window is over.
  SELECT
    *, sum(CASE WHEN got_in THEN 0 ELSE step END) OVER (PARTITION BY source, network ORDER BY at) AS failed,
    sum(CASE WHEN got_in THEN step ELSE 0 END) OVER (PARTITION BY source, network ORDER BY at) AS came_in
  FROM (
    SELECT *, CASE WHEN step = 1 THEN event_time ELSE least(coalesce(again, event_time + INTERVAL '1' DAY), event_time + INTERVAL '1' DAY) END AS at
    FROM tried
    CROSS JOIN UNNEST(ARRAY[1, -1]) AS ends (step)
  ) AS steps
)
SELECT source, name AS subject, event_time, row_id, CASE WHEN ip = network THEN ip END AS shown
FROM counted
WHERE step = 1 AND got_in AND failed >= 5 AND failed > 2 * came_in
) AS login_from_attacker
UNION ALL
SELECT 'mfa_policy_disabled' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE method = 'put' AND regexp_like(path, '/v2/guardian/policies$')
  AND CASE WHEN answered LIKE '[%' THEN answered ELSE asked END = '[]'
  AND coalesce(CASE WHEN answered_before LIKE '[%' THEN answered_before ELSE asked_before END, '') <> '[]'
) AS mfa_policy_disabled
UNION ALL
SELECT 'users_deleted' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
WITH deletions AS (
  SELECT
    source, actor, admin, event_time, row_id,
    count(*) OVER (PARTITION BY source, actor ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS deleted
  FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
  WHERE method = 'delete' AND regexp_like(path, '/v2/users/[^/]+$')
), days AS (
  SELECT source, actor, admin, event_time, row_id, date_trunc('day', event_time) AS day, max(deleted) OVER (PARTITION BY source, actor, date_trunc('day', event_time)) AS most
  FROM deletions
), hours AS (
  SELECT source, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, date_trunc('day', event_time) AS day, date_trunc('hour', event_time) AS hour, count(*) AS deleted
  FROM events
  WHERE type = 'sapi' AND details LIKE '%/v2/users/%' AND lower(json_extract_scalar(details, '$.request.method')) = 'delete' AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/users/[^/]+$') AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400
    AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '30' DAY
  GROUP BY source, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown'), date_trunc('day', event_time), date_trunc('hour', event_time)
), usual AS (
  -- The busiest hour of the days before. What synchronizes with a directory deletes leavers each day, and more at the end of a month.
  SELECT days.source, days.actor, days.day, max(hours.deleted) AS busiest
  FROM (SELECT DISTINCT source, actor, day FROM days) AS days
  JOIN hours ON hours.source = days.source AND hours.actor = days.actor AND hours.day < days.day AND hours.day >= days.day - INTERVAL '30' DAY
  GROUP BY days.source, days.actor, days.day
)
SELECT days.source, days.actor AS subject, event_time, row_id
FROM days
LEFT JOIN usual ON usual.source = days.source AND usual.actor = days.actor AND usual.day = days.day
WHERE most >= 20 AND (admin <> '' OR most >= 100 AND most >= 10 * coalesce(busiest, 0))
) AS users_deleted
UNION ALL
SELECT 'admin_invited' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE method = 'post' AND regexp_like(path, '/v2/tenants/invitations$') AND coalesce(json_format(json_extract(answered, '$.roles')), json_format(json_extract(asked, '$.roles')), '') LIKE '%"owner"%'
) AS admin_invited
UNION ALL
SELECT 'admin_new_country' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(shown AS varchar) AS shown, named AS named FROM (
WITH seen AS (
  SELECT
    source, user_id, coalesce(CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END, CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END) AS name, country_code, ip, event_time, row_id, true AS fresh, type IN ('sapi', 'mgmt_api_read') AS manages
  FROM events_recent
  WHERE type IN ('s', 'scoa', 'sens', 'sapi', 'mgmt_api_read') AND user_id <> ''
  UNION ALL
  SELECT source, user_id, NULL, country_code, ip, event_time, NULL, false, type IN ('sapi', 'mgmt_api_read')
  FROM events
  WHERE type IN ('s', 'scoa', 'sens', 'sapi', 'mgmt_api_read') AND user_id <> ''
    AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '90' DAY - INTERVAL '2' DAY AND event_time < CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp)
), hours AS (
  SELECT
    source, user_id, country_code, ip, fresh, max(name) AS name, min(event_time) AS event_time, min_by(row_id, event_time) AS row_id,
    -- Who has changed or read something through the Management API as a person is an administrator.
    max(max(CASE WHEN manages THEN 1 ELSE 0 END)) OVER (PARTITION BY source, user_id) AS admin
  FROM seen
  GROUP BY source, user_id, country_code, ip, fresh, date_trunc('hour', event_time)
), compared AS (
  SELECT
    *, lag(event_time) OVER (PARTITION BY source, user_id ORDER BY event_time) AS earlier,
    lag(event_time) OVER (PARTITION BY source, user_id, country_code ORDER BY event_time) AS there,
    lag(event_time) OVER (PARTITION BY source, user_id, ip ORDER BY event_time) AS by_address
  FROM hours
  WHERE admin = 1 AND country_code <> ''
)
SELECT source, concat(coalesce(name, user_id), ' in ', country_code) AS subject, event_time, row_id, user_id AS shown,
  coalesce(name, user_id) AS named
FROM compared
-- Who has no past is not compared: everything would be new. An address known for them has moved only on the map.
WHERE fresh AND earlier >= event_time - INTERVAL '90' DAY AND earlier < event_time
  AND (there IS NULL OR there < event_time - INTERVAL '90' DAY)
  AND (by_address IS NULL OR by_address < event_time - INTERVAL '90' DAY OR ip IS NULL OR ip = '')
) AS admin_new_country
UNION ALL
SELECT 'allowlist_widened' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE regexp_like(path, '/v2/attack-protection/[a-z-]+$')
  AND cardinality(filter(
    coalesce(try_cast(coalesce(json_extract(answered, '$.allowlist'), json_extract(asked, '$.allowlist')) AS array(varchar)), CAST(ARRAY[] AS array(varchar))),
    address -> NOT contains(
      coalesce(try_cast(coalesce(json_extract(answered_before, '$.allowlist'), json_extract(asked_before, '$.allowlist')) AS array(varchar)), CAST(ARRAY[] AS array(varchar))), address)
  )) > 0
) AS allowlist_widened
UNION ALL
SELECT 'bot_detection_off' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE (description = 'Create or update the anomaly detection captcha' OR regexp_like(path, '/v2/attack-protection/bot-detection$'))
  AND (
    -- The older names and words, then the newer ones.
    coalesce(json_extract_scalar(answered, '$.policy'), json_extract_scalar(asked, '$.policy')) = 'off' AND coalesce(coalesce(json_extract_scalar(answered_before, '$.policy'), json_extract_scalar(asked_before, '$.policy')), '') <> 'off'
    OR coalesce(json_extract_scalar(answered, '$.password_reset_policy'), json_extract_scalar(asked, '$.password_reset_policy')) = 'off' AND coalesce(coalesce(json_extract_scalar(answered_before, '$.password_reset_policy'), json_extract_scalar(asked_before, '$.password_reset_policy')), '') <> 'off'
    OR coalesce(json_extract_scalar(answered, '$.passwordless_policy'), json_extract_scalar(asked, '$.passwordless_policy')) = 'off' AND coalesce(coalesce(json_extract_scalar(answered_before, '$.passwordless_policy'), json_extract_scalar(asked_before, '$.passwordless_policy')), '') <> 'off'
    OR coalesce(json_extract_scalar(answered, '$.challenge_password_policy'), json_extract_scalar(asked, '$.challenge_password_policy')) = 'never' AND coalesce(coalesce(json_extract_scalar(answered_before, '$.challenge_password_policy'), json_extract_scalar(asked_before, '$.challenge_password_policy')), '') <> 'never'
    OR coalesce(json_extract_scalar(answered, '$.challenge_password_reset_policy'), json_extract_scalar(asked, '$.challenge_password_reset_policy')) = 'never' AND coalesce(coalesce(json_extract_scalar(answered_before, '$.challenge_password_reset_policy'), json_extract_scalar(asked_before, '$.challenge_password_reset_policy')), '') <> 'never'
    OR coalesce(json_extract_scalar(answered, '$.challenge_passwordless_policy'), json_extract_scalar(asked, '$.challenge_passwordless_policy')) = 'never' AND coalesce(coalesce(json_extract_scalar(answered_before, '$.challenge_passwordless_policy'), json_extract_scalar(asked_before, '$.challenge_passwordless_policy')), '') <> 'never'
    OR coalesce(json_extract_scalar(answered, '$.monitoring_mode_enabled'), json_extract_scalar(asked, '$.monitoring_mode_enabled')) = 'true' AND coalesce(coalesce(json_extract_scalar(answered_before, '$.monitoring_mode_enabled'), json_extract_scalar(asked_before, '$.monitoring_mode_enabled')), '') <> 'true'
  )
) AS bot_detection_off
UNION ALL
SELECT 'client_grant_widened' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
WITH grants AS (
  SELECT
    source, actor, event_time, row_id, coalesce(coalesce(json_extract_scalar(answered, '$.audience'), json_extract_scalar(asked, '$.audience')), coalesce(json_extract_scalar(answered_before, '$.audience'), json_extract_scalar(asked_before, '$.audience'))) AS audience,
    coalesce(try_cast(coalesce(json_extract(answered, '$.scope'), json_extract(asked, '$.scope')) AS array(varchar)), CAST(ARRAY[] AS array(varchar))) AS scopes,
    coalesce(try_cast(coalesce(json_extract(answered_before, '$.scope'), json_extract(asked_before, '$.scope')) AS array(varchar)), CAST(ARRAY[] AS array(varchar))) AS scopes_before,
    coalesce(regexp_like(CASE WHEN answered LIKE '%"allow_all_scopes"%' THEN answered ELSE asked END, '"allow_all_scopes": *"?true'), false) AS every,
    coalesce(regexp_like(CASE WHEN answered_before LIKE '%"allow_all_scopes"%' THEN answered_before ELSE asked_before END, '"allow_all_scopes": *"?true'), false) AS every_before
  FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
  WHERE method IN ('post', 'patch', 'put') AND regexp_like(path, '/v2/client-grants(/[^/]+)?$')
)
SELECT source, actor AS subject, event_time, row_id
FROM grants
WHERE (audience IS NULL OR regexp_like(audience, '/api/v2/?$')) AND NOT every_before AND (
  every OR cardinality(filter(scopes, scope -> regexp_like(scope, '^(create|update|delete):') AND NOT contains(scopes_before, scope))) > 0
)
) AS client_grant_widened
UNION ALL
SELECT 'cross_origin_abused' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, ip AS subject, event_time, row_id
FROM (
  -- A leaked password alone may come by another way of logging in. Behind an office, most get in.
  SELECT *, max(CASE WHEN bad >= 10 AND crossed > 0 AND bad > 2 * (tried - bad) THEN 1 ELSE 0 END) OVER (PARTITION BY source, ip, date_trunc('day', event_time)) AS found
  FROM (
    SELECT
      source, ip, event_time, row_id,
      count(*) OVER (PARTITION BY source, ip ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS tried,
      count_if(type <> 'scoa') OVER (PARTITION BY source, ip ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS bad,
      count_if(type <> 'pwd_leak') OVER (PARTITION BY source, ip ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS crossed
    FROM events_recent
    WHERE type IN ('fcoa', 'scoa', 'pwd_leak') AND ip <> ''
  ) AS crossings
) AS days
WHERE found = 1
) AS cross_origin_abused
UNION ALL
SELECT 'distributed_failures' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
WITH hours AS (
  SELECT
    *, count_if(failing) OVER (PARTITION BY source, hour) AS failed, count_if(got_in) OVER (PARTITION BY source, hour) AS came_in,
    max(CASE WHEN failing THEN address END) OVER (PARTITION BY source, hour) AS addresses
  FROM (
    SELECT
      source, event_time, row_id, date_trunc('hour', event_time) AS hour, got_in, NOT got_in AND (network_since IS NULL OR network_since >= event_time) AS failing,
      dense_rank() OVER (PARTITION BY source, date_trunc('hour', event_time), got_in, (network_since IS NULL OR network_since >= event_time) ORDER BY network) AS address
    FROM (SELECT *
  FROM (
    SELECT
      *, min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, network) AS network_since,
      min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, country_code, city_name) AS place_since,
      dense_rank() OVER (PARTITION BY source, network, got_in ORDER BY person) AS sharer
    FROM (
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, coalesce(CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END, CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END) AS name, ip, row_id, type, latitude, longitude, type IN ('s', 'scoa', 'sens', 'sepft') AS got_in, true AS fresh
      FROM events_recent
      WHERE type IN ('f', 'fp', 'fu', 'fs', 'fcoa', 'fepft', 'fepotpft', 's', 'scoa', 'sens', 'sepft')
      UNION ALL
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, NULL, NULL, NULL, NULL, NULL, NULL, true, false
      FROM events
      WHERE type IN ('s', 'scoa', 'sens', 'sepft') AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '14' DAY AND event_time < CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp)
    ) AS tried
  ) AS known
  WHERE fresh) AS attempts
    WHERE type <> 'fs'
  ) AS tried
), before AS (
  SELECT source, date_trunc('hour', event_time) AS hour, count(*) AS failed
  FROM events
  WHERE type IN ('f', 'fp', 'fu', 'fcoa', 'fepft', 'fepotpft') AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '14' DAY
  GROUP BY source, date_trunc('hour', event_time)
), usual AS (
  -- The tenant's own busiest hour of the days before.
  SELECT found.source, found.hour, max(before.failed) AS busiest
  FROM (SELECT DISTINCT source, hour FROM hours WHERE failed >= 50) AS found
  JOIN before ON before.source = found.source AND before.hour < date_trunc('day', found.hour) AND before.hour >= found.hour - INTERVAL '14' DAY
  GROUP BY found.source, found.hour
)
SELECT hours.source, hours.source AS subject, event_time, row_id
FROM hours
LEFT JOIN usual ON usual.source = hours.source AND usual.hour = hours.hour
WHERE failing AND failed >= 50 AND addresses >= 20 AND (failed > 2 * came_in OR failed > 3 * busiest)
) AS distributed_failures
UNION ALL
SELECT 'dynamic_clients' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, subject, event_time, row_id
FROM (
  SELECT source, subject, event_time, row_id, max(registered) OVER (PARTITION BY source, subject, date_trunc('day', event_time)) AS most
  FROM (
    SELECT
      source, coalesce(nullif(tenant_name, ''), source) AS subject, event_time, row_id,
      count(*) OVER (PARTITION BY source, tenant_name ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS registered
    FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
    WHERE description = 'Dynamic client registration' OR regexp_like(path, '/oidc/register$')
  ) AS registrations
) AS days
WHERE most >= 15
) AS dynamic_clients
UNION ALL
SELECT 'impossible_travel' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(shown AS varchar) AS shown, subject AS named FROM (
WITH logins AS (
  SELECT
    source, network, person, name, event_time, row_id, country_code, city_name, latitude, longitude, place_since, network_since, sharer
  FROM (SELECT *
  FROM (
    SELECT
      *, min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, network) AS network_since,
      min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, country_code, city_name) AS place_since,
      dense_rank() OVER (PARTITION BY source, network, got_in ORDER BY person) AS sharer
    FROM (
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, coalesce(CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END, CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END) AS name, ip, row_id, type, latitude, longitude, type IN ('s', 'scoa', 'sens', 'sepft') AS got_in, true AS fresh
      FROM events_recent
      WHERE type IN ('f', 'fp', 'fu', 'fs', 'fcoa', 'fepft', 'fepotpft', 's', 'scoa', 'sens', 'sepft')
      UNION ALL
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, NULL, NULL, NULL, NULL, NULL, NULL, true, false
      FROM events
      WHERE type IN ('s', 'scoa', 'sens', 'sepft') AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '14' DAY AND event_time < CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp)
    ) AS tried
  ) AS known
  WHERE fresh) AS attempts
  -- 0, 0 is no place.
  WHERE got_in AND person IS NOT NULL AND latitude IS NOT NULL AND longitude IS NOT NULL AND NOT (latitude = 0 AND longitude = 0)
), places AS (
  SELECT *, max(sharer) OVER (PARTITION BY source, network) AS sharers, place_since >= event_time AND network_since >= event_time AS new
  FROM logins
), travels AS (
  SELECT
    *, lag(event_time) OVER trips AS earlier, lag(row_id) OVER trips AS earlier_id, lag(latitude) OVER trips AS from_latitude, lag(longitude) OVER trips AS from_longitude,
    lag(network) OVER trips AS from_network, lag(nullif(city_name, '')) OVER trips AS from_city, lag(country_code) OVER trips AS from_country, lag(new) OVER trips AS from_new
  FROM places
  -- Whoever leaves through a gateway with others may be anywhere.
  WHERE sharers < 5
  WINDOW trips AS (PARTITION BY source, person ORDER BY event_time, row_id)
), distances AS (
  SELECT
    *, date_diff('second', earlier, event_time) AS seconds,
    12742 * asin(least(1.0, sqrt(
      power(sin(radians(latitude - from_latitude) / 2), 2)
      + cos(radians(latitude)) * cos(radians(from_latitude)) * power(sin(radians(longitude - from_longitude) / 2), 2)
    ))) AS kilometres
  FROM travels
  WHERE earlier IS NOT NULL AND (new OR from_new) AND coalesce(network <> from_network, true) 
    -- Without a city, it is the middle of a country.
    AND coalesce(nullif(city_name, '') <> from_city, country_code <> from_country, true)
)
-- Both logins are of the hit.
SELECT
  source, name AS subject, CASE WHEN step = 1 THEN event_time ELSE earlier END AS event_time, CASE WHEN step = 1 THEN row_id ELSE earlier_id END AS row_id,
  person AS shown
FROM distances
CROSS JOIN UNNEST(ARRAY[0, 1]) AS ends (step)
WHERE kilometres >= 500 AND kilometres * 3600 > 900 * seconds
) AS impossible_travel
UNION ALL
SELECT 'leaked_password_surge' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(shown AS varchar) AS shown, subject AS named FROM (
SELECT source, subject, event_time, row_id, 'pwd_leak' AS shown
FROM (
  SELECT *, max(leaked) OVER (PARTITION BY source, subject, date_trunc('day', event_time)) AS most
  FROM (
    SELECT
      source, coalesce(nullif(tenant_name, ''), source) AS subject, event_time, row_id,
      count(*) OVER (PARTITION BY source, tenant_name ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS leaked
    FROM events_recent
    WHERE type = 'pwd_leak'
  ) AS leaks
) AS days
WHERE most >= 10
) AS leaked_password_surge
UNION ALL
SELECT 'log_stream_changed' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE method IN ('patch', 'put', 'delete') AND regexp_like(path, '/v2/log-streams/[^/]+$') AND NOT (coalesce(asked = asked_before, false) OR coalesce(answered = answered_before AND length(answered) > 2 AND NOT regexp_like(concat(answered, coalesce(asked, '')), '(?i)[*][*]|secret|token|password|authorization|_key'), false))
) AS log_stream_changed
UNION ALL
SELECT 'login_from_blocked' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(shown AS varchar) AS shown, subject AS named FROM (
SELECT logins.source, name AS subject, logins.event_time, logins.row_id, CASE WHEN ip = logins.network THEN ip END AS shown
FROM (SELECT *
  FROM (
    SELECT
      *, min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, network) AS network_since,
      min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, country_code, city_name) AS place_since,
      dense_rank() OVER (PARTITION BY source, network, got_in ORDER BY person) AS sharer
    FROM (
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, coalesce(CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END, CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END) AS name, ip, row_id, type, latitude, longitude, type IN ('s', 'scoa', 'sens', 'sepft') AS got_in, true AS fresh
      FROM events_recent
      WHERE type IN ('f', 'fp', 'fu', 'fs', 'fcoa', 'fepft', 'fepotpft', 's', 'scoa', 'sens', 'sepft')
      UNION ALL
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, NULL, NULL, NULL, NULL, NULL, NULL, true, false
      FROM events
      WHERE type IN ('s', 'scoa', 'sens', 'sepft') AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '14' DAY AND event_time < CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp)
    ) AS tried
  ) AS known
  WHERE fresh) AS logins
JOIN (
  SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, min(event_time) AS blocked, max(event_time) AS last
  FROM events_recent
  -- The address itself, for failures over many users. Those for one user are of whoever forgot a password.
  WHERE type = 'limit_mu' AND ip <> ''
  GROUP BY source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END)
) AS blocks ON blocks.source = logins.source AND blocks.network = logins.network
  AND logins.event_time > blocks.blocked AND logins.event_time <= blocks.last + INTERVAL '1' DAY
WHERE got_in AND person IS NOT NULL AND (network_since IS NULL OR network_since >= event_time)
) AS login_from_blocked
UNION ALL
SELECT 'mfa_factor_disabled' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE method IN ('put', 'patch') AND regexp_like(path, '/v2/guardian/factors/[^/]+$') AND coalesce(json_extract_scalar(answered, '$.enabled'), json_extract_scalar(asked, '$.enabled')) = 'false' AND coalesce(coalesce(json_extract_scalar(answered_before, '$.enabled'), json_extract_scalar(asked_before, '$.enabled')), '') <> 'false'
) AS mfa_factor_disabled
UNION ALL
SELECT 'mfa_removed_surge' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, subject, event_time, row_id
FROM (
  SELECT *, max(removed) OVER (PARTITION BY source, subject, date_trunc('day', event_time)) AS most
  FROM (
    SELECT
      source, actor AS subject, event_time, row_id,
      count(*) OVER (PARTITION BY source, actor ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS removed
    FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
    WHERE method = 'delete' AND regexp_like(path, '/v2/(users/[^/]+/(multifactor/[^/]+|authentication-methods(/[^/]+)?|authenticators)|guardian/enrollments/[^/]+)$')
  ) AS removals
) AS days
WHERE most >= 8
) AS mfa_removed_surge
UNION ALL
SELECT 'mfa_risk_assessment_disabled' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE method IN ('patch', 'put') AND (
    regexp_like(path, '/v2/risk-assessment/config$') AND coalesce(json_extract_scalar(answered, '$.AfterAuthentication'), json_extract_scalar(asked, '$.AfterAuthentication')) = 'false' AND coalesce(coalesce(json_extract_scalar(answered_before, '$.AfterAuthentication'), json_extract_scalar(asked_before, '$.AfterAuthentication')), '') <> 'false'
    OR regexp_like(path, '/v2/risk-assessments/settings$') AND coalesce(json_extract_scalar(answered, '$.enabled'), json_extract_scalar(asked, '$.enabled')) = 'false' AND coalesce(coalesce(json_extract_scalar(answered_before, '$.enabled'), json_extract_scalar(asked_before, '$.enabled')), '') <> 'false'
  )
) AS mfa_risk_assessment_disabled
UNION ALL
SELECT 'network_acl_off' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE regexp_like(path, '/v2/network-acls/[^/]+$') AND (
    method = 'delete' OR coalesce(json_extract_scalar(answered, '$.active'), json_extract_scalar(asked, '$.active')) = 'false' AND coalesce(coalesce(json_extract_scalar(answered_before, '$.active'), json_extract_scalar(asked_before, '$.active')), '') <> 'false'
  )
) AS network_acl_off
UNION ALL
SELECT 'password_spraying' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(shown AS varchar) AS shown, subject AS named FROM (
WITH tried AS (
  SELECT
    source, network, person, name, ip, event_time, row_id, got_in,
    lead(event_time) OVER (PARTITION BY source, network, got_in, person ORDER BY event_time, row_id) AS again
  FROM (SELECT *
  FROM (
    SELECT
      *, min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, network) AS network_since,
      min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, country_code, city_name) AS place_since,
      dense_rank() OVER (PARTITION BY source, network, got_in ORDER BY person) AS sharer
    FROM (
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, coalesce(CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END, CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END) AS name, ip, row_id, type, latitude, longitude, type IN ('s', 'scoa', 'sens', 'sepft') AS got_in, true AS fresh
      FROM events_recent
      WHERE type IN ('f', 'fp', 'fu', 'fs', 'fcoa', 'fepft', 'fepotpft', 's', 'scoa', 'sens', 'sepft')
      UNION ALL
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, NULL, NULL, NULL, NULL, NULL, NULL, true, false
      FROM events
      WHERE type IN ('s', 'scoa', 'sens', 'sepft') AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '14' DAY AND event_time < CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp)
    ) AS tried
  ) AS known
  WHERE fresh) AS attempts
  -- Who logged in from there before has mistyped.
  WHERE ip <> '' AND person IS NOT NULL AND type <> 'fs' AND (got_in OR (network_since IS NULL OR network_since >= event_time))
), counted AS (
  -- A person counts from a try until the next, or until the window is over.
  SELECT
    *, sum(CASE WHEN got_in THEN 0 ELSE step END) OVER (PARTITION BY source, network ORDER BY at) AS failed,
    sum(CASE WHEN got_in THEN step ELSE 0 END) OVER (PARTITION BY source, network ORDER BY at) AS came_in
  FROM (
    SELECT *, CASE WHEN step = 1 THEN event_time ELSE least(coalesce(again, event_time + INTERVAL '1' HOUR), event_time + INTERVAL '1' HOUR) END AS at
    FROM tried
    CROSS JOIN UNNEST(ARRAY[1, -1]) AS ends (step)
  ) AS steps
)
SELECT source, network AS subject, event_time, row_id, CASE WHEN ip = network THEN ip END AS shown
FROM (
  SELECT *, max(CASE WHEN failed >= 10 AND failed > 2 * came_in THEN 1 ELSE 0 END) OVER (PARTITION BY source, network, date_trunc('day', event_time)) AS found
  FROM counted
  WHERE step = 1
) AS days
WHERE found = 1 AND NOT got_in
) AS password_spraying
UNION ALL
SELECT 'phone_shared' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
WITH enrolled AS (
  SELECT
    source, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, coalesce(CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END, CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END) AS name, event_time, row_id, true AS fresh,
    CASE WHEN NOT regexp_like(coalesce(json_extract_scalar(details, '$.authenticator.phone_number'), json_extract_scalar(details, '$.enrollment.phone_number')), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN coalesce(json_extract_scalar(details, '$.authenticator.phone_number'), json_extract_scalar(details, '$.enrollment.phone_number')) END AS phone
  FROM events_recent
  WHERE type = 'gd_enrollment_complete'
  UNION ALL
  SELECT
    source, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END), NULL, event_time, NULL, false,
    CASE WHEN NOT regexp_like(coalesce(json_extract_scalar(details, '$.authenticator.phone_number'), json_extract_scalar(details, '$.enrollment.phone_number')), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN coalesce(json_extract_scalar(details, '$.authenticator.phone_number'), json_extract_scalar(details, '$.enrollment.phone_number')) END
  FROM events
  WHERE type = 'gd_enrollment_complete' AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '30' DAY AND event_time < CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp)
), owners AS (
  SELECT *, lead(event_time) OVER (PARTITION BY source, phone, person ORDER BY event_time) AS again
  FROM enrolled
  -- A number, or the hash of one.
  WHERE regexp_like(phone, '[0-9].*[0-9].*[0-9]') AND person <> ''
), counted AS (
  SELECT *, sum(step) OVER (PARTITION BY source, phone ORDER BY at) AS users
  FROM (
    SELECT *, CASE WHEN step = 1 THEN event_time ELSE least(coalesce(again, event_time + INTERVAL '30' DAY), event_time + INTERVAL '30' DAY) END AS at
    FROM owners
    CROSS JOIN UNNEST(ARRAY[1, -1]) AS ends (step)
  ) AS steps
)
SELECT source, name AS subject, event_time, row_id
FROM counted
WHERE fresh AND step = 1 AND users >= 2
) AS phone_shared
UNION ALL
SELECT 'push_fatigue' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(shown AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(coalesce(CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END, CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END), user_id) AS subject, event_time, row_id, user_id AS shown
FROM (
  SELECT *, max(pushed - accepted) OVER (PARTITION BY source, user_id, date_trunc('day', event_time)) AS most
  FROM (
    SELECT
      pushes.source, user_id, user_name, type, event_time, row_id,
      count_if(type = 'gd_send_pn') OVER (PARTITION BY pushes.source, user_id ORDER BY event_time RANGE BETWEEN INTERVAL '15' MINUTE PRECEDING AND CURRENT ROW) AS pushed,
      count_if(type <> 'gd_send_pn') OVER (PARTITION BY pushes.source, user_id ORDER BY event_time RANGE BETWEEN INTERVAL '15' MINUTE PRECEDING AND CURRENT ROW) AS accepted
    FROM (
      SELECT source, user_id, user_name, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, type, event_time, row_id
      FROM events_recent
      WHERE type IN ('gd_send_pn', 'gd_auth_succeed') AND user_id <> ''
    ) AS pushes
    -- Where the user has logged in before, the phone may be off.
    LEFT JOIN (
      SELECT source, person, network, min(network_since) AS since
      FROM (SELECT *
  FROM (
    SELECT
      *, min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, network) AS network_since,
      min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, country_code, city_name) AS place_since,
      dense_rank() OVER (PARTITION BY source, network, got_in ORDER BY person) AS sharer
    FROM (
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, coalesce(CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END, CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END) AS name, ip, row_id, type, latitude, longitude, type IN ('s', 'scoa', 'sens', 'sepft') AS got_in, true AS fresh
      FROM events_recent
      WHERE type IN ('f', 'fp', 'fu', 'fs', 'fcoa', 'fepft', 'fepotpft', 's', 'scoa', 'sens', 'sepft')
      UNION ALL
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, NULL, NULL, NULL, NULL, NULL, NULL, true, false
      FROM events
      WHERE type IN ('s', 'scoa', 'sens', 'sepft') AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '14' DAY AND event_time < CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp)
    ) AS tried
  ) AS known
  WHERE fresh) AS attempts
      WHERE got_in
      GROUP BY source, person, network
    ) AS familiar ON familiar.source = pushes.source AND familiar.person = pushes.person AND familiar.network = pushes.network
    WHERE familiar.since IS NULL OR familiar.since >= event_time
  ) AS pushes
) AS days
-- One who logs in to one application after another accepts what is sent.
WHERE type = 'gd_send_pn' AND most >= 5
) AS push_fatigue
UNION ALL
SELECT 'refresh_token_reused' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
WITH used AS (
  SELECT
    source, coalesce(coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END), nullif(client_id, ''), ip) AS person, coalesce(coalesce(CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END, CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END), nullif(client_id, ''), ip) AS subject, event_time, row_id,
    type = 'ferrt' AND lower(description) LIKE '%reused%' AS reused, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, country_code, user_agent
  FROM events_recent
  WHERE type IN ('ferrt', 's', 'sens', 'scoa', 'sertft', 'seacft', 'ssa')
), compared AS (
  SELECT
    *, bool_or(NOT reused) OVER (PARTITION BY source, person, network) AS from_here,
    bool_or(NOT reused) OVER (PARTITION BY source, person, country_code) AS in_country,
    bool_or(NOT reused) OVER (PARTITION BY source, person, user_agent) AS by_agent
  FROM used
)
SELECT source, subject, event_time, row_id
FROM compared
-- An SDK that asks twice at once, or keeps an old token, does so where its user is.
WHERE reused AND NOT from_here AND NOT (in_country AND country_code <> '' AND (by_agent OR coalesce(user_agent, '') = ''))
) AS refresh_token_reused
UNION ALL
SELECT 'signing_key_changed' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE regexp_like(path, '/v2/keys/signing/(rotate|[^/]+/revoke)$') AND method IN ('post', 'put')
) AS signing_key_changed
UNION ALL
SELECT 'signup_shield_off' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE regexp_like(path, '/v2/attack-protection/breached-password-detection$') AND (
    coalesce(json_format(json_extract(answered, '$.stage["pre-user-registration"].shields')), json_format(json_extract(asked, '$.stage["pre-user-registration"].shields')), '') LIKE '[%' AND coalesce(json_format(json_extract(answered, '$.stage["pre-user-registration"].shields')), json_format(json_extract(asked, '$.stage["pre-user-registration"].shields')), '') NOT LIKE '%"block"%'
      AND NOT (coalesce(json_format(json_extract(answered_before, '$.stage["pre-user-registration"].shields')), json_format(json_extract(asked_before, '$.stage["pre-user-registration"].shields')), '') LIKE '[%' AND coalesce(json_format(json_extract(answered_before, '$.stage["pre-user-registration"].shields')), json_format(json_extract(asked_before, '$.stage["pre-user-registration"].shields')), '') NOT LIKE '%"block"%')
    OR coalesce(json_format(json_extract(answered, '$.stage["pre-change-password"].shields')), json_format(json_extract(asked, '$.stage["pre-change-password"].shields')), '') LIKE '[%' AND coalesce(json_format(json_extract(answered, '$.stage["pre-change-password"].shields')), json_format(json_extract(asked, '$.stage["pre-change-password"].shields')), '') NOT LIKE '%"block"%'
      AND NOT (coalesce(json_format(json_extract(answered_before, '$.stage["pre-change-password"].shields')), json_format(json_extract(asked_before, '$.stage["pre-change-password"].shields')), '') LIKE '[%' AND coalesce(json_format(json_extract(answered_before, '$.stage["pre-change-password"].shields')), json_format(json_extract(asked_before, '$.stage["pre-change-password"].shields')), '') NOT LIKE '%"block"%')
  )
) AS signup_shield_off
UNION ALL
SELECT 'tenant_member_deleted' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE description = 'Delete tenant member' OR method = 'delete' AND regexp_like(path, '/v2/tenants/members/[^/]+$')
) AS tenant_member_deleted
UNION ALL
SELECT 'users_exported' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT exports.source, exports.actor AS subject, exports.event_time, exports.row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS exports
-- A job that exports each night is known.
LEFT JOIN (
  SELECT source, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, min(event_time) AS first
  FROM events
  WHERE type = 'sapi' AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '30' DAY AND details LIKE '%/jobs/users-exports%' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400
  GROUP BY source, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown')
) AS known ON known.source = exports.source AND known.actor = exports.actor AND known.first < exports.event_time - INTERVAL '12' HOUR
WHERE method = 'post' AND regexp_like(path, '/v2/jobs/users-exports$') AND known.first IS NULL
) AS users_exported
UNION ALL
SELECT 'brute_force' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(shown AS varchar) AS shown, subject AS named FROM (
SELECT source, network AS subject, event_time, row_id, CASE WHEN ip = network THEN ip END AS shown
FROM (
  SELECT *, max(CASE WHEN failed >= 11 AND failed > 2 * came_in THEN 1 ELSE 0 END) OVER (PARTITION BY source, network, date_trunc('day', event_time)) AS found
  FROM (
    SELECT
      *, count_if(failing) OVER (PARTITION BY source, network ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS failed,
      count_if(got_in) OVER (PARTITION BY source, network ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS came_in
    FROM (
      -- Who logged in from there before has mistyped.
      SELECT *, NOT got_in AND (network_since IS NULL OR network_since >= event_time) AS failing
      FROM (SELECT *
  FROM (
    SELECT
      *, min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, network) AS network_since,
      min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, country_code, city_name) AS place_since,
      dense_rank() OVER (PARTITION BY source, network, got_in ORDER BY person) AS sharer
    FROM (
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, coalesce(CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END, CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END) AS name, ip, row_id, type, latitude, longitude, type IN ('s', 'scoa', 'sens', 'sepft') AS got_in, true AS fresh
      FROM events_recent
      WHERE type IN ('f', 'fp', 'fu', 'fs', 'fcoa', 'fepft', 'fepotpft', 's', 'scoa', 'sens', 'sepft')
      UNION ALL
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, NULL, NULL, NULL, NULL, NULL, NULL, true, false
      FROM events
      WHERE type IN ('s', 'scoa', 'sens', 'sepft') AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '14' DAY AND event_time < CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp)
    ) AS tried
  ) AS known
  WHERE fresh) AS attempts
      WHERE ip <> ''
    ) AS tried
  ) AS counted
) AS days
WHERE failing AND found = 1
) AS brute_force
UNION ALL
SELECT 'client_secret_rotated' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE method = 'post' AND regexp_like(path, '/v2/clients/[^/]+/(rotate-secret|credentials)$')
) AS client_secret_rotated
UNION ALL
SELECT 'connection_created' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE method = 'post' AND regexp_like(path, '/v2/connections$') AND coalesce(coalesce(json_extract_scalar(answered, '$.strategy'), json_extract_scalar(asked, '$.strategy')), '') NOT IN ('auth0', 'email', 'sms')
) AS connection_created
UNION ALL
SELECT 'failures_then_login' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(shown AS varchar) AS shown, subject AS named FROM (
SELECT source, name AS subject, event_time, row_id, person AS shown
FROM (
  SELECT *, count_if(NOT got_in) OVER (PARTITION BY source, person, network ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS failed
  FROM (SELECT *
  FROM (
    SELECT
      *, min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, network) AS network_since,
      min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, country_code, city_name) AS place_since,
      dense_rank() OVER (PARTITION BY source, network, got_in ORDER BY person) AS sharer
    FROM (
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, coalesce(CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END, CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END) AS name, ip, row_id, type, latitude, longitude, type IN ('s', 'scoa', 'sens', 'sepft') AS got_in, true AS fresh
      FROM events_recent
      WHERE type IN ('f', 'fp', 'fu', 'fs', 'fcoa', 'fepft', 'fepotpft', 's', 'scoa', 'sens', 'sepft')
      UNION ALL
      SELECT source, coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''), CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END) AS network, coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END) AS person, event_time, country_code, city_name, NULL, NULL, NULL, NULL, NULL, NULL, true, false
      FROM events
      WHERE type IN ('s', 'scoa', 'sens', 'sepft') AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '14' DAY AND event_time < CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp)
    ) AS tried
  ) AS known
  WHERE fresh) AS attempts
  WHERE ip <> '' AND person IS NOT NULL AND type <> 'fs' AND (network_since IS NULL OR network_since >= event_time)
) AS tried
WHERE got_in AND failed >= 8
) AS failures_then_login
UNION ALL
SELECT 'integration_installed' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE method = 'post' AND regexp_like(path, '/v2/integrations/installed$')
) AS integration_installed
UNION ALL
SELECT 'limits_surge' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, tenant AS subject, event_time, row_id
FROM (
  SELECT *, max(limited) OVER (PARTITION BY source, hour) AS most
  FROM (
    SELECT
      source, coalesce(nullif(tenant_name, ''), source) AS tenant, event_time, row_id, date_trunc('hour', event_time) AS hour,
      dense_rank() OVER (PARTITION BY source, date_trunc('hour', event_time) ORDER BY coalesce(coalesce(CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END, CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END), ip)) AS limited
    FROM events_recent
    WHERE type IN ('limit_wc', 'limit_mu', 'limit_sul', 'limit_phone', 'gd_otp_rate_limit_exceed', 'gd_recovery_rate_limit_exceed')
  ) AS limits
) AS hours
WHERE most >= 10
) AS limits_surge
UNION ALL
SELECT 'log_stream_created' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE method = 'post' AND regexp_like(path, '/v2/log-streams$')
) AS log_stream_created
UNION ALL
SELECT 'management_api_surge' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(counted AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
WITH hours AS (
  SELECT source, client_id, date_trunc('hour', event_time) AS hour, count(*) AS calls, max(event_time) AS event_time, max(row_id) AS row_id
  FROM events_recent
  WHERE type IN ('sapi', 'mgmt_api_read', 'fapi') AND client_id <> ''
  GROUP BY source, client_id, date_trunc('hour', event_time)
), before AS (
  SELECT source, client_id, hour, count(*) AS calls
  FROM (
    SELECT source, client_id, date_trunc('hour', event_time) AS hour
    FROM events
    WHERE type IN ('sapi', 'mgmt_api_read', 'fapi') AND client_id <> '' AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '14' DAY - INTERVAL '2' DAY
  ) AS called
  GROUP BY source, client_id, hour
), compared AS (
  SELECT hours.source, hours.client_id, hours.hour, hours.calls, hours.event_time, hours.row_id, max(before.calls) AS busiest
  FROM hours
  -- An application without a past is not compared: its first day would be a surge.
  JOIN before ON before.source = hours.source AND before.client_id = hours.client_id
    AND before.hour < date_trunc('day', hours.hour) AND before.hour >= hours.hour - INTERVAL '14' DAY
  GROUP BY hours.source, hours.client_id, hours.hour, hours.calls, hours.event_time, hours.row_id
)
SELECT source, client_id AS subject, event_time, row_id, calls AS counted
FROM compared
WHERE calls >= 100 AND calls >= 5 * busiest
) AS management_api_surge
UNION ALL
SELECT 'message_pumping' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
WITH hours AS (
  SELECT source, date_trunc('hour', event_time) AS hour, count(*) AS happened
  FROM events
  WHERE type IN ('gd_send_sms', 'gd_send_voice', 'cls') AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '14' DAY
  GROUP BY source, date_trunc('hour', event_time)
), days AS (
  SELECT DISTINCT source, date_trunc('day', event_time) AS day
  FROM events_recent
  WHERE type IN ('gd_send_sms', 'gd_send_voice', 'cls')
), usual AS (
  SELECT days.source, days.day, max(hours.happened) AS busiest
  FROM days
  JOIN hours ON hours.source = days.source AND hours.hour < days.day AND hours.hour >= days.day - INTERVAL '14' DAY
  GROUP BY days.source, days.day
), counted AS (
  SELECT
    source, tenant_name, event_time, row_id, date_trunc('day', event_time) AS day, count(*) OVER (PARTITION BY source, date_trunc('hour', event_time)) AS happened
  FROM events_recent
  WHERE type IN ('gd_send_sms', 'gd_send_voice', 'cls')
)
SELECT counted.source, coalesce(nullif(tenant_name, ''), counted.source) AS subject, event_time, row_id
FROM counted
LEFT JOIN usual ON usual.source = counted.source AND usual.day = counted.day
WHERE happened >= 100 AND happened >= 5 * coalesce(busiest, 0)
) AS message_pumping
UNION ALL
SELECT 'post_login_flow_changed' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE method IN ('patch', 'put') AND regexp_like(path, '/v2/actions/triggers/post-login/bindings$') AND NOT (coalesce(asked = asked_before, false) OR coalesce(answered = answered_before AND length(answered) > 2 AND NOT regexp_like(concat(answered, coalesce(asked, '')), '(?i)[*][*]|secret|token|password|authorization|_key'), false))
) AS post_login_flow_changed
UNION ALL
SELECT 'risky_grant_on' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE regexp_like(path, '/v2/clients(/[^/]+)?$') AND method IN ('post', 'patch', 'put') AND (
    coalesce(json_format(json_extract(answered, '$.grant_types')), json_format(json_extract(asked, '$.grant_types')), '') LIKE '%password"%' AND coalesce(json_format(json_extract(answered_before, '$.grant_types')), json_format(json_extract(asked_before, '$.grant_types')), '') NOT LIKE '%password"%'
    OR coalesce(json_extract_scalar(answered, '$.cross_origin_authentication'), json_extract_scalar(asked, '$.cross_origin_authentication')) = 'true' AND coalesce(coalesce(json_extract_scalar(answered_before, '$.cross_origin_authentication'), json_extract_scalar(asked_before, '$.cross_origin_authentication')), '') <> 'true'
  )
) AS risky_grant_on
UNION ALL
SELECT 'secrets_read' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, subject, event_time, row_id
FROM (
  SELECT *, max(opened) OVER (PARTITION BY source, subject, date_trunc('day', event_time)) AS most
  FROM (
    SELECT
      read.source, read.subject, read.event_time, read.row_id,
      count(*) OVER (PARTITION BY read.source, read.subject ORDER BY read.event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS opened
    FROM (
      -- Auth0 logs a read only where it returned a secret.
      SELECT source, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
      FROM events_recent
      WHERE type = 'mgmt_api_read' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400 AND json_extract_scalar(details, '$.request.auth.user.email') <> ''
    ) AS read
    LEFT JOIN (
      SELECT source, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, min(event_time) AS first
      FROM events
      WHERE type = 'mgmt_api_read' AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '30' DAY AND details LIKE '%"email"%'
      GROUP BY source, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown')
    ) AS known ON known.source = read.source AND known.subject = read.subject AND known.first < read.event_time - INTERVAL '1' DAY
    WHERE known.first IS NULL
  ) AS reads
) AS days
WHERE most >= 3
) AS secrets_read
UNION ALL
SELECT 'signup_flood' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
WITH hours AS (
  SELECT source, date_trunc('hour', event_time) AS hour, count(*) AS happened
  FROM events
  WHERE type IN ('ss', 'fs') AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '14' DAY
  GROUP BY source, date_trunc('hour', event_time)
), days AS (
  SELECT DISTINCT source, date_trunc('day', event_time) AS day
  FROM events_recent
  WHERE type IN ('ss', 'fs')
), usual AS (
  SELECT days.source, days.day, max(hours.happened) AS busiest
  FROM days
  JOIN hours ON hours.source = days.source AND hours.hour < days.day AND hours.hour >= days.day - INTERVAL '14' DAY
  GROUP BY days.source, days.day
), counted AS (
  SELECT
    source, tenant_name, event_time, row_id, date_trunc('day', event_time) AS day, count(*) OVER (PARTITION BY source, date_trunc('hour', event_time)) AS happened
  FROM events_recent
  WHERE type IN ('ss', 'fs')
)
SELECT counted.source, coalesce(nullif(tenant_name, ''), counted.source) AS subject, event_time, row_id
FROM counted
LEFT JOIN usual ON usual.source = counted.source AND usual.day = counted.day
WHERE happened >= 100 AND happened >= 5 * coalesce(busiest, 0)
) AS signup_flood
UNION ALL
SELECT 'user_joined_tenant' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE method = 'patch' AND regexp_like(path, '/v2/tenants/invitations/[^/]+$') AND json_extract_scalar(asked, '$.state') = 'accepted'
) AS user_joined_tenant
UNION ALL
SELECT 'leaked_password_login' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(coalesce(CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END, CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END), ip) AS subject, event_time, row_id
FROM events_recent
WHERE type = 'pwd_leak'
) AS leaked_password_login
UNION ALL
SELECT 'limit_hit' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, named AS named FROM (
SELECT
  source, event_time, row_id,
  concat(type, ' ', coalesce(coalesce(CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END, CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END), nullif(ip, ''), nullif(client_id, ''), 'unknown')) AS subject,
  coalesce(coalesce(CASE WHEN NOT regexp_like(user_name, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_name END, CASE WHEN NOT regexp_like(user_id, '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN user_id END), nullif(ip, ''), nullif(client_id, ''), 'unknown') AS named
FROM events_recent
WHERE type IN (
  'api_limit', 'limit_delegation', 'limit_mu', 'limit_phone', 'limit_sul', 'limit_wc',
  'gd_otp_rate_limit_exceed', 'gd_recovery_rate_limit_exceed'
)
) AS limit_hit
UNION ALL
SELECT 'member_invited' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE method = 'post' AND regexp_like(path, '/v2/(tenants|organizations/[^/]+)/invitations$')
  -- admin_invited has those.
  AND coalesce(json_format(json_extract(answered, '$.roles')), json_format(json_extract(asked, '$.roles')), '') NOT LIKE '%"owner"%'
) AS member_invited
UNION ALL
SELECT 'mfa_factor_enabled' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE method IN ('put', 'patch') AND regexp_like(path, '/v2/guardian/factors/[^/]+$') AND coalesce(json_extract_scalar(answered, '$.enabled'), json_extract_scalar(asked, '$.enabled')) = 'true' AND coalesce(coalesce(json_extract_scalar(answered_before, '$.enabled'), json_extract_scalar(asked_before, '$.enabled')), '') <> 'true'
) AS mfa_factor_enabled
UNION ALL
SELECT 'mfa_policy_enabled' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE method = 'put' AND regexp_like(path, '/v2/guardian/policies$')
  AND CASE WHEN answered LIKE '[%' THEN answered ELSE asked END LIKE '["%'
  AND coalesce(CASE WHEN answered_before LIKE '[%' THEN answered_before ELSE asked_before END, '') <> CASE WHEN answered LIKE '[%' THEN answered ELSE asked END
) AS mfa_policy_enabled
UNION ALL
SELECT 'mfa_removed' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE method = 'delete' AND regexp_like(path, '/v2/(users/[^/]+/(multifactor/[^/]+|authentication-methods(/[^/]+)?|authenticators)|guardian/enrollments/[^/]+)$')
) AS mfa_removed
UNION ALL
SELECT 'mfa_risk_assessment_enabled' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE method IN ('patch', 'put') AND (
    regexp_like(path, '/v2/risk-assessment/config$') AND coalesce(json_extract_scalar(answered, '$.AfterAuthentication'), json_extract_scalar(asked, '$.AfterAuthentication')) = 'true' AND coalesce(coalesce(json_extract_scalar(answered_before, '$.AfterAuthentication'), json_extract_scalar(asked_before, '$.AfterAuthentication')), '') <> 'true'
    OR regexp_like(path, '/v2/risk-assessments/settings$') AND coalesce(json_extract_scalar(answered, '$.enabled'), json_extract_scalar(asked, '$.enabled')) = 'true' AND coalesce(coalesce(json_extract_scalar(answered_before, '$.enabled'), json_extract_scalar(asked_before, '$.enabled')), '') <> 'true'
  )
) AS mfa_risk_assessment_enabled
UNION ALL
SELECT 'role_created' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, actor AS subject, event_time, row_id
FROM (SELECT
    source, event_time, row_id, tenant_name, client_id, description, coalesce(CASE WHEN NOT regexp_like(json_extract_scalar(details, '$.request.auth.user.email'), '^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$') THEN json_extract_scalar(details, '$.request.auth.user.email') END, nullif(json_extract_scalar(details, '$.request.auth.user.user_id'), ''), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS actor, json_extract_scalar(details, '$.request.auth.user.user_id') AS admin,
    lower(json_extract_scalar(details, '$.request.method')) AS method, regexp_extract(json_extract_scalar(details, '$.request.path'), '^[^?#]*[^?#/]') AS path,
    json_format(json_extract(details, '$.request.body')) AS asked, json_format(json_extract(details, '$.response.body')) AS answered,
    json_format(json_extract(details_before, '$.request.body')) AS asked_before, json_format(json_extract(details_before, '$.response.body')) AS answered_before
  FROM events_recent WHERE type = 'sapi' AND coalesce(try_cast(coalesce(json_extract_scalar(details, '$.response.statusCode'), json_extract_scalar(details, '$.response.status'), json_extract_scalar(details, '$.response.body.statusCode')) AS double), 0) < 400) AS changes
WHERE method = 'post' AND regexp_like(path, '/v2/roles$')
) AS role_created
), known (detection, severity, title, what_to_do, attack, shows, seconds_back) AS (VALUES
  ('attack_protection_off', 'critical', 'Brute-force, breached-password or suspicious-IP protection was turned off.', 'Ask the person who changed it. If nobody did, turn it on again, end that person''s sessions, and read what else they changed.', 'T1562.001', '', 0),
  ('login_after_many_addresses', 'critical', 'A login worked after several addresses had failed for the same user.', 'Treat the account as taken: end its sessions, reset its password and MFA, and look at what it did.', 'T1110.004', 'user_id', 86400),
  ('login_from_attacker', 'critical', 'A login worked from an address that had failed for many users.', 'Treat the account as taken: end its sessions, reset its password and MFA, and look at what it did. Block the address.', 'T1110.003', 'ip', 86400),
  ('mfa_policy_disabled', 'critical', 'The MFA policy was emptied, so that MFA is never required.', 'Ask the person who changed it. If nobody did, set the policy again, and look at the logins since.', 'T1556.006', '', 0),
  ('users_deleted', 'critical', 'Many users were deleted in a short time.', 'Stop the person or application that deletes: end the sessions, take the grant back. Then restore from your last export.', 'T1531', '', 0),
  ('admin_invited', 'high', 'Someone was invited to be an administrator of the tenant.', 'Check with the person who invited, by another channel. If it was not them, withdraw the invitation and end their sessions.', 'T1136.003', '', 0),
  ('admin_new_country', 'high', 'An administrator came from a country that is new for them.', 'Ask the administrator by another channel. If it was not them, end their sessions and read what they changed since.', 'T1078.004', 'user_id', 86400),
  ('allowlist_widened', 'high', 'Addresses were exempted from attack protection.', 'Check that the addresses are yours. If not, take them off the list, and look at what came from them since.', 'T1562.001', '', 0),
  ('bot_detection_off', 'high', 'Bot detection was turned off, or no longer asks for a captcha.', 'Ask the person who changed it. If nobody did, set the policies again and look for a wave of sign-ups or logins since.', 'T1562.001', '', 0),
  ('client_grant_widened', 'high', 'An application was granted scopes that change the tenant.', 'Check that the application needs the scopes. If not, take the grant back, and look at what the application did since.', 'T1098.003', '', 0),
  ('cross_origin_abused', 'high', 'One address abuses cross-origin authentication.', 'Block the address. If no application of yours uses cross-origin authentication, turn it off; reset who got in.', 'T1110.004', 'ip', 3600),
  ('distributed_failures', 'high', 'Many addresses failed to log in to the tenant at once.', 'This is a botnet that tries passwords. Ask for a captcha, see that breached-password detection blocks, and look at who got in.', 'T1110.004', '', 0),
  ('dynamic_clients', 'high', 'Many applications registered themselves in a short time.', 'Look at their names and callbacks, delete them, and turn dynamic registration off where nobody needs it.', 'T1528', '', 0),
  ('impossible_travel', 'high', 'One user logged in from two places too far apart for the time between.', 'Ask the user. A VPN or a phone''s network may explain it; if not, end the sessions and reset the password.', 'T1078.004', 'user_id', 86400),
  ('leaked_password_surge', 'high', 'Many logins with leaked passwords came in a short time.', 'This is credential stuffing. See that breached-password detection blocks, and reset who got in after it.', 'T1110.004', 'type', 3600),
  ('log_stream_changed', 'high', 'A log stream was changed or deleted.', 'Check that events still arrive. If nobody meant to change it, set it back, and fetch what is missing from Auth0''s log.', 'T1562.008', '', 0),
  ('login_from_blocked', 'high', 'A login worked from an address that Auth0 had blocked.', 'Ask the user. If it was not them, end the sessions, reset the password and MFA, and block the address.', 'T1110.003', 'ip', 86400),
  ('mfa_factor_disabled', 'high', 'An MFA factor was disabled for the tenant.', 'Ask the person who changed it. If nobody did, enable it again, and look at the logins since.', 'T1556.006', '', 0),
  ('mfa_removed_surge', 'high', 'Somebody removed the MFA of many users in a short time.', 'Ask the person or the owner of the application. If it was not planned, end their sessions, and have the users enroll again.', 'T1556.006', '', 0),
  ('mfa_risk_assessment_disabled', 'high', 'The risk assessment of adaptive MFA was disabled.', 'Ask the person who changed it. If nobody did, enable it again, and look at the logins since.', 'T1556.006', '', 0),
  ('network_acl_off', 'high', 'A network access list was turned off or deleted.', 'Ask the person who changed it. If nobody did, turn it on again, and look at what came in since.', 'T1562.007', '', 0),
  ('password_spraying', 'high', 'One address failed to log in as many different users.', 'Block the address. Look whether a login from it worked, and reset those users.', 'T1110.003', 'ip', 3600),
  ('phone_shared', 'high', 'One phone number was enrolled for the MFA of several users.', 'Ask the users whose phone it is. One that belongs to none of them is an attacker''s: remove it, and reset the accounts.', 'T1098.005', '', 0),
  ('push_fatigue', 'high', 'One user was sent push notification after push notification.', 'Call the user. If the pushes were not theirs, somebody has the password: reset it, and see that none was accepted.', 'T1621', 'user_id', 900),
  ('refresh_token_reused', 'high', 'A refresh token was used that had been used before.', 'A token was stolen, or an application keeps old ones. Revoke the user''s tokens, and look at the addresses that used them.', 'T1550.001', '', 0),
  ('signing_key_changed', 'high', 'A signing key of the tenant was rotated or revoked.', 'Check that it was planned. If not, rotate it again, and look at what else the person changed.', 'T1552.004', '', 0),
  ('signup_shield_off', 'high', 'Breached-password detection no longer blocks sign-ups or new passwords.', 'Ask the person who changed it. If nobody did, set the shields again, and look at the accounts made since.', 'T1562.001', '', 0),
  ('tenant_member_deleted', 'high', 'A member of the tenant was deleted.', 'Check that the person left. Administrators who delete the others, just after one was invited, are taking the tenant over.', 'T1531', '', 0),
  ('users_exported', 'high', 'An export of all users was started.', 'Ask the person or the owner of the application. If it was not planned, treat every profile as read.', 'T1087.004', '', 0),
  ('brute_force', 'medium', 'One address failed to log in or sign up again and again.', 'Look whether a login from the address worked. Block it, or see that brute-force protection does.', 'T1110.001', 'ip', 3600),
  ('client_secret_rotated', 'medium', 'The secret of an application was rotated, or a credential was added to it.', 'Check that it was planned. If not, rotate it again, and look at what the application did since.', 'T1098.001', '', 0),
  ('connection_created', 'medium', 'An identity provider was added to the tenant.', 'Check that it was planned. Whoever runs it can log in as any user that it names.', 'T1484.002', '', 0),
  ('failures_then_login', 'medium', 'A login worked after many failures for the same user from a new address.', 'Ask the user. If it was not them, end the sessions, and reset the password and MFA.', 'T1110.001', 'user_id', 3600),
  ('integration_installed', 'medium', 'An integration from the marketplace was installed.', 'Check that it was asked for, and which secrets and flows it got.', 'T1671', '', 0),
  ('limits_surge', 'medium', 'Several users or addresses hit limits within an hour.', 'Look at what the addresses tried. Auth0 logs some limits only once in a while, so that there may be more than it says.', 'T1110', '', 0),
  ('log_stream_created', 'medium', 'A log stream was created.', 'Check that it was planned, and where it sends every event of the tenant.', 'T1020', '', 0),
  ('management_api_surge', 'medium', 'An application used the Management API far more than it does.', 'Look at what it called, and from which address. If its secret leaked, rotate it and take its grants back.', 'T1059.009', 'client_id', 86400),
  ('message_pumping', 'medium', 'Far more text messages and calls than usual were sent in an hour.', 'Look at the countries and numbers. Limit the countries, ask for a captcha, and tell your provider.', 'T1496.003', '', 0),
  ('post_login_flow_changed', 'medium', 'The flow of Actions after login was changed.', 'Compare the Actions of the flow with what should be there. One that is gone may have been a check; a new one sees every login.', 'T1556', '', 0),
  ('risky_grant_on', 'medium', 'An application may take passwords itself, or log in across origins.', 'Check that the application needs it. If not, turn it off, and look at the logins through it since.', 'T1556', '', 0),
  ('secrets_read', 'medium', 'A person read the secrets of several applications, and had read none lately.', 'Ask the person. If it was not them, rotate the secrets, end their sessions, and read what else they changed.', 'T1552', '', 0),
  ('signup_flood', 'medium', 'Far more accounts than usual were made in an hour.', 'Look at their names and addresses. Turn on bot detection for sign-ups, and delete what is not a person.', 'T1136.003', '', 0),
  ('user_joined_tenant', 'low', 'A person accepted an invitation and joined the tenant.', 'Check that the invitation was meant for this person.', 'T1078.004', '', 0),
  ('leaked_password_login', 'info', 'Someone tried to log in with a password that is known to have leaked.', 'If breached-password detection blocks, the user must set a new password. If it does not, reset it and look at the account.', 'T1110.004', '', 0),
  ('limit_hit', 'info', 'A rate limit or a limit on logins was hit.', 'Look whether one address or application caused it: an attack, or a client that tries too often.', 'T1110', '', 0),
  ('member_invited', 'info', 'Someone was invited to the tenant or to an organization.', 'Check that the address belongs to a person who should have access.', 'T1136.003', '', 0),
  ('mfa_factor_enabled', 'info', 'An MFA factor was enabled for the tenant.', 'Check that it was planned. A weak factor, such as SMS or e-mail, can be the way around a strong one.', 'T1556.006', '', 0),
  ('mfa_policy_enabled', 'info', 'An MFA policy was set.', 'Check that it was planned, and that it is not a weaker one than before.', 'T1556.006', '', 0),
  ('mfa_removed', 'info', 'An administrator removed the MFA of a user.', 'Check that the user asked for it, by another channel than the one that the request came by.', 'T1556.006', '', 0),
  ('mfa_risk_assessment_enabled', 'info', 'The risk assessment of adaptive MFA was enabled.', 'Check that it was planned, and what it replaced.', 'T1556.006', '', 0),
  ('role_created', 'info', 'A role was created.', 'Check that the role was asked for, which permissions it has, and who was given it.', 'T1098.003', '', 0)
), grouped AS (
  SELECT
    lower(to_hex(md5(to_utf8(concat(found.detection, '|', found.source, '|', coalesce(found.subject, ''), '|', found.period))))) AS hit_key,
    found.detection,
    found.source,
    max(substr(trim(replace(regexp_replace(found.subject, '[\p{C}\p{Z}]+', ' '), '://', ':/ /')), 1, 100)) AS subject,
    CASE WHEN min(coalesce(found.shown, '')) = max(coalesce(found.shown, '')) THEN max(found.shown) END AS shown,
    max(found.named) AS named,
    greatest(count(DISTINCT found.row_id), max(found.counted)) AS events,
    min(found.event_time) AS first_event,
    max(found.event_time) AS last_event,
    array_join(slice(array_agg(found.row_id ORDER BY found.event_time, found.row_id), 1, 100), ''', ''') AS row_ids
  FROM found
  GROUP BY found.detection, found.source, found.subject, found.period
)
SELECT
  grouped.hit_key,
  grouped.detection,
  known.severity,
  known.title,
  known.what_to_do,
  known.attack,
  grouped.source,
  coalesce(nullif(grouped.subject, ''), 'unknown') AS subject,
  grouped.events,
  grouped.first_event,
  grouped.last_event,
  concat(
    'SELECT event_time, type, code_name, user_id, user_name, ip, country_code, client_id, client_name, description, row_id FROM events_live WHERE event_time BETWEEN TIMESTAMP ''',
    date_format(grouped.first_event - known.seconds_back * INTERVAL '1' SECOND, '%Y-%m-%d %H:%i:%s'),
    ''' AND TIMESTAMP ''',
    date_format(grouped.last_event + INTERVAL '1' SECOND, '%Y-%m-%d %H:%i:%s'),
    ''' AND source = ''',
    grouped.source,
    ''' AND ',
    CASE WHEN known.shows <> '' AND grouped.shown <> '' AND grouped.shown = substr(trim(replace(regexp_replace(grouped.shown, '[\p{C}\p{Z}]+', ' '), '://', ':/ /')), 1, 100)
      THEN concat(known.shows, ' = ''', replace(grouped.shown, '''', ''''''), '''')
      ELSE concat('row_id IN (''', grouped.row_ids, ''')')
    END,
    ' ORDER BY event_time'
  ) AS shows,
  grouped.named AS name
FROM grouped
JOIN known ON known.detection = grouped.detection
