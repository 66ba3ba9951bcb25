#!/usr/bin/env python3
"""Runs the detections of sql/detections/ over a lake with DuckDB, and prints each hit with the query that shows its events.

    make detect [LAKE=folder or s3://bucket/prefix] [ID=brute_force,push_fatigue] [SINCE=2026-07-01] [UNTIL=2026-08-01]
                [SET=brute_force.threshold=5,push_fatigue.window=10 minutes]

SINCE and UNTIL are UTC and bound the events that are looked at; what happened before SINCE is still the past that some compare with.
"""

import os
import re
import sys
from datetime import datetime

import duckdb
from auth0_log_lake import detections, query, relations, statements

# Severity, detection and subject first, what to do and the query below them.
HIT = """\
{severity:<8}  {detection}  {subject}
          {title} {what_to_do}
          {source}, {events}, {first_event:%Y-%m-%d %H:%M:%S} to {last_event:%Y-%m-%d %H:%M:%S} UTC
          {shows}
"""


def main():
    asked = {name: os.environ.get(f"DETECT_{name}", "").strip() for name in ("LAKE", "ID", "SINCE", "UNTIL", "SET")}
    try:
        known = detections.chosen([id for id in re.split(r"[,\s]+", asked["ID"]) if id])
        given = settings(asked["SET"], known)
        since, until = (time_of(name, asked[name]) for name in ("SINCE", "UNTIL"))
        db = query.opened(asked["LAKE"] or "lake")
        seen = look(db, since, until)
        hits = run(db, known, given)
    except (detections.Unfit, query.Unanswered) as error:
        sys.exit(f"detect: {error}")
    for hit in hits:
        print(HIT.format(**{**hit, "events": counted(hit["events"], "event")}))
    print(f"{counted(len(hits), 'hit')} of {counted(len(known), 'detection')} in {counted(seen, 'event')}.")


def counted(count, noun):
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def settings(text, known):
    """SET as {id: {parameter: value}}."""
    given = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        setting = re.fullmatch(r"(\w+)\.(\w+) ?= ?(.+)", part)
        if not setting:
            raise detections.Unfit(f"SET needs id.parameter=value, comma-separated, such as brute_force.threshold=5; got {part!r}")
        if setting[1] not in known:
            raise detections.Unfit(f"SET names {setting[1]}, which does not run; there are: {', '.join(sorted(known))}")
        given.setdefault(setting[1], {})[setting[2]] = setting[3]
    return given


def time_of(name, text):
    """A time in UTC as DuckDB takes it, or None."""
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        raise detections.Unfit(f"{name} needs a day or a time, such as 2026-07-01 or 2026-07-01T12:00; got {text!r}") from None
    if time.tzinfo:
        raise detections.Unfit(f"{name} is UTC and needs no offset; got {text!r}")
    return time.strftime("%Y-%m-%d %H:%M:%S")


def look(db, since=None, until=None):
    """Makes the table of the events to look at, once, and counts them."""
    bounds = [f"event_time >= TIMESTAMP '{since}'"] * bool(since) + [f"event_time < TIMESTAMP '{until}'"] * bool(until)
    where = f" WHERE {' AND '.join(bounds)}" if bounds else ""
    left_out = ", ".join(f'"{column}"' for column in detections.LEFT_OUT)  # as in Athena
    db.sql(f"CREATE OR REPLACE TEMP TABLE events_recent AS SELECT * EXCLUDE ({left_out}) FROM events_live{where}")
    # The views read the objects again at each question.
    if re.search(r"\bFROM events\b", " ".join(d.sql for d in detections.all_of().values())):
        db.sql("CREATE OR REPLACE TEMP TABLE events_past AS SELECT * FROM events")
    return db.sql("SELECT count(*) FROM events_recent").fetchone()[0]


def run(db, known, given=None):
    """The hits, the gravest first."""
    earliest = db.sql("SELECT coalesce(min(event_time), TIMESTAMP '2010-01-01') FROM events_recent").fetchone()[0]
    earliest = f"TIMESTAMP '{earliest:%Y-%m-%d %H:%M:%S}'"
    try:
        for name, text in relations.tables(earliest).items():
            db.sql(f"CREATE OR REPLACE TEMP TABLE {name} AS {translated(text)}")
        answer = db.sql(translated(detections.query(known, given, earliest, made=True)))
        rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.fetchall()]
    except duckdb.Error as error:
        raise query.Unanswered(f"the detections did not run: {error}") from None
    return sorted(rows, key=lambda hit: (detections.SEVERITIES.index(hit["severity"]), hit["first_event"], hit["hit_key"]))


def translated(text):
    """Athena's SQL as DuckDB's, over the table of all events in place of the view."""
    parsed = statements.sqlglot.parse_one(text, read="athena")
    for table in parsed.find_all(statements.exp.Table):
        if table.name == "events":
            table.set("this", statements.exp.to_identifier("events_past"))
            table.set("alias", None)
    return parsed.sql("duckdb")


if __name__ == "__main__":
    main()
