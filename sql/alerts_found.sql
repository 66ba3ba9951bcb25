INSERT INTO alerts (
  hit_key, detection, severity, title, what_to_do, attack, source, subject, events, first_event, last_event, shows, name, detected_at
)
SELECT
  hit.hit_key,
  hit.detection,
  hit.severity,
  hit.title,
  hit.what_to_do,
  hit.attack,
  hit.source,
  hit.subject,
  hit.events,
  CAST(hit.first_event AS timestamp(6)),
  CAST(hit.last_event AS timestamp(6)),
  hit.shows,
  hit.name,
  CAST(CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) AS timestamp(6))
FROM detections AS hit
LEFT JOIN alerts AS known ON known.hit_key = hit.hit_key
WHERE known.hit_key IS NULL AND NOT contains(split('{muted}', ','), hit.detection)
