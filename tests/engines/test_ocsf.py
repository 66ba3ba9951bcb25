"""The views of OCSF on Trino: the events that DuckDB makes of the same objects, against the published schema; and what docs/OCSF.md shows."""

import json
import re
import sys

import deployed
import pytest
from conftest import bodies

sys.path.append(str(deployed.PROJECT / "tests/ocsf"))
import mapped  # noqa: E402
import published  # noqa: E402
import samples  # noqa: E402

# The day of the samples, and of most hostile records.
DAY = {"from": "2026-07-01", "to": "2026-07-02"}
TEXT = (deployed.PROJECT / "docs/OCSF.md").read_text("utf-8")


@pytest.fixture(scope="module")
def ocsf(server, receiver):
    """A table that holds each code twice and the hostile records of one day, and the views of OCSF over it."""
    tables = deployed.Deployed(server, "ocsf", receiver)
    tables.receive(json.dumps(list(samples.samples().values())), *bodies())
    tables.merge(**DAY)
    for view in deployed.sql.OCSF:
        tables.sql(deployed.sql.statement(view))
    return tables


def on_trino(tables, view):
    """The events of a view as Trino says them in JSON."""
    columns = [column for column, *_ in tables.sql(f"SHOW COLUMNS FROM {view}")]
    value = {column: f'CAST("{column}" AS json)' for column in columns}
    value["time_dt"] = "CAST(date_format(time_dt, '%Y-%m-%dT%H:%i:%s.%fZ') AS json)"
    rows = tables.sql(f"SELECT {', '.join(f'json_format({value[column]})' for column in columns)} FROM {view}")
    return [published.as_json({column: None if cell is None else json.loads(cell) for column, cell in zip(columns, row)}) for row in rows]


def by_id(events):
    """Events by their id, with times to the millisecond, as Trino reads them."""
    return {event["metadata"]["uid"]: {**event, "time_dt": event["time_dt"][:23], "metadata": metadata_of(event)} for event in events}


def metadata_of(event):
    times = {key: value[:23] for key, value in event["metadata"].items() if key == "original_time"}
    return {**event["metadata"], **times}


def test_trino_maps_all_181_codes_and_an_unknown_one_to_the_events_that_duckdb_makes_and_they_are_ocsf(ocsf):
    found = [event for view in mapped.VIEWS.values() for event in on_trino(ocsf, view)]
    codes = {event["metadata"].get("event_code") for event in found}
    assert codes >= {*samples.codes(), samples.UNKNOWN} and len(samples.codes()) == 181
    assert len(by_id(found)) == len(found) == ocsf.sql("SELECT count(*) FROM events")[0][0] > 2 * (181 + 1)
    assert {event["metadata"]["uid"]: faults for event in found if (faults := published.faults(event))} == {}
    everything = mapped.every(mapped.database.opened(str(ocsf.folder))[0])
    expected = by_id(event for event in everything if DAY["from"] <= event["time_dt"] < DAY["to"])
    assert by_id(found).keys() == expected.keys()
    keys = {key for event in [*found, *everything] for key in event}
    differ = [(key, event.get(key), expected[uid].get(key)) for uid, event in by_id(found).items() for key in keys if event.get(key) != expected[uid].get(key)]
    assert differ == []


@pytest.mark.parametrize(("condition", "is_pushed"), [("time_dt >= TIMESTAMP '2026-07-01 00:00:00'", True), ('"time" >= 1782864000000', False)])
def test_a_condition_on_time_dt_reaches_the_table_and_one_on_time_does_not(ocsf, condition, is_pushed):
    plan = ocsf.sql(f"EXPLAIN SELECT count(*) FROM ocsf_authentication WHERE {condition}")[0][0]
    [scan] = re.findall(r"table = iceberg:ocsf\.events\$data\S*( constraint on \[event_time\])?", plan)
    assert bool(scan) is is_pushed, plan


def test_each_query_that_the_document_shows_gives_rows_on_trino(ocsf):
    queries = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)
    assert len(queries) >= 2
    for query in queries:
        assert ocsf.sql(query), query
