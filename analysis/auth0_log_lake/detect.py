"""Runs the detections of sql/detections/ over a lake with DuckDB, and prints what they find."""

import argparse
import json
import re
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from auth0_log_lake import answer, command, database, detections, relations
from auth0_log_lake.command import Unanswered, counted
from auth0_log_lake.visible import visible
from auth0_log_lake.window import OPEN, Window

NAME = "detect"
EXAMPLES = """\
examples:
  lake detect
  lake detect --lake s3://my-lake/auth0 --since 2026-07-01 --until 2026-07-31
  lake detect --id brute_force,password_spraying --set brute_force.threshold=5 --details

The window bounds the events that are looked at. Earlier events are still the past that some detections compare with."""
# The columns of a hit: in a table, and for programs.
BRIEF = {"severity": "severity", "detection": "detection", "source": "source", "subject": "subject", "events": "events", "first_event": "from", "last_event": "to"}
WHOLE = [*BRIEF, "title", "what_to_do", "attack", "shows", "hit_key"]
DETAILS = """\
{severity}  {detection}  {source}  {subject}
  {title} {what_to_do}
  {events}, {first_event} to {last_event} UTC, {attack}
  {shows}
"""
Hit = dict[str, Any]


def main(arguments: Sequence[str]) -> int:
    given = options().parse_args(arguments)
    window = command.window_of(given)
    try:
        known = detections.chosen(re.findall(r"[^,\s]+", given.id), given.severity)
        settings = settings_of(given.set, known)
        # A setting is checked before the lake is read.
        for detection in known.values():
            detection.render(settings.get(detection.id, {}))
    except detections.Unfit as error:
        raise Unanswered(str(error)) from None
    db, lake = database.opened(command.lake_of(given), Window(None, window.until), database.EVENTS)
    seen = database.past_damage(db, lake, lambda: look(db, window))
    hits, failed = run_each(db, known, settings)
    show(hits, given)
    skipped = lake.told(lambda said: command.say(NAME, said))
    for id, why in failed.items():
        command.say(NAME, f"{id} did not run: {why}")
    print(f"{counted(len(hits), 'hit')} of {counted(len(known), 'detection')} in {counted(seen, 'event')}.", file=sys.stderr if given.format != "table" else sys.stdout)
    return command.UNANSWERED if failed else command.FOUND if hits or skipped else command.WELL


def options() -> argparse.ArgumentParser:
    options = command.parser(NAME, "Runs the detections over a lake.", "a detection found something", EXAMPLES)
    options.add_argument("--id", default="", metavar="IDS", help="detections to run, comma-separated; default: all")
    options.add_argument("--severity", choices=detections.SEVERITIES, default=detections.SEVERITIES[-1], help="the least severity to run; default: info")
    options.add_argument("--set", default="", metavar="ID.NAME=VALUE", help="parameters of detections, comma-separated")
    options.add_argument("--details", action="store_true", help="also print what to do about each hit, and the SQL that shows its events")
    options.add_argument("--format", choices=command.FORMATS, default="table", help="default: table")
    return options


def settings_of(text: str, known: detections.Known) -> detections.Settings:
    """--set as {id: {parameter: value}}."""
    given: detections.Settings = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        setting = re.fullmatch(r"(\w+)\.(\w+) ?= ?(.+)", part)
        if not setting:
            raise detections.Unfit(f"--set needs id.parameter=value, comma-separated, such as brute_force.threshold=5; got {part!r}")
        if setting[1] not in known:
            raise detections.Unfit(f"--set names {setting[1]}, which does not run; there are: {', '.join(sorted(known))}")
        given.setdefault(setting[1], {})[setting[2]] = setting[3]
    return given


def look(db: duckdb.DuckDBPyConnection, window: Window = OPEN) -> int:
    """Makes the table of the events to look at, once, and counts them."""
    bounds = [f"event_time {sign} TIMESTAMP '{time}'" for sign, time in ((">=", window.since), ("<", window.until)) if time]
    left_out = ", ".join(f'"{column}"' for column in detections.LEFT_OUT)  # as in Athena
    db.sql(f"CREATE OR REPLACE TEMP TABLE events_recent AS SELECT * EXCLUDE ({left_out}) FROM events_live WHERE {' AND '.join(bounds) or 'true'}")
    # The view reads the objects again at each question.
    db.sql("CREATE OR REPLACE TEMP TABLE events_past AS SELECT * FROM events")
    [[count]] = db.sql("SELECT count(*) FROM events_recent").fetchall()
    return int(count)


def run(db: duckdb.DuckDBPyConnection, known: detections.Known, settings: detections.Settings | None = None) -> list[Hit]:
    """The hits of all detections, the most severe first."""
    hits, failed = run_each(db, known, settings or {})
    for id, why in failed.items():
        raise Unanswered(f"{id} did not run: {why}")
    return hits


def run_each(db: duckdb.DuckDBPyConnection, known: detections.Known, settings: detections.Settings) -> tuple[list[Hit], dict[str, str]]:
    """The hits, the most severe first, and why a detection did not run: one that fails takes no hits of the others."""
    [[first]] = db.sql("SELECT coalesce(min(event_time), TIMESTAMP '2010-01-01') FROM events_recent").fetchall()
    earliest = f"TIMESTAMP '{first:%Y-%m-%d %H:%M:%S}'"
    for name, text in relations.tables(earliest).items():
        db.sql(f"CREATE OR REPLACE TEMP TABLE {name} AS {translated(text)}")
    hits: list[Hit] = []
    failed = {}
    for id, detection in known.items():
        try:
            found = db.sql(translated(detections.query({id: detection}, settings, earliest, made=True)))
            hits += [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
        except (duckdb.Error, sqlglot.errors.SqlglotError) as error:
            failed[id] = database.sentence(error)
    return sorted(hits, key=lambda hit: (detections.SEVERITIES.index(hit["severity"]), hit["detection"], hit["first_event"], hit["hit_key"])), failed


def translated(text: str) -> str:
    """Athena's SQL as DuckDB's, over the table of all events in place of the view."""
    parsed = sqlglot.parse_one(text, read="athena")
    for table in parsed.find_all(exp.Table):
        if table.name == "events":
            table.set("this", exp.to_identifier("events_past"))
            table.set("alias", None)
    return parsed.sql("duckdb")


def show(hits: list[Hit], given: argparse.Namespace) -> None:
    """Prints the hits: a table for people with what they look for first, all columns for programs."""
    if given.format != "table":
        as_json = partial(json.dumps, default=str, ensure_ascii=False)
        write: Callable[[object], str] = as_json if given.format == "json" else str
        answer.show(answer.Answer(WHOLE, iter([[tuple(write(hit[name]) for name in WHOLE) for hit in hits]])), given.format)
        return
    if hits:
        write = lambda value: f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value)  # noqa: E731
        answer.show(answer.Answer(list(BRIEF.values()), iter([[tuple(write(hit[name]) for name in BRIEF) for hit in hits]]), tally=False), "table")
    if given.details:
        for hit in hits:
            told = {name: visible(str(value)) for name, value in hit.items()} | {"events": counted(hit["events"], "event")}
            print(DETAILS.format(**told))


def start() -> None:
    command.run(NAME, main)


if __name__ == "__main__":
    start()
