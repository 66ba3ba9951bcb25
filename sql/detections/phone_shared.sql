-- id: phone_shared
-- title: One phone number was enrolled for the MFA of several users.
-- severity: high
-- do: Ask the users whose phone it is. One that belongs to none of them is an attacker's: remove it, and reset the accounts.
-- silent: a number that the stream masked; one user who enrolls again
-- attack: T1098.005
-- param threshold = 2: users with the number that make a hit
-- param history = 30 days: how long back they are counted
-- key: row_id
WITH enrolled AS (
  SELECT
    source, {person} AS person, {name} AS name, event_time, row_id, true AS fresh,
    {unmasked:coalesce(json_extract_scalar(details, '$.authenticator.phone_number'), json_extract_scalar(details, '$.enrollment.phone_number'))} AS phone
  FROM events_live
  WHERE type = 'gd_enrollment_complete'
  UNION ALL
  SELECT
    source, {person}, NULL, event_time, NULL, false,
    {unmasked:coalesce(json_extract_scalar(details, '$.authenticator.phone_number'), json_extract_scalar(details, '$.enrollment.phone_number'))}
  FROM events
  WHERE type = 'gd_enrollment_complete' AND event_time >= {now} - {history} AND event_time < {now}
), owners AS (
  SELECT *, lead(event_time) OVER (PARTITION BY source, phone, person ORDER BY event_time) AS again
  FROM enrolled
  -- A number, or the hash of one.
  WHERE regexp_like(phone, '[0-9].*[0-9].*[0-9]') AND person <> ''
), counted AS (
  SELECT *, sum(step) OVER (PARTITION BY source, phone ORDER BY at) AS users
  FROM (
    SELECT *, CASE WHEN step = 1 THEN event_time ELSE least(coalesce(again, event_time + {history}), event_time + {history}) END AS at
    FROM owners
    CROSS JOIN UNNEST(ARRAY[1, -1]) AS ends (step)
  ) AS steps
)
SELECT source, name AS subject, event_time, row_id
FROM counted
WHERE fresh AND step = 1 AND users >= {threshold}
