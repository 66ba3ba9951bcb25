SELECT
  (SELECT count(*) FROM events WHERE row_id IN ({row_ids})) AS event_rows,
  (SELECT count(*) FROM "events$files" WHERE content <> 0) AS delete_files,
  (SELECT sum(deleted_data_files_count) FROM "events$manifests") AS forgotten_files,
  (SELECT count(*) FROM "events$snapshots") AS snapshots
