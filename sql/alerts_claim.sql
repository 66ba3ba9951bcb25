UPDATE alerts SET told_by = '{run}' WHERE told_at IS NULL AND severity <> 'info' AND NOT contains(split('{muted}', ','), detection)
