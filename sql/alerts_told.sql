UPDATE alerts SET told_at = CAST(CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) AS timestamp(6)) WHERE told_by = '{run}' AND told_at IS NULL
