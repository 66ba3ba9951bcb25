-- id: phone_shared
-- title: One phone number was enrolled for the MFA of several users.
-- severity: high
-- do: Ask the users whose phone it is. One that belongs to none of them is an attacker's: remove it, and reset the accounts.
-- attack: T1098.005
-- param threshold = 2: users with the number that make a hit
-- param history = 30 days: how long back they are counted
-- key: row_id
WITH enrolled AS (
  SELECT
    source, user_id, user_name, event_time, row_id,
    coalesce(json_extract_scalar(details, '$.authenticator.phone_number'), json_extract_scalar(details, '$.enrollment.phone_number')) AS phone
  FROM events_live
  WHERE type = 'gd_enrollment_complete' AND user_id <> ''
), known AS (
  SELECT source, user_id, event_time, phone FROM enrolled
  UNION ALL
  SELECT
    source, user_id, event_time,
    coalesce(json_extract_scalar(details, '$.authenticator.phone_number'), json_extract_scalar(details, '$.enrollment.phone_number'))
  FROM events
  WHERE type = 'gd_enrollment_complete' AND user_id <> '' AND event_time >= {now} - {history} - INTERVAL '2' DAY
)
SELECT enrolled.source, coalesce(nullif(enrolled.user_name, ''), enrolled.user_id) AS subject, enrolled.event_time, enrolled.row_id
FROM enrolled
JOIN known ON known.source = enrolled.source AND known.phone = enrolled.phone AND known.event_time <= enrolled.event_time
  AND known.event_time >= enrolled.event_time - {history}
WHERE enrolled.phone <> ''
GROUP BY enrolled.source, enrolled.user_name, enrolled.user_id, enrolled.event_time, enrolled.row_id
HAVING count(DISTINCT known.user_id) >= {threshold}
