"""Brings the window's events, each once, into a DuckDB file of the report's own, and counts what it met.

Each object is read once. What the figures need lies in the schema `report` then, so that a lake of any size takes
little memory and each figure little time.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from auth0_log_lake import database, detections, statements
from auth0_log_lake import lake as lakes
from auth0_log_lake.command import Unanswered
from auth0_log_lake.lake import Lake
from auth0_log_lake.reporting import merged
from auth0_log_lake.reporting.options import Asked
from auth0_log_lake.window import Window

MEMORY = "1500MB"
NEEDED = [
    "event_time", "type", "client_id", "client_name", "ip", "user_id", "user_name", "country_code", "country_name", "code_name",
    "category", "outcome", "source", "row_id", "parse_time", "time_source", "drift", "request_id",
]
# As sql/events_once.sql has it. What ties here came twice in one request.
FIRST_COPY = f"row_number() OVER (PARTITION BY row_id ORDER BY {', '.join(statements.ORDER)}) = 1"
# One person of one source: the id, or the name where there is no id.
PERSON = "coalesce(nullif(user_id, ''), nullif(user_name, ''))"
COUNTRY = "coalesce(nullif(country_name, ''), nullif(country_code, ''))"


def opened(folder: str, asked: Asked) -> tuple[duckdb.DuckDBPyConnection, Lake | None]:
    """A database in a folder: the lake's views in `main`, the table as `report.merged`, whichever is asked for."""
    db = duckdb.connect(str(Path(folder) / "local.duckdb"))
    spill = database.quoted(str(Path(folder) / "spill"))
    db.sql(f"SET memory_limit = '{MEMORY}'; SET temp_directory = {spill}; SET preserve_insertion_order = false; SET enable_progress_bar = false")
    db.sql("CREATE SCHEMA report")
    lake = lakes.opened(asked.lake) if asked.lake else None
    if lake:
        if not lake.keys and lake.store.holds_other_things():
            raise Unanswered(f"{asked.lake} holds neither events/ nor rejects/, but other things: --lake needs a folder that a receiver wrote, or an empty one")
        database.make_views(db, lake, Window(asked.since - asked.history, asked.until), database.Needs(ocsf=False))
    if asked.table:
        merged.open_table(db, asked.table)
    return db, lake


def load(db: duckdb.DuckDBPyConnection, asked: Asked, lake: Lake | None) -> None:
    """Makes report.events and report.before, and of a lake report.copies and report.rejects."""

    def make(table: str, rows: str) -> None:
        statement = f"CREATE TABLE report.{table} AS {rows}"
        if lake:
            database.past_damage(db, lake, lambda: db.execute(statement))
        else:
            db.execute(statement)

    make("events", f"SELECT {', '.join(columns())} FROM {rows_of(asked, asked.since, asked.until)}")
    if lake:
        landed = f"main.events_landed WHERE {within('event_time', asked.since, asked.until)}" if asked.table else "report.events"
        make("copies", f"SELECT count(*) AS copies, count(DISTINCT row_id) AS events FROM {landed}")
        db.execute("CREATE TABLE report.closed AS SELECT unnest($1::VARCHAR[]) AS p_row_id", [sorted(lake.closed())])
        received = within("received_at", asked.since, asked.until)
        make("rejects", f"SELECT received_at, reason, source, p_row_id FROM main.rejects ANTI JOIN report.closed USING (p_row_id) WHERE {received}")
    if not asked.table:
        db.sql(f"""
            DELETE FROM report.events WHERE rowid IN (
                SELECT rowid FROM report.events WHERE row_id IN (SELECT row_id FROM report.events GROUP BY row_id HAVING count(*) > 1)
                QUALIFY NOT ({FIRST_COPY}))""")
    make("before", f"""
        SELECT source, {PERSON} AS person, {COUNTRY} AS country, max(event_time) AS last_seen,
            min(event_time) FILTER (outcome = 'success') AS first_success
        FROM {rows_of(asked, asked.since - asked.history, asked.since)} GROUP BY ALL""")


def columns() -> list[str]:
    """What the figures need, and whatever a detection names."""
    words = {*NEEDED, *re.findall(r"\w+", detections.query(detections.all_of()))}
    return [name for name in statements.NAMES if name.strip('"') in words]


def rows_of(asked: Asked, since: datetime, until: datetime) -> str:
    """SQL for the stored rows of a time, from the table or the lake; a lake's may stand twice."""
    if asked.table:
        return f"(SELECT * FROM report.merged WHERE event_time >= TIMESTAMP '{since}' AND event_time < TIMESTAMP '{until}')"
    return f"(SELECT * EXCLUDE (dt, hour) FROM main.events_landed WHERE {within('event_time', since, until)})"


def latest_day(db: duckdb.DuckDBPyConnection, lake: Lake | None) -> date | None:
    """The last day that has an event, None where there is none; a lake's objects say it by their names."""
    if lake:
        days = [key.day for key in lake.keys if key.table == "events"]
        return date.fromisoformat(max(days)) if days else None
    found = rows(db, "SELECT CAST(max(event_time) AS DATE) AS day FROM report.merged")
    day: date | None = found[0]["day"]
    return day


def rows(db: duckdb.DuckDBPyConnection, sql: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
    """The answer as one dictionary a row."""
    answer = db.execute(sql, list(values))
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def within(column: str, since: datetime, until: datetime) -> str:
    """Rows of a time, and the partitions that hold them: an object lies in the hour of its rows."""
    last = until - timedelta(microseconds=1)
    return f"dt BETWEEN '{since:%Y-%m-%d}' AND '{last:%Y-%m-%d}' AND {column} >= TIMESTAMP '{since}' AND {column} < TIMESTAMP '{until}'"
