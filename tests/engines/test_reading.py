"""Trino reads what the receiver wrote through the tables of template.yaml: every row, every value."""

import base64
from datetime import datetime

import deployed
import pytest


def same(got, expected):
    assert sorted(map(repr, got)) == sorted(map(repr, expected))


def test_every_stored_row_is_read_with_every_value_as_pythons_json_reads_it(hostile):
    same(hostile.rows(f"events_landed WHERE {hostile.days()}"), [deployed.flat(row) for row in hostile.stored()])


def test_every_json_column_parses(hostile):
    for column in deployed.JSON:
        # json_parse fails on a row that it cannot read.
        held, parsed = hostile.sql(f"SELECT count({column}), count(json_parse({column})) FROM events_landed WHERE {hostile.days()}")[0]
        assert held == parsed > 0, column


def test_every_reject_is_read_with_every_value_as_pythons_json_reads_it(hostile):
    columns = list(deployed.glue.columns("rejects"))
    selected = ", ".join(f'"{column}"' for column in columns)
    expected = [tuple(deployed.time_of(row[c], "millisecond") if c == "received_at" else row.get(c) for c in columns) for row in hostile.stored("rejects")]
    same(hostile.sql(f"SELECT {selected} FROM rejects WHERE {hostile.days('rejects')}"), expected)
    # What was sent is whole: the bytes that are not UTF-8 among it.
    raw = [base64.b64decode(row[-1]) if row[-1] else row[-2].encode() for row in expected]
    assert b'{"log_id":"r-6","data":{"user_name":"\xff\xfe"}}' in raw


def test_the_partitions_hold_the_hours_of_their_rows(hostile):
    wrong = "date_format(event_time, '%Y-%m-%d') <> dt OR hour(event_time) <> hour"
    assert hostile.sql(f"SELECT count(*) FROM events_landed WHERE {hostile.days()} AND ({wrong})") == [(0,)]


def test_every_known_type_code_has_its_name_category_and_outcome(hostile):
    rows = hostile.sql(f"SELECT DISTINCT type, code_name, category, outcome FROM events_landed WHERE {hostile.days()} AND type IS NOT NULL")
    known = {row["code"]: (row["name"], row["category"], row["outcome"]) for row in deployed.TYPES.values()}
    assert {row[0]: row[1:] for row in rows} == {row[0]: known.get(row[0], (None, None, None)) for row in rows}
    assert len(rows) > 50


@pytest.mark.parametrize("name", ["LastHourByType", "FailedLoginsByIp", "RowsWithDrift"])
def test_the_saved_queries_of_the_template_count_the_events_of_now(tables, name):
    now = datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%S.000Z")
    text = f'{{"log_id":"n-%d","data":{{"date":"{now}","type":"fp","ip":"192.0.2.1","user_name":"a%d@example.com","user_id":{{}}}}}}'
    tables.receive("[" + ",".join(text % (n, n) for n in range(3)) + "]", text % (1, 1))
    query = deployed.glue.resources()[name]["Properties"]["QueryString"]
    rows, counted = tables.sql(query), {"LastHourByType": 2, "FailedLoginsByIp": 1, "RowsWithDrift": 2}[name]
    assert [row[counted] for row in rows] == [3]
