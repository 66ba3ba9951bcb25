"""Brings the window's events, each once, into a DuckDB file of the report's own, and counts what it met.

Each object is read once. What the figures need lies in the schema `report` then, so that a lake of any size takes
little memory and each figure little time.
"""

import pathlib
import re
from datetime import timedelta

import duckdb

from auth0_log_lake import query, statements
from auth0_log_lake.reporting import hits, merged
from auth0_log_lake.reporting.options import Wrong

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


def opened(folder, asked):
    """A database in a folder: the lake's views in `main`, the table as `report.merged`, whichever is asked for."""
    db = duckdb.connect(str(pathlib.Path(folder) / "local.duckdb"))
    spill = query.quoted(str(pathlib.Path(folder) / "spill"))
    db.sql(f"SET memory_limit = '{MEMORY}'; SET temp_directory = {spill}; SET preserve_insertion_order = false; SET enable_progress_bar = false")
    db.sql("CREATE SCHEMA report")
    try:
        if asked.lake and not any(query.open_lake(db, asked.lake)) and not empty_folder(asked.lake):
            raise Wrong(f"{asked.lake} holds neither events/ nor rejects/, but other things: LAKE needs a folder that a receiver wrote, or an empty one")
        if asked.table:
            merged.open_table(db, asked.table)
    except query.Unanswered as error:
        raise Wrong(str(error)) from None
    return db


def empty_folder(lake):
    """An s3:// prefix without objects is an empty lake; so is a folder with nothing in it but the two folders."""
    if lake.startswith("s3://"):
        return True
    names = {path.name for path in pathlib.Path(lake.removeprefix("file://")).iterdir() if not path.name.startswith(".")}
    return names <= {"events", "rejects"}


def load(db, asked):
    """Makes report.events and report.before, and of a lake report.copies and report.rejects."""
    db.sql(f"CREATE TABLE report.events AS SELECT {', '.join(columns())} FROM {rows_of(asked, asked.since, asked.until)}")
    if asked.lake:
        landed = f"main.events_landed WHERE {within('event_time', asked.since, asked.until)}" if asked.table else "report.events"
        db.sql(f"CREATE TABLE report.copies AS SELECT count(*) AS copies, count(DISTINCT row_id) AS events FROM {landed}")
        received = within("received_at", asked.since, asked.until)
        db.sql(f"CREATE TABLE report.rejects AS SELECT received_at, reason, source, p_row_id FROM main.rejects WHERE {received}")
    if not asked.table:
        db.sql(f"""
            DELETE FROM report.events WHERE rowid IN (
                SELECT rowid FROM report.events WHERE row_id IN (SELECT row_id FROM report.events GROUP BY row_id HAVING count(*) > 1)
                QUALIFY NOT ({FIRST_COPY}))""")
    db.sql(f"""
        CREATE TABLE report.before AS
        SELECT source, {PERSON} AS person, {COUNTRY} AS country, max(event_time) AS last_seen,
            min(event_time) FILTER (outcome = 'success') AS first_success
        FROM {rows_of(asked, asked.since - asked.history, asked.since)} GROUP BY ALL""")


def columns():
    """What the figures need, and whatever a detection names."""
    words = NEEDED + re.findall(r"\w+", hits.text()) if hits.there() else NEEDED
    return [name for name in statements.NAMES if name.strip('"') in words]


def rows_of(asked, since, until):
    """SQL for the stored rows of a time, from the table or the lake; a lake's may stand twice."""
    if asked.table:
        return f"(SELECT * FROM report.merged WHERE event_time >= TIMESTAMP '{since}' AND event_time < TIMESTAMP '{until}')"
    return f"(SELECT * EXCLUDE (dt, hour) FROM main.events_landed WHERE {within('event_time', since, until)})"


def latest_day(db, asked):
    """The last day that has an event, none where there is none; a lake's objects say it by their names."""
    if asked.table:
        return db.sql("SELECT CAST(max(event_time) AS DATE) FROM report.merged").fetchone()[0]
    files = query.quoted(f"{asked.lake.removeprefix('file://').rstrip('/')}/events/*/*/*.ndjson*")
    return db.sql(f"SELECT max(TRY_CAST(regexp_extract(file, '/dt=([0-9-]+)/hour=[0-9]+/[^/]+$', 1) AS DATE)) FROM glob({files})").fetchone()[0]


def rows(db, sql, values=()):
    """The answer as one dictionary a row."""
    answer = db.execute(sql, list(values))
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row)) for row in answer.fetchall()]


def within(column, since, until):
    """Rows of a time, and the partitions that hold them: an object lies in the hour of its rows."""
    last = until - timedelta(microseconds=1)
    return f"dt BETWEEN '{since:%Y-%m-%d}' AND '{last:%Y-%m-%d}' AND {column} >= TIMESTAMP '{since}' AND {column} < TIMESTAMP '{until}'"
