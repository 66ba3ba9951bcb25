SELECT severity, detection, source, message FROM alert_messages WHERE told_by = '{run}' ORDER BY place
