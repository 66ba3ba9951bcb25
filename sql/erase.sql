DELETE FROM events WHERE row_id IN ({row_ids})
