"""What docs/TABLES.md shows is so."""

import re

import deployed
import merge_costs
import stored

TEXT = (deployed.PROJECT / "docs/TABLES.md").read_text("utf-8")


def receive(tables, type_code, when):
    """Receives and merges an event of this type for each name, at the time that its SQL gives."""
    dates = {name: tables.sql(f"SELECT date_format({sql}, '%Y-%m-%dT%H:%i:%s.000Z')")[0][0] for name, sql in when.items()}
    tables.receive(*(f'{{"log_id":"{name}","data":{{"date":"{date}","type":"{type_code}","user_id":"{name}"}}}}' for name, date in dates.items()))
    tables.merge(**tables.range())


def test_each_query_that_the_document_shows_finds_what_it_says(tables):
    month = "date_trunc('month', now())"
    receive(tables, "gd_unenroll", {"last month": f"{month} - INTERVAL '1' DAY", "this month": month, "long ago": "now() - INTERVAL '90' DAY"})
    [query] = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)
    assert [row[1] for row in tables.sql(query)] == ["last month"]


def test_the_statement_that_deletes_old_rows_leaves_the_others(tables):
    receive(tables, "s", {"kept": "now() - INTERVAL '390' DAY", "old": "now() - INTERVAL '410' DAY"})
    assert sorted(row[0] for row in tables.sql("SELECT log_id FROM events")) == ["kept", "old"]
    [delete] = re.findall(r"`(DELETE FROM events [^`]+)`", TEXT)
    tables.sql(delete)
    assert [row[0] for row in tables.sql("SELECT log_id FROM events")] == ["kept"]


def test_the_bytes_stored_an_event_are_what_the_receiver_stores(receiver):
    sent = stored.records()
    assert len(sent) == 105
    for per_request, stated in merge_costs.STORED.items():
        assert abs(stored.bytes_an_event(receiver, per_request, sent) - stated) < 10, per_request
