VACUUM alerts
