-- id: push_fatigue
-- title: One user was sent push notification after push notification.
-- severity: high
-- do: Call the user. If the pushes were not theirs, somebody has the password: reset it, and see that none was accepted.
-- silent: pushes that are accepted one after another; a user whose phone is off where they logged in before
-- attack: T1621
-- param threshold = 5: pushes that make a hit
-- param window = 15 minutes: the time they lie in
-- key: subject, day
-- shows: user_id
SELECT source, coalesce({name}, user_id) AS subject, event_time, row_id, user_id AS shown
FROM (
  SELECT *, max(pushed - accepted) OVER (PARTITION BY source, user_id, date_trunc('day', event_time)) AS most
  FROM (
    SELECT
      pushes.source, user_id, user_name, type, event_time, row_id,
      count_if(type = 'gd_send_pn') OVER (PARTITION BY pushes.source, user_id ORDER BY event_time RANGE BETWEEN {window} PRECEDING AND CURRENT ROW) AS pushed,
      count_if(type <> 'gd_send_pn') OVER (PARTITION BY pushes.source, user_id ORDER BY event_time RANGE BETWEEN {window} PRECEDING AND CURRENT ROW) AS accepted
    FROM (
      SELECT source, user_id, user_name, {person} AS person, {network} AS network, type, event_time, row_id
      FROM events_live
      WHERE type IN ('gd_send_pn', 'gd_auth_succeed') AND user_id <> ''
    ) AS pushes
    -- Where the user has logged in before, the phone may be off.
    LEFT JOIN (
      SELECT source, person, network, min(network_since) AS since
      FROM attempts
      WHERE got_in
      GROUP BY source, person, network
    ) AS familiar ON familiar.source = pushes.source AND familiar.person = pushes.person AND familiar.network = pushes.network
    WHERE familiar.since IS NULL OR familiar.since >= event_time
  ) AS pushes
) AS days
-- One who logs in to one application after another accepts what is sent.
WHERE type = 'gd_send_pn' AND most >= {threshold}
