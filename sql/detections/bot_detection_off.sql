-- id: bot_detection_off
-- title: Bot detection was turned off, or no longer asks for a captcha.
-- severity: high
-- do: Ask the person who changed it. If nobody did, set the policies again and look for a wave of sign-ups or logins since.
-- attack: T1562.001
-- key: row_id
SELECT source, {actor} AS subject, event_time, row_id
FROM events_live
WHERE type = 'sapi'
  AND (description = 'Create or update the anomaly detection captcha' OR regexp_like({path}, '/v2/attack-protection/bot-detection$'))
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
