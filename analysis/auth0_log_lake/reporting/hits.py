"""The detections of sql/detections/ over the window, by the project's own loader."""

from typing import Any

import duckdb

from auth0_log_lake import detect, detections
from auth0_log_lake.reporting import load
from auth0_log_lake.reporting.options import Asked

# Hits shown of a detection, and events of a hit; the counts are of all.
HITS, EVENTS = 10, 10


def run(db: duckdb.DuckDBPyConnection, asked: Asked) -> dict[str, Any]:
    """The detections that hit, the most severe first, with their latest hits and the events of those; and those that failed."""
    known = detections.all_of()
    lay_out(db, asked)
    hits, failed = detect.run_each(db, known, {})
    by_id: dict[str, list[detect.Hit]] = {}
    for hit in hits:
        by_id.setdefault(hit["detection"], []).append(hit)
    shown = [one(db, known[id], of_one) for id, of_one in by_id.items()]
    return {"known": len(known), "hits": len(hits), "detections": shown, "failed": failed}


def lay_out(db: duckdb.DuckDBPyConnection, asked: Asked) -> None:
    """Makes the tables that the detections read: the window's events, and these with what came before."""
    before = load.rows_of(asked, asked.since - asked.history, asked.since)
    db.execute("CREATE VIEW report.events_recent AS SELECT * FROM report.events")
    db.execute("CREATE VIEW report.events_live AS SELECT * FROM report.events")
    db.execute(f"CREATE TABLE report.events_past AS SELECT * FROM report.events UNION ALL BY NAME SELECT * FROM {before} QUALIFY {load.FIRST_COPY}")
    db.execute("SET search_path = 'report,main'")


def one(db: duckdb.DuckDBPyConnection, detection: detections.Detection, hits: list[detect.Hit]) -> dict[str, Any]:
    latest = sorted(hits, key=lambda hit: hit["last_event"], reverse=True)[:HITS]
    shown = [hit | {"rows": load.rows(db, f"SELECT * FROM ({hit['shows']}) LIMIT {EVENTS}")} for hit in latest]
    return {"detection": detection, "count": len(hits), "hits": shown}
