"""The detections of sql/detections/ over the window, by the project's own loader; where there are none, the page has no section."""

from auth0_log_lake import detect, detections
from auth0_log_lake.reporting import load

# Hits shown of a detection, and events of a hit; the counts are of all.
HITS, EVENTS = 10, 10


def there():
    """Says whether there are detections."""
    return detections.FOLDER.is_dir()


def text():
    """All that the detections ask; it names the columns that they need."""
    return detections.query(detections.all_of())


def run(db, asked):
    """The detections that hit, the gravest first, with their latest hits and the events of those."""
    known = detections.all_of()
    lay_out(db, asked)
    by_id = {}
    for hit in detect.run(db, known):
        by_id.setdefault(hit["detection"], []).append(hit)
    shown = [one(db, known[id], hits) for id, hits in by_id.items()]
    return {"known": len(known), "hits": sum(len(hits) for hits in by_id.values()), "detections": shown}


def lay_out(db, asked):
    """Gives the loader the tables that it asks: the window's events, and these with what came before."""
    before = load.rows_of(asked, asked.since - asked.history, asked.since)
    db.execute("CREATE VIEW report.events_recent AS SELECT * FROM report.events")
    db.execute("CREATE VIEW report.events_live AS SELECT * FROM report.events")
    db.execute(f"CREATE VIEW report.events_past AS SELECT * FROM report.events UNION ALL BY NAME SELECT * FROM {before} QUALIFY {load.FIRST_COPY}")
    db.execute("SET search_path = 'report,main'")


def one(db, detection, hits):
    latest = sorted(hits, key=lambda hit: hit["last_event"], reverse=True)[:HITS]
    return {"detection": detection, "count": len(hits), "hits": [hit | {"rows": load.rows(db, f"SELECT * FROM ({hit['shows']}) LIMIT {EVENTS}")} for hit in latest]}
