-- id: refresh_token_reused
-- title: A refresh token was used that had been used before.
-- severity: high
-- do: A token was stolen, or an application keeps old ones. Revoke the user's tokens, and look at the addresses that used them.
-- silent: an SDK that asks twice at once from where its user is
-- attack: T1550.001
-- key: subject, day
WITH used AS (
  SELECT
    source, coalesce({person}, nullif(client_id, ''), ip) AS person, coalesce({name}, nullif(client_id, ''), ip) AS subject, event_time, row_id,
    type = 'ferrt' AND lower(description) LIKE '%reused%' AS reused, {network} AS network, country_code, user_agent
  FROM events_live
  WHERE type IN ('ferrt', 's', 'sens', 'scoa', 'sertft', 'seacft', 'ssa')
), compared AS (
  SELECT
    *, bool_or(NOT reused) OVER (PARTITION BY source, person, network) AS from_here,
    bool_or(NOT reused) OVER (PARTITION BY source, person, country_code) AS in_country,
    bool_or(NOT reused) OVER (PARTITION BY source, person, user_agent) AS by_agent
  FROM used
)
SELECT source, subject, event_time, row_id
FROM compared
-- An SDK that asks twice at once, or keeps an old token, does so where its user is.
WHERE reused AND NOT from_here AND NOT (in_country AND country_code <> '' AND (by_agent OR coalesce(user_agent, '') = ''))
