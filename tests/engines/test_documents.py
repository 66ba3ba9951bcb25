"""What docs/TABLES.md shows is so."""

import re
import shlex

import deployed
import merge_costs
import stored
from test_query import answered, lake  # noqa: F401

TEXT = (deployed.PROJECT / "docs/TABLES.md").read_text("utf-8")


def test_each_query_that_the_document_shows_finds_what_it_says(tables):
    tables.receive(*(
        f'{{"log_id":"{name}","data":{{"date":"{tables.sql(f"SELECT date_format({when}, {form!r})")[0][0]}","type":"gd_unenroll","user_id":"{name}"}}}}'
        for form in ["%Y-%m-%dT%H:%i:%s.000Z"]
        for name, when in {"last month": "date_trunc('month', now()) - INTERVAL '1' DAY", "this month": "date_trunc('month', now())", "long ago": "now() - INTERVAL '90' DAY"}.items()
    ))
    tables.merge(**tables.range())
    [query] = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)
    assert [row[1] for row in tables.sql(query)] == ["last month"]


def test_the_statement_that_deletes_old_rows_leaves_the_others(tables):
    tables.receive(*(
        f'{{"log_id":"{name}","data":{{"date":"{tables.sql(f"SELECT date_format({when}, {form!r})")[0][0]}","type":"s"}}}}'
        for form in ["%Y-%m-%dT%H:%i:%s.000Z"]
        for name, when in {"kept": "now() - INTERVAL '390' DAY", "old": "now() - INTERVAL '410' DAY"}.items()
    ))
    tables.merge(**tables.range())
    assert sorted(row[0] for row in tables.sql("SELECT log_id FROM events")) == ["kept", "old"]
    [delete] = re.findall(r"`(DELETE FROM events [^`]+)`", TEXT)
    tables.sql(delete)
    assert [row[0] for row in tables.sql("SELECT log_id FROM events")] == ["kept"]


def test_each_make_query_that_the_document_shows_runs_as_written(lake):  # noqa: F811
    commands = [line for line in TEXT.splitlines() if line.startswith("make query")]
    assert len(commands) == 3
    for command in commands:
        arguments = [part for part in shlex.split(command)[1:] if not part.startswith("LAKE=")]
        assert "│" in answered(*arguments, f"LAKE={lake}"), command


def test_the_bytes_stored_an_event_are_what_the_receiver_stores(receiver):
    sent = stored.records()
    assert len(sent) == 105
    for per_request, stated in merge_costs.STORED.items():
        assert abs(stored.bytes_an_event(receiver, per_request, sent) - stated) < 10, per_request
