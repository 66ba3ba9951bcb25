"""Asks a lake: queries, detections and a report over the objects that the receiver wrote, with DuckDB."""
