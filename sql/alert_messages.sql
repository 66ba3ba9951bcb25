CREATE OR REPLACE VIEW alert_messages AS
SELECT
  told_by,
  place,
  CASE WHEN place <= 50 THEN severity ELSE 'more' END AS severity,
  CASE WHEN place <= 50 THEN detection ELSE 'hits' END AS detection,
  CASE WHEN place <= 50 THEN source ELSE 'alerts' END AS source,
  CASE WHEN place <= 50 THEN concat(
    title, chr(10), chr(10),
    'Severity:  ', severity, chr(10),
    'Detection: ', detection, ' (MITRE ATT&CK ', attack, ')', chr(10),
    'Source:    ', source, chr(10),
    'Subject:   ', subject, chr(10),
    'Events:    ', CAST(events AS varchar), ', ',
    date_format(first_event, '%Y-%m-%d %H:%i:%s'), ' to ', date_format(last_event, '%Y-%m-%d %H:%i:%s'), ' UTC', chr(10), chr(10),
    what_to_do, chr(10), chr(10),
    'The events, in Athena:', chr(10), shows
  ) ELSE concat(
    CAST(hits - 50 AS varchar), ' more hits of this run are not paged one by one. All of them, in Athena:', chr(10),
    'SELECT severity, detection, source, subject, events, first_event, last_event, shows FROM alerts WHERE told_by = ''', told_by, ''''
  ) END AS message
FROM (
  SELECT
    alerts.*,
    row_number() OVER (PARTITION BY told_by ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 WHEN 'info' THEN 4 END, first_event, hit_key) AS place,
    count(*) OVER (PARTITION BY told_by) AS hits
  FROM alerts
  WHERE told_at IS NULL AND told_by IS NOT NULL
) AS claimed
WHERE place <= 51
