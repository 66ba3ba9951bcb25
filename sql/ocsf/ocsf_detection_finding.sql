CREATE OR REPLACE VIEW ocsf_detection_finding AS
SELECT
  "time",
  time_dt,
  class_uid,
  class_name,
  category_uid,
  category_name,
  activity_id,
  activity_name,
  type_uid,
  type_name,
  status_id,
  status,
  severity_id,
  severity,
  message,
  status_code,
  status_detail,
  metadata,
  finding_info,
  evidences,
  is_alert,
  observables,
  unmapped
FROM ocsf_events
WHERE class_uid = 2004
