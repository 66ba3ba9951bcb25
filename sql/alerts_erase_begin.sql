ALTER TABLE alerts SET TBLPROPERTIES (
  'vacuum_max_snapshot_age_seconds' = '1',
  'optimize_rewrite_data_file_threshold' = '1',
  'optimize_rewrite_delete_file_threshold' = '1'
)
