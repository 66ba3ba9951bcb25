-- id: push_fatigue
-- title: One user was sent push notification after push notification.
-- severity: high
-- do: Call the user. If the pushes were not theirs, somebody has the password: reset it, and see that none was accepted.
-- attack: T1621
-- param threshold = 5: pushes that make a hit
-- param window = 15 minutes: the time they lie in
-- key: subject, day
-- shows: user_id
SELECT source, coalesce(nullif(user_name, ''), user_id) AS subject, event_time, row_id, pushed AS counted, user_id AS shown
FROM (
  SELECT
    source, user_id, user_name, event_time, row_id,
    count(*) OVER (PARTITION BY source, user_id ORDER BY event_time RANGE BETWEEN {window} PRECEDING AND CURRENT ROW) AS pushed
  FROM events_live
  WHERE type = 'gd_send_pn' AND user_id <> ''
) AS pushes
WHERE pushed >= {threshold}
