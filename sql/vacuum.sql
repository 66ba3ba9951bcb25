VACUUM events
