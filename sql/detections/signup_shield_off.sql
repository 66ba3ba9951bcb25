-- id: signup_shield_off
-- title: Breached-password detection no longer blocks sign-ups or new passwords.
-- severity: high
-- do: Ask the person who changed it. If nobody did, set the shields again, and look at the accounts made since.
-- silent: the same shields written again
-- attack: T1562.001
-- key: row_id
SELECT source, actor AS subject, event_time, row_id
FROM changes
WHERE regexp_like(path, '/v2/attack-protection/breached-password-detection$') AND (
    {is_json:$.stage["pre-user-registration"].shields} LIKE '[%' AND {is_json:$.stage["pre-user-registration"].shields} NOT LIKE '%"block"%'
      AND NOT ({was_json:$.stage["pre-user-registration"].shields} LIKE '[%' AND {was_json:$.stage["pre-user-registration"].shields} NOT LIKE '%"block"%')
    OR {is_json:$.stage["pre-change-password"].shields} LIKE '[%' AND {is_json:$.stage["pre-change-password"].shields} NOT LIKE '%"block"%'
      AND NOT ({was_json:$.stage["pre-change-password"].shields} LIKE '[%' AND {was_json:$.stage["pre-change-password"].shields} NOT LIKE '%"block"%')
  )
