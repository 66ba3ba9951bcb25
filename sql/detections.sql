CREATE OR REPLACE VIEW detections AS
WITH found AS (
SELECT 'attack_protection_off' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi'
  AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/attack-protection/(brute-force-protection|breached-password-detection|suspicious-ip-throttling)$')
  AND (
    coalesce(json_extract_scalar(details, '$.response.body.enabled'), json_extract_scalar(details, '$.request.body.enabled')) = 'false'
    -- Without the shield that blocks, it only watches.
    OR json_format(coalesce(json_extract(details, '$.response.body.shields'), json_extract(details, '$.request.body.shields'))) NOT LIKE '%"block"%'
  )
) AS attack_protection_off
UNION ALL
SELECT 'login_from_attacker' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(shown AS varchar) AS shown, subject AS named FROM (
WITH logins AS (
  SELECT source, ip, user_id, user_name, event_time, row_id
  FROM events_recent
  WHERE type IN ('s', 'scoa', 'sepft') AND ip <> ''
), failures AS (
  SELECT source, ip, user_name, event_time
  FROM events_recent
  WHERE type IN ('f', 'fp', 'fu', 'fcoa', 'fepft') AND ip <> '' AND user_name <> ''
)
SELECT logins.source, coalesce(nullif(logins.user_name, ''), logins.user_id) AS subject, logins.event_time, logins.row_id, logins.ip AS shown
FROM logins
JOIN failures ON failures.source = logins.source AND failures.ip = logins.ip
  AND failures.event_time < logins.event_time AND failures.event_time >= logins.event_time - INTERVAL '1' DAY
GROUP BY logins.source, logins.user_name, logins.user_id, logins.event_time, logins.row_id, logins.ip
HAVING count(DISTINCT failures.user_name) >= 5
) AS login_from_attacker
UNION ALL
SELECT 'mfa_policy_disabled' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi' AND lower(json_extract_scalar(details, '$.request.method')) = 'put' AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/guardian/policies$')
  AND json_format(coalesce(json_extract(details, '$.response.body'), json_extract(details, '$.request.body'))) = '[]'
) AS mfa_policy_disabled
UNION ALL
SELECT 'users_deleted' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, subject, event_time, row_id
FROM (
  SELECT source, subject, event_time, row_id, max(deleted) OVER (PARTITION BY source, subject, date_trunc('day', event_time)) AS most
  FROM (
    SELECT
      source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id,
      count(*) OVER (PARTITION BY source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS deleted
    FROM events_recent
    WHERE type = 'sapi' AND lower(json_extract_scalar(details, '$.request.method')) = 'delete' AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/users/[^/]+$')
  ) AS deletions
) AS days
WHERE most >= 20
) AS users_deleted
UNION ALL
SELECT 'admin_invited' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi' AND lower(json_extract_scalar(details, '$.request.method')) = 'post' AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/tenants/invitations$')
  AND json_format(json_extract(details, '$.request.body.roles')) LIKE '%"owner"%'
) AS admin_invited
UNION ALL
SELECT 'admin_new_country' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(shown AS varchar) AS shown, named AS named FROM (
WITH admins AS (
  -- Who has changed or read something through the Management API as a person.
  SELECT source, user_id
  FROM events
  WHERE type IN ('sapi', 'mgmt_api_read') AND user_id <> '' AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '90' DAY - INTERVAL '2' DAY
  UNION
  SELECT source, user_id
  FROM events_recent
  WHERE type IN ('sapi', 'mgmt_api_read') AND user_id <> ''
), seen AS (
  SELECT events_recent.source, events_recent.user_id, user_name, country_code, event_time, row_id
  FROM events_recent
  JOIN admins ON admins.source = events_recent.source AND admins.user_id = events_recent.user_id
  WHERE type IN ('s', 'scoa', 'sens', 'sapi', 'mgmt_api_read') AND country_code <> '' AND events_recent.user_id <> ''
), before AS (
  SELECT source, user_id, country_code, event_time
  FROM events
  WHERE type IN ('s', 'scoa', 'sens', 'sapi', 'mgmt_api_read') AND country_code <> '' AND user_id <> ''
    AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '90' DAY - INTERVAL '2' DAY
  UNION ALL
  SELECT source, user_id, country_code, event_time FROM seen
)
SELECT
  seen.source, concat(coalesce(nullif(seen.user_name, ''), seen.user_id), ' in ', seen.country_code) AS subject,
  seen.event_time, seen.row_id, seen.user_id AS shown, coalesce(nullif(seen.user_name, ''), seen.user_id) AS named
FROM seen
-- Who has no past is not compared: everything would be new.
JOIN before ON before.source = seen.source AND before.user_id = seen.user_id
  AND before.event_time < seen.event_time AND before.event_time >= seen.event_time - INTERVAL '90' DAY
GROUP BY seen.source, seen.user_name, seen.user_id, seen.country_code, seen.event_time, seen.row_id
HAVING count_if(before.country_code = seen.country_code) = 0
) AS admin_new_country
UNION ALL
SELECT 'bot_detection_off' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi'
  AND (description = 'Create or update the anomaly detection captcha' OR regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/attack-protection/bot-detection$'))
  AND (
    -- The older names and words, then the newer ones.
    coalesce(json_extract_scalar(details, '$.response.body.policy'), json_extract_scalar(details, '$.request.body.policy')) = 'off'
    OR coalesce(json_extract_scalar(details, '$.response.body.password_reset_policy'), json_extract_scalar(details, '$.request.body.password_reset_policy')) = 'off'
    OR coalesce(json_extract_scalar(details, '$.response.body.passwordless_policy'), json_extract_scalar(details, '$.request.body.passwordless_policy')) = 'off'
    OR coalesce(json_extract_scalar(details, '$.response.body.challenge_password_policy'), json_extract_scalar(details, '$.request.body.challenge_password_policy')) = 'never'
    OR coalesce(json_extract_scalar(details, '$.response.body.challenge_password_reset_policy'), json_extract_scalar(details, '$.request.body.challenge_password_reset_policy')) = 'never'
    OR coalesce(json_extract_scalar(details, '$.response.body.challenge_passwordless_policy'), json_extract_scalar(details, '$.request.body.challenge_passwordless_policy')) = 'never'
    OR coalesce(json_extract_scalar(details, '$.response.body.monitoring_mode_enabled'), json_extract_scalar(details, '$.request.body.monitoring_mode_enabled')) = 'true'
  )
) AS bot_detection_off
UNION ALL
SELECT 'client_grant_widened' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi' AND lower(json_extract_scalar(details, '$.request.method')) IN ('post', 'patch') AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/client-grants(/[^/]+)?$')
  AND coalesce(json_extract_scalar(details, '$.response.body.audience'), json_extract_scalar(details, '$.request.body.audience')) LIKE '%/api/v2/'
  AND regexp_like(
    json_format(coalesce(json_extract(details, '$.response.body.scope'), json_extract(details, '$.request.body.scope'))),
    '"(create|update|delete):'
  )
) AS client_grant_widened
UNION ALL
SELECT 'cross_origin_abused' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(counted AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, ip AS subject, event_time, row_id, tried AS counted
FROM (
  SELECT
    source, ip, event_time, row_id,
    count(*) OVER (PARTITION BY source, ip ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS tried,
    count_if(type <> 'scoa') OVER (PARTITION BY source, ip ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS bad,
    count_if(type <> 'pwd_leak') OVER (PARTITION BY source, ip ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS crossed
  FROM events_recent
  WHERE type IN ('fcoa', 'scoa', 'pwd_leak') AND ip <> ''
) AS attempts
-- A leaked password alone may come by another way of logging in.
WHERE bad >= 10 AND crossed > 0
) AS cross_origin_abused
UNION ALL
SELECT 'dynamic_clients' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, subject, event_time, row_id
FROM (
  SELECT source, subject, event_time, row_id, max(registered) OVER (PARTITION BY source, subject, date_trunc('day', event_time)) AS most
  FROM (
    SELECT
      source, coalesce(nullif(tenant_name, ''), source) AS subject, event_time, row_id,
      count(*) OVER (PARTITION BY source, tenant_name ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS registered
    FROM events_recent
    WHERE type = 'sapi' AND (description = 'Dynamic client registration' OR regexp_like(json_extract_scalar(details, '$.request.path'), '/oidc/register$'))
  ) AS registrations
) AS days
WHERE most >= 15
) AS dynamic_clients
UNION ALL
SELECT 'impossible_travel' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(counted AS bigint) AS counted, CAST(shown AS varchar) AS shown, subject AS named FROM (
WITH logins AS (
  SELECT
    source, user_id, user_name, event_time, row_id, latitude, longitude,
    lag(event_time) OVER (PARTITION BY source, user_id ORDER BY event_time, row_id) AS earlier,
    lag(latitude) OVER (PARTITION BY source, user_id ORDER BY event_time, row_id) AS from_latitude,
    lag(longitude) OVER (PARTITION BY source, user_id ORDER BY event_time, row_id) AS from_longitude
  FROM events_recent
  WHERE type IN ('s', 'scoa', 'sens') AND user_id <> '' AND latitude IS NOT NULL AND longitude IS NOT NULL
), travels AS (
  SELECT
    source, user_id, user_name, event_time, row_id, date_diff('second', earlier, event_time) AS seconds,
    12742 * asin(least(1.0, sqrt(
      power(sin(radians(latitude - from_latitude) / 2), 2)
      + cos(radians(latitude)) * cos(radians(from_latitude)) * power(sin(radians(longitude - from_longitude) / 2), 2)
    ))) AS kilometres
  FROM logins
  WHERE earlier IS NOT NULL
)
SELECT source, coalesce(nullif(user_name, ''), user_id) AS subject, event_time, row_id, 2 AS counted, user_id AS shown
FROM travels
WHERE kilometres >= 500 AND kilometres * 3600 > 900 * seconds
) AS impossible_travel
UNION ALL
SELECT 'leaked_password_surge' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(counted AS bigint) AS counted, CAST(shown AS varchar) AS shown, subject AS named FROM (
SELECT source, subject, event_time, row_id, leaked AS counted, 'pwd_leak' AS shown
FROM (
  SELECT
    source, coalesce(nullif(tenant_name, ''), source) AS subject, event_time, row_id,
    count(*) OVER (PARTITION BY source, tenant_name ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS leaked
  FROM events_recent
  WHERE type = 'pwd_leak'
) AS leaks
WHERE leaked >= 10
) AS leaked_password_surge
UNION ALL
SELECT 'log_stream_changed' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi' AND lower(json_extract_scalar(details, '$.request.method')) IN ('patch', 'put', 'delete') AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/log-streams/[^/]+$')
) AS log_stream_changed
UNION ALL
SELECT 'mfa_factor_disabled' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi' AND lower(json_extract_scalar(details, '$.request.method')) = 'put' AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/guardian/factors/[^/]+$')
  AND coalesce(json_extract_scalar(details, '$.response.body.enabled'), json_extract_scalar(details, '$.request.body.enabled')) = 'false'
) AS mfa_factor_disabled
UNION ALL
SELECT 'mfa_risk_assessment_disabled' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi' AND lower(json_extract_scalar(details, '$.request.method')) IN ('patch', 'put') AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/risk-assessment/config$')
  AND coalesce(json_extract_scalar(details, '$.response.body.AfterAuthentication'), json_extract_scalar(details, '$.request.body.AfterAuthentication')) = 'false'
) AS mfa_risk_assessment_disabled
UNION ALL
SELECT 'password_spraying' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(counted AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
WITH failures AS (
  -- Hours that start each quarter, so that an hour across the full one is seen.
  SELECT source, ip, user_name, event_time, row_id, date_trunc('hour', event_time + quarter * INTERVAL '15' MINUTE) AS hour, quarter
  FROM events_recent
  CROSS JOIN UNNEST(ARRAY[0, 1, 2, 3]) AS quarters (quarter)
  WHERE type IN ('f', 'fp', 'fu', 'fcoa', 'fepft', 'fepotpft') AND ip <> '' AND user_name <> ''
)
SELECT source, ip AS subject, max(event_time) AS event_time, max(row_id) AS row_id, count(DISTINCT user_name) AS counted
FROM failures
GROUP BY source, ip, hour, quarter
HAVING count(DISTINCT user_name) >= 10
) AS password_spraying
UNION ALL
SELECT 'phone_shared' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
WITH enrolled AS (
  SELECT
    source, user_id, user_name, event_time, row_id,
    coalesce(json_extract_scalar(details, '$.authenticator.phone_number'), json_extract_scalar(details, '$.enrollment.phone_number')) AS phone
  FROM events_recent
  WHERE type = 'gd_enrollment_complete' AND user_id <> ''
), known AS (
  SELECT source, user_id, event_time, phone FROM enrolled
  UNION ALL
  SELECT
    source, user_id, event_time,
    coalesce(json_extract_scalar(details, '$.authenticator.phone_number'), json_extract_scalar(details, '$.enrollment.phone_number'))
  FROM events
  WHERE type = 'gd_enrollment_complete' AND user_id <> '' AND event_time >= CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '30' DAY - INTERVAL '2' DAY
)
SELECT enrolled.source, coalesce(nullif(enrolled.user_name, ''), enrolled.user_id) AS subject, enrolled.event_time, enrolled.row_id
FROM enrolled
JOIN known ON known.source = enrolled.source AND known.phone = enrolled.phone AND known.event_time <= enrolled.event_time
  AND known.event_time >= enrolled.event_time - INTERVAL '30' DAY
WHERE enrolled.phone <> ''
GROUP BY enrolled.source, enrolled.user_name, enrolled.user_id, enrolled.event_time, enrolled.row_id
HAVING count(DISTINCT known.user_id) >= 2
) AS phone_shared
UNION ALL
SELECT 'push_fatigue' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(counted AS bigint) AS counted, CAST(shown AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(nullif(user_name, ''), user_id) AS subject, event_time, row_id, pushed AS counted, user_id AS shown
FROM (
  SELECT
    source, user_id, user_name, event_time, row_id,
    count(*) OVER (PARTITION BY source, user_id ORDER BY event_time RANGE BETWEEN INTERVAL '15' MINUTE PRECEDING AND CURRENT ROW) AS pushed
  FROM events_recent
  WHERE type = 'gd_send_pn' AND user_id <> ''
) AS pushes
WHERE pushed >= 5
) AS push_fatigue
UNION ALL
SELECT 'refresh_token_reused' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(nullif(user_name, ''), nullif(user_id, ''), nullif(client_id, ''), ip) AS subject, event_time, row_id
FROM events_recent
WHERE type = 'ferrt' AND lower(description) LIKE '%reused%'
) AS refresh_token_reused
UNION ALL
SELECT 'tenant_member_deleted' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi' AND description = 'Delete tenant member'
) AS tenant_member_deleted
UNION ALL
SELECT 'users_exported' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi' AND lower(json_extract_scalar(details, '$.request.method')) = 'post' AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/jobs/users-exports$')
) AS users_exported
UNION ALL
SELECT 'brute_force' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(counted AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, ip AS subject, event_time, row_id, failed AS counted
FROM (
  SELECT
    source, ip, event_time, row_id,
    count(*) OVER (PARTITION BY source, ip ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS failed
  FROM events_recent
  WHERE type IN ('f', 'fp', 'fu', 'fs', 'fcoa', 'fepft', 'fepotpft') AND ip <> ''
) AS failures
WHERE failed >= 11
) AS brute_force
UNION ALL
SELECT 'client_secret_rotated' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi' AND lower(json_extract_scalar(details, '$.request.method')) = 'post' AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/clients/[^/]+/(rotate-secret|credentials)$')
) AS client_secret_rotated
UNION ALL
SELECT 'integration_installed' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi' AND lower(json_extract_scalar(details, '$.request.method')) = 'post' AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/integrations/installed$')
) AS integration_installed
UNION ALL
SELECT 'leaked_password_login' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(nullif(user_name, ''), nullif(user_id, ''), ip) AS subject, event_time, row_id
FROM events_recent
WHERE type = 'pwd_leak'
) AS leaked_password_login
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
SELECT 'post_login_flow_changed' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi' AND lower(json_extract_scalar(details, '$.request.method')) = 'patch' AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/actions/triggers/post-login/bindings$')
) AS post_login_flow_changed
UNION ALL
SELECT 'users_read' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, subject, event_time, row_id
FROM (
  SELECT source, subject, event_time, row_id, max(reads) OVER (PARTITION BY source, subject, date_trunc('day', event_time)) AS most
  FROM (
    SELECT
      source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id,
      count(*) OVER (PARTITION BY source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS reads
    FROM events_recent
    WHERE type = 'mgmt_api_read' AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/users(/[^/]+)?$')
  ) AS reading
) AS days
WHERE most >= 100
) AS users_read
UNION ALL
SELECT 'limit_hit' AS detection, source, subject, date_format(event_time, '%Y-%m-%d') AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, named AS named FROM (
SELECT
  source, event_time, row_id,
  concat(type, ' ', coalesce(nullif(user_name, ''), nullif(user_id, ''), nullif(ip, ''), nullif(client_id, ''), 'unknown')) AS subject,
  coalesce(nullif(user_name, ''), nullif(user_id, ''), nullif(ip, ''), nullif(client_id, ''), 'unknown') AS named
FROM events_recent
WHERE type IN (
  'api_limit', 'limit_delegation', 'limit_mu', 'limit_phone', 'limit_sul', 'limit_wc',
  'gd_otp_rate_limit_exceed', 'gd_recovery_rate_limit_exceed'
)
) AS limit_hit
UNION ALL
SELECT 'role_created' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi' AND lower(json_extract_scalar(details, '$.request.method')) = 'post' AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/roles$')
) AS role_created
UNION ALL
SELECT 'user_joined_tenant' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi' AND lower(json_extract_scalar(details, '$.request.method')) = 'patch' AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/tenants/invitations/[^/]+$')
  AND json_extract_scalar(details, '$.request.body.state') = 'accepted'
) AS user_joined_tenant
UNION ALL
SELECT 'member_invited' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi' AND lower(json_extract_scalar(details, '$.request.method')) = 'post' AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/(tenants|organizations/[^/]+)/invitations$')
  -- admin_invited has those.
  AND coalesce(json_format(json_extract(details, '$.request.body.roles')), '') NOT LIKE '%"owner"%'
) AS member_invited
UNION ALL
SELECT 'mfa_factor_enabled' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi' AND lower(json_extract_scalar(details, '$.request.method')) = 'put' AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/guardian/factors/[^/]+$')
  AND coalesce(json_extract_scalar(details, '$.response.body.enabled'), json_extract_scalar(details, '$.request.body.enabled')) = 'true'
) AS mfa_factor_enabled
UNION ALL
SELECT 'mfa_policy_enabled' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi' AND lower(json_extract_scalar(details, '$.request.method')) = 'put' AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/guardian/policies$')
  AND json_format(coalesce(json_extract(details, '$.response.body'), json_extract(details, '$.request.body'))) LIKE '["%'
) AS mfa_policy_enabled
UNION ALL
SELECT 'mfa_risk_assessment_enabled' AS detection, source, subject, row_id AS period, event_time, row_id, CAST(1 AS bigint) AS counted, CAST(subject AS varchar) AS shown, subject AS named FROM (
SELECT source, coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'), nullif(user_id, ''), nullif(client_id, ''), 'unknown') AS subject, event_time, row_id
FROM events_recent
WHERE type = 'sapi' AND lower(json_extract_scalar(details, '$.request.method')) IN ('patch', 'put') AND regexp_like(json_extract_scalar(details, '$.request.path'), '/v2/risk-assessment/config$')
  AND coalesce(json_extract_scalar(details, '$.response.body.AfterAuthentication'), json_extract_scalar(details, '$.request.body.AfterAuthentication')) = 'true'
) AS mfa_risk_assessment_enabled
), known (detection, severity, title, what_to_do, attack, shows, seconds_back) AS (VALUES
  ('attack_protection_off', 'critical', 'Brute-force, breached-password or suspicious-IP protection was turned off.', 'Ask the person who changed it. If nobody did, turn it on again, end that person''s sessions, and read what else they changed.', 'T1562.001', '', 0),
  ('login_from_attacker', 'critical', 'A login worked from an address that had failed for many users.', 'Treat the account as taken: end its sessions, reset its password and MFA, and look at what it did. Block the address.', 'T1110.003', 'ip', 86400),
  ('mfa_policy_disabled', 'critical', 'The MFA policy was emptied, so that MFA is never required.', 'Ask the person who changed it. If nobody did, set the policy again, and look at the logins since.', 'T1556.006', '', 0),
  ('users_deleted', 'critical', 'Many users were deleted in a short time.', 'Stop the person or application that deletes: end the sessions, take the grant back. Then restore from your last export.', 'T1531', '', 0),
  ('admin_invited', 'high', 'Someone was invited to be an administrator of the tenant.', 'Check with the person who invited, by another channel. If it was not them, withdraw the invitation and end their sessions.', 'T1136.003', '', 0),
  ('admin_new_country', 'high', 'An administrator came from a country that is new for them.', 'Ask the administrator by another channel. If it was not them, end their sessions and read what they changed since.', 'T1078.004', 'user_id', 86400),
  ('bot_detection_off', 'high', 'Bot detection was turned off, or no longer asks for a captcha.', 'Ask the person who changed it. If nobody did, set the policies again and look for a wave of sign-ups or logins since.', 'T1562.001', '', 0),
  ('client_grant_widened', 'high', 'An application was granted scopes that change the tenant.', 'Check that the application needs the scopes. If not, take the grant back, and look at what the application did since.', 'T1098.003', '', 0),
  ('cross_origin_abused', 'high', 'One address abuses cross-origin authentication.', 'Block the address. If no application of yours uses cross-origin authentication, turn it off; reset who got in.', 'T1110.004', 'ip', 3600),
  ('dynamic_clients', 'high', 'Many applications registered themselves in a short time.', 'Look at their names and callbacks, delete them, and turn dynamic registration off where nobody needs it.', 'T1528', '', 0),
  ('impossible_travel', 'high', 'One user logged in from two places too far apart for the time between.', 'Ask the user. A VPN or a phone''s network may explain it; if not, end the sessions and reset the password.', 'T1078.004', 'user_id', 86400),
  ('leaked_password_surge', 'high', 'Many logins with leaked passwords came in a short time.', 'This is credential stuffing. See that breached-password detection blocks, and reset who got in after it.', 'T1110.004', 'type', 3600),
  ('log_stream_changed', 'high', 'A log stream was changed or deleted.', 'Check that events still arrive. If nobody meant to change it, set it back, and fetch what is missing from Auth0''s log.', 'T1562.008', '', 0),
  ('mfa_factor_disabled', 'high', 'An MFA factor was disabled for the tenant.', 'Ask the person who changed it. If nobody did, enable it again, and look at the logins since.', 'T1556.006', '', 0),
  ('mfa_risk_assessment_disabled', 'high', 'The risk assessment of adaptive MFA was disabled.', 'Ask the person who changed it. If nobody did, enable it again, and look at the logins since.', 'T1556.006', '', 0),
  ('password_spraying', 'high', 'One address failed to log in as many different users.', 'Block the address. Look whether a login from it worked, and reset those users.', 'T1110.003', 'ip', 86400),
  ('phone_shared', 'high', 'One phone number was enrolled for the MFA of several users.', 'Ask the users whose phone it is. One that belongs to none of them is an attacker''s: remove it, and reset the accounts.', 'T1098.005', '', 0),
  ('push_fatigue', 'high', 'One user was sent push notification after push notification.', 'Call the user. If the pushes were not theirs, somebody has the password: reset it, and see that none was accepted.', 'T1621', 'user_id', 900),
  ('refresh_token_reused', 'high', 'A refresh token was used that had been used before.', 'A token was stolen, or an application keeps old ones. Revoke the user''s tokens, and look at the addresses that used them.', 'T1550.001', '', 0),
  ('tenant_member_deleted', 'high', 'A member of the tenant was deleted.', 'Check that the person left. Administrators who delete the others, just after one was invited, are taking the tenant over.', 'T1531', '', 0),
  ('users_exported', 'high', 'An export of all users was started.', 'Ask the person or the owner of the application. If it was not planned, treat every profile as read.', 'T1087.004', '', 0),
  ('brute_force', 'medium', 'One address failed to log in or sign up again and again.', 'Look whether a login from the address worked. Block it, or see that brute-force protection does.', 'T1110.001', 'ip', 3600),
  ('client_secret_rotated', 'medium', 'The secret of an application was rotated, or a credential was added to it.', 'Check that it was planned. If not, rotate it again, and look at what the application did since.', 'T1098.001', '', 0),
  ('integration_installed', 'medium', 'An integration from the marketplace was installed.', 'Check that it was asked for, and which secrets and flows it got.', 'T1671', '', 0),
  ('leaked_password_login', 'medium', 'Someone tried to log in with a password that is known to have leaked.', 'If breached-password detection blocks, the user must set a new password. If it does not, reset it and look at the account.', 'T1110.004', '', 0),
  ('management_api_surge', 'medium', 'An application used the Management API far more than it does.', 'Look at what it called, and from which address. If its secret leaked, rotate it and take its grants back.', 'T1059.009', 'client_id', 86400),
  ('post_login_flow_changed', 'medium', 'The flow of Actions after login was changed.', 'Compare the Actions of the flow with what should be there. One that is gone may have been a check; a new one sees every login.', 'T1556', '', 0),
  ('users_read', 'medium', 'One person or application read users page by page.', 'Ask who does it and why. If nobody knows, take the grant back, and treat the profiles as read.', 'T1087.004', '', 0),
  ('limit_hit', 'low', 'A rate limit or a limit on logins was hit.', 'Look whether one address or application caused it: an attack, or a client that tries too often.', 'T1110', '', 0),
  ('role_created', 'low', 'A role was created.', 'Check that the role was asked for, which permissions it has, and who was given it.', 'T1098.003', '', 0),
  ('user_joined_tenant', 'low', 'A person accepted an invitation and joined the tenant.', 'Check that the invitation was meant for this person.', 'T1078.004', '', 0),
  ('member_invited', 'info', 'Someone was invited to the tenant or to an organization.', 'Check that the address belongs to a person who should have access.', 'T1136.003', '', 0),
  ('mfa_factor_enabled', 'info', 'An MFA factor was enabled for the tenant.', 'Check that it was planned. A weak factor, such as SMS or e-mail, can be the way around a strong one.', 'T1556.006', '', 0),
  ('mfa_policy_enabled', 'info', 'An MFA policy was set.', 'Check that it was planned, and that it is not a weaker one than before.', 'T1556.006', '', 0),
  ('mfa_risk_assessment_enabled', 'info', 'The risk assessment of adaptive MFA was enabled.', 'Check that it was planned, and what it replaced.', 'T1556.006', '', 0)
), grouped AS (
  SELECT
    lower(to_hex(md5(to_utf8(concat(found.detection, '|', found.source, '|', coalesce(found.subject, ''), '|', found.period))))) AS hit_key,
    found.detection,
    found.source,
    max(substr(trim(replace(regexp_replace(found.subject, '[\p{C}\p{Z}]+', ' '), '://', ':/ /')), 1, 100)) AS subject,
    max(found.shown) AS shown,
    max(found.named) AS named,
    greatest(count(*), max(found.counted)) AS events,
    min(found.event_time) AS first_event,
    max(found.event_time) AS last_event,
    array_join(slice(array_agg(found.row_id ORDER BY found.event_time, found.row_id), 1, 20), ''', ''') AS row_ids
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
