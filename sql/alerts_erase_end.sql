ALTER TABLE alerts SET TBLPROPERTIES (
  'vacuum_max_snapshot_age_seconds' = '432000',
  'optimize_rewrite_data_file_threshold' = '5',
  'optimize_rewrite_delete_file_threshold' = '2'
)
