-- id: impossible_travel
-- title: One user logged in from two places too far apart for the time between.
-- severity: high
-- do: Ask the user. A VPN or a phone's network may explain it; if not, end the sessions and reset the password.
-- silent: one address; one city; a gateway of five users; a place that is 0, 0 or the middle of a country; two places that are both known for the user
-- attack: T1078.004
-- param speed = 900: kilometres an hour that nobody travels
-- param distance = 500: kilometres below which the place is too vague
-- param shared = 5: users behind one address that make it a gateway
-- key: subject, day
-- shows: user_id
WITH logins AS (
  SELECT
    source, network, person, name, event_time, row_id, country_code, city_name, latitude, longitude, place_since, network_since, sharer
  FROM attempts
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
  WHERE sharers < {shared}
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
WHERE kilometres >= {distance} AND kilometres * 3600 > {speed} * seconds
