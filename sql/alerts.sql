CREATE TABLE IF NOT EXISTS alerts (
  `hit_key` string COMMENT 'What makes it another hit; one row each',
  `detection` string COMMENT 'Which one',
  `severity` string COMMENT 'critical, high, medium, low or info',
  `title` string COMMENT 'What happened, in a sentence',
  `what_to_do` string COMMENT 'What to do about it',
  `attack` string COMMENT 'MITRE ATT&CK technique',
  `source` string COMMENT 'Source (tenant)',
  `subject` string COMMENT 'User, address or application that it is about; one line',
  `events` bigint COMMENT 'How many events, when it was found',
  `first_event` timestamp COMMENT 'The first of them, UTC',
  `last_event` timestamp COMMENT 'The last of them, UTC',
  `shows` string COMMENT 'The query that shows them',
  `detected_at` timestamp COMMENT 'When it was found, UTC',
  `told_by` string COMMENT 'The run that pages it',
  `told_at` timestamp COMMENT 'When it was paged, UTC; null until then',
  `name` string COMMENT 'The subject alone and as it was sent, by which a person is erased'
)
PARTITIONED BY (month(detected_at))
LOCATION '{location}'
TBLPROPERTIES (
  'table_type' = 'ICEBERG',
  'format' = 'parquet',
  'write_compression' = 'zstd',
  'vacuum_max_snapshot_age_seconds' = '432000',
  'vacuum_min_snapshots_to_keep' = '1',
  'vacuum_max_metadata_files_to_keep' = '20',
  'optimize_rewrite_data_file_threshold' = '5',
  'optimize_rewrite_delete_file_threshold' = '2'
)
