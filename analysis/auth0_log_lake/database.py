"""The views of sql/ over a lake, in DuckDB."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import duckdb

from auth0_log_lake import lake as lakes
from auth0_log_lake import statements
from auth0_log_lake.command import Unanswered
from auth0_log_lake.keys import TABLES
from auth0_log_lake.lake import Lake
from auth0_log_lake.window import OPEN, Window

Answer = TypeVar("Answer")
LANDING = {"events": "events_landing", "rejects": "rejects"}
# The time by which a window chooses rows.
CLOCKS = {"events": "p_event_time", "rejects": "received_at"}
LARGEST_ROW = 64 << 20
PARTITION = r"/dt=([0-9-]{10})/hour=([0-9]{2})/[^/]+$"
# What DuckDB raises where an object, not the SQL, may be at fault.
OF_OBJECTS = (duckdb.InvalidInputException, duckdb.IOException, duckdb.ConversionException)
# Objects that are tried together when one of them is at fault.
TRIED_TOGETHER = 100


@dataclass(frozen=True)
class Needs:
    """What a question reads: the tables whose objects it needs, and whether it needs the views of OCSF."""

    tables: tuple[str, ...] = TABLES
    ocsf: bool = True


ALL = Needs()
EVENTS = Needs(("events",), ocsf=False)


def opened(where: str, window: Window = OPEN, needs: Needs = ALL) -> tuple[duckdb.DuckDBPyConnection, Lake]:
    """A database with the views over a lake that holds something."""
    lake = lakes.opened(where)
    lake.refuse_empty()
    db = duckdb.connect()
    make_views(db, lake, window, needs)
    return db, lake


def make_views(db: duckdb.DuckDBPyConnection, lake: Lake, window: Window = OPEN, needs: Needs = ALL) -> None:
    """Makes the views; the window bounds their rows."""
    db.sql("SET TimeZone = 'UTC'")
    since, until = (f"{time:%Y-%m-%d}" if time else None for time in (window.since, window.until))
    for table, view in LANDING.items():
        files = lake.files(lake.take(table, since, until)) if table in needs.tables else []
        db.execute(f"SET VARIABLE {table}_objects = $1", [files])
        db.sql(f"CREATE OR REPLACE VIEW {view} AS {rows_of(table, files, window)}")
    for view in statements.VIEWS:
        db.sql(statements.transpiled(statements.statement(view), "duckdb"))
    db.sql("CREATE OR REPLACE VIEW events_live AS SELECT * FROM events")
    for view in statements.OCSF if needs.ocsf else []:
        db.sql(statements.transpiled(statements.statement(view), "duckdb"))


def rows_of(table: str, files: list[str], window: Window) -> str:
    """SQL for the rows of a table's objects."""
    columns = statements.landing_columns(LANDING[table], "duckdb")
    if not files:
        empty = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in [*columns.items(), ("dt", "VARCHAR"), ("hour", "INTEGER")])
        return f"SELECT {empty} WHERE false"
    bounds = [f"{CLOCKS[table]} {sign} TIMESTAMP '{time}'" for sign, time in ((">=", window.since), ("<", window.until)) if time]
    return f"""
        SELECT * EXCLUDE (filename), regexp_extract(filename, '{PARTITION}', 1) AS dt, CAST(regexp_extract(filename, '{PARTITION}', 2) AS INTEGER) AS hour
        FROM {scan(f"getvariable('{table}_objects')", columns)} WHERE {" AND ".join(bounds) or "true"}"""


def scan(files: str, columns: dict[str, str]) -> str:
    kinds = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in columns.items())
    return (
        f"read_json({files}, format = 'newline_delimited', columns = {{{kinds}}}, filename = true,"
        f" hive_partitioning = false, maximum_object_size = {LARGEST_ROW})"
    )


def past_damage(db: duckdb.DuckDBPyConnection, lake: Lake, ask: Callable[[], Answer]) -> Answer:
    """Asks; if an object is at fault that looked whole, leaves it out and asks again."""
    try:
        try:
            return ask()
        except OF_OBJECTS:
            if not leave_out(db, lake):
                raise
        return ask()
    except OF_OBJECTS as error:
        raise Unanswered(f"the SQL was not answered: {sentence(error).replace(f'{lake.desk}/lake/', '')}") from None


def leave_out(db: duckdb.DuckDBPyConnection, lake: Lake) -> bool:
    """Reads each object alone, leaves out those that DuckDB cannot read, and returns whether there were any."""
    before = len(lake.skipped)
    for table, view in LANDING.items():
        kept = [key for key, path in lake.taken.items() if key.table == table and path]
        columns = statements.landing_columns(view, "duckdb")
        for start in range(0, len(kept), TRIED_TOGETHER):
            some = kept[start : start + TRIED_TOGETHER]
            if unreadable(db, lake.files(some), columns):
                for key in some:
                    if why := unreadable(db, lake.files([key]), columns):
                        lake.skip(key, why)
        asked = set(db.execute(f"SELECT getvariable('{table}_objects')").fetchall()[0][0])
        files = [file for file in lake.files(kept) if file in asked]
        db.execute(f"SET VARIABLE {table}_objects = $1", [files])
        if not files:
            db.sql(f"CREATE OR REPLACE VIEW {view} AS {rows_of(table, files, OPEN)}")
    return len(lake.skipped) > before


def unreadable(db: duckdb.DuckDBPyConnection, files: list[str], columns: dict[str, str]) -> str | None:
    """Why DuckDB cannot read these objects, or None."""
    try:
        db.execute(f"SELECT count(COLUMNS(*)) FROM {scan('$1', columns)}", [files]).fetchall()
    except duckdb.Error as error:
        said = re.sub(r' in file "[^"]*"', "", sentence(error)).replace(files[0], "it")
        return said.removeprefix("Invalid Input Error: ").partition(" If this error occurred")[0]
    return None


def sentence(error: Exception) -> str:
    """What DuckDB said, without the SQL below it."""
    return " ".join(str(error).split("\nLINE ")[0].split())


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
