-- id: impossible_travel
-- title: One user logged in from two places too far apart for the time between.
-- severity: high
-- do: Ask the user. A VPN or a phone's network may explain it; if not, end the sessions and reset the password.
-- attack: T1078.004
-- param speed = 900: kilometres an hour that nobody travels
-- param distance = 500: kilometres below which the place is too vague
-- key: subject, day
-- shows: user_id
WITH logins AS (
  SELECT
    source, user_id, user_name, event_time, row_id, latitude, longitude,
    lag(event_time) OVER (PARTITION BY source, user_id ORDER BY event_time, row_id) AS earlier,
    lag(latitude) OVER (PARTITION BY source, user_id ORDER BY event_time, row_id) AS from_latitude,
    lag(longitude) OVER (PARTITION BY source, user_id ORDER BY event_time, row_id) AS from_longitude
  FROM events_live
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
WHERE kilometres >= {distance} AND kilometres * 3600 > {speed} * seconds
