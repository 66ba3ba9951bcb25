-- id: secrets_read
-- title: A person read the secrets of several applications, and had read none lately.
-- severity: medium
-- do: Ask the person. If it was not them, rotate the secrets, end their sessions, and read what else they changed.
-- silent: a person who reads them now and then; an application
-- attack: T1552
-- param threshold = 3: reads that make a hit
-- param window = 1 hour: the time they lie in
-- param history = 30 days: how long back a read makes the next one expected
-- key: subject, day
SELECT source, subject, event_time, row_id
FROM (
  SELECT *, max(opened) OVER (PARTITION BY source, subject, date_trunc('day', event_time)) AS most
  FROM (
    SELECT
      read.source, read.subject, read.event_time, read.row_id,
      count(*) OVER (PARTITION BY read.source, read.subject ORDER BY read.event_time RANGE BETWEEN {window} PRECEDING AND CURRENT ROW) AS opened
    FROM (
      -- Auth0 logs a read only where it returned a secret.
      SELECT source, {actor} AS subject, event_time, row_id
      FROM events_live
      WHERE type = 'mgmt_api_read' AND {worked} AND json_extract_scalar(details, '$.request.auth.user.email') <> ''
    ) AS read
    LEFT JOIN (
      SELECT source, {actor} AS subject, min(event_time) AS first
      FROM events
      WHERE type = 'mgmt_api_read' AND event_time >= {now} - {history} AND details LIKE '%"email"%'
      GROUP BY source, {actor}
    ) AS known ON known.source = read.source AND known.subject = read.subject AND known.first < read.event_time - INTERVAL '1' DAY
    WHERE known.first IS NULL
  ) AS reads
) AS days
WHERE most >= {threshold}
