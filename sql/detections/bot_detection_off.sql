-- id: bot_detection_off
-- title: Bot detection was turned off, or no longer asks for a captcha.
-- severity: high
-- do: Ask the person who changed it. If nobody did, set the policies again and look for a wave of sign-ups or logins since.
-- silent: the same state written again; a stricter policy
-- attack: T1562.001
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE (description = 'Create or update the anomaly detection captcha' OR regexp_like(path, '/v2/attack-protection/bot-detection$'))
  AND (
    -- The older names and words, then the newer ones.
    {is:$.policy} = 'off' AND coalesce({was:$.policy}, '') <> 'off'
    OR {is:$.password_reset_policy} = 'off' AND coalesce({was:$.password_reset_policy}, '') <> 'off'
    OR {is:$.passwordless_policy} = 'off' AND coalesce({was:$.passwordless_policy}, '') <> 'off'
    OR {is:$.challenge_password_policy} = 'never' AND coalesce({was:$.challenge_password_policy}, '') <> 'never'
    OR {is:$.challenge_password_reset_policy} = 'never' AND coalesce({was:$.challenge_password_reset_policy}, '') <> 'never'
    OR {is:$.challenge_passwordless_policy} = 'never' AND coalesce({was:$.challenge_passwordless_policy}, '') <> 'never'
    OR {is:$.monitoring_mode_enabled} = 'true' AND coalesce({was:$.monitoring_mode_enabled}, '') <> 'true'
  )
