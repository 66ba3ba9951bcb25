"""A query engine reads the rows: DuckDB, with the columns that the landing tables declare."""

import re

import duckdb
import pytest
from conftest import PROJECT

GOLDEN = PROJECT / "tests/golden"


def columns(template, table):
    """The columns of a Glue table as DuckDB spells them."""
    declared = template["Resources"][table]["Properties"]["TableInput"]["StorageDescriptor"]["Columns"]
    return {c["Name"]: duckdb_type(c["Type"].replace(" ", "")) for c in declared}


def duckdb_type(hive):
    if hive.startswith("array<"):
        return duckdb_type(hive[6:-1]) + "[]"
    if hive.startswith("struct<"):
        return "STRUCT(" + ", ".join(f'"{name}" {duckdb_type(kind)}' for name, kind in members(hive[7:-1])) + ")"
    return {"string": "VARCHAR", "int": "INTEGER", "double": "DOUBLE", "boolean": "BOOLEAN", "timestamp": "TIMESTAMP_NS"}[hive]


def members(text):
    """Splits `a:string,b:struct<c:int>` at its outer commas."""
    depth, start = 0, 0
    for at, letter in enumerate(text + ","):
        depth += (letter == "<") - (letter == ">")
        if letter == "," and depth == 0:
            yield text[start:at].split(":", 1)
            start = at + 1


@pytest.fixture(scope="module")
def lake(template):
    db = duckdb.connect()
    for view, table, folder in (("events", "EventsLanding", "events"), ("rejects", "Rejects", "rejects")):
        files = f"{GOLDEN}/*/{folder}/*/*/*.ndjson"
        rows = db.read_json(files, format="newline_delimited", columns=columns(template, table), hive_partitioning=True)
        rows.create_view(view)
    return db


def lines(folder):
    return [line for path in GOLDEN.glob(f"*/{folder}/*/*/*.ndjson") for line in path.read_text("utf-8").split("\n") if line]


def one(lake, sql):
    return lake.sql(sql).fetchall()[0]


def test_every_row_is_read_also_those_of_hostile_records(lake):
    assert one(lake, "SELECT count(*), count(p_row_id), count(DISTINCT p_row_id) FROM events") == (len(lines("events")),) * 3
    assert one(lake, "SELECT count(*), count(reason), count(coalesce(raw, raw_base64)) FROM rejects") == (len(lines("rejects")),) * 3


def test_the_columns_have_the_values_of_the_rows(lake):
    types = {re.search(r'"type":"([^"]*)"', line)[1] for line in lines("events") if '"type":"' in line}
    assert {row[0] for row in lake.sql("SELECT DISTINCT data.type FROM events WHERE data.type IS NOT NULL").fetchall()} == types
    assert one(lake, "SELECT count(*) FROM events WHERE p_event_time IS NULL OR year(p_event_time) < 2010") == (0,)
    assert one(lake, "SELECT count(*) FROM events WHERE list_contains(p_any_usernames, data.user_id)")[0] > 50


@pytest.mark.parametrize("column", ["details", "unmapped", "auth0_client", "security_context", "\"references\"", "event_schema"])
def test_no_json_column_holds_anything_but_json(lake, column):
    held, valid = one(lake, f"SELECT count(data.{column}), count(*) FILTER (json_valid(data.{column})) FROM events")
    assert held == valid and held > 0


def test_the_partitions_are_those_of_the_times(lake):
    wrong = "strftime(p_event_time, '%Y-%m-%d') <> dt::VARCHAR OR hour(p_event_time) <> hour::INTEGER"
    assert one(lake, f"SELECT count(*) FROM events WHERE {wrong}") == (0,)
