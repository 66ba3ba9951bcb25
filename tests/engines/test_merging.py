"""The MERGE of sql/ on Trino: each event once, by its id alone, whatever order things come in."""

import concurrent.futures
import json
from datetime import datetime, timedelta, timezone

import deployed
import duckdb
import fastavro
import pytest
import requests
import trino
from test_reading import same

JULY = {"from": "2026-07-01", "to": "2026-08-01"}


def event(log_id, date=None, **members):
    return json.dumps({"log_id": log_id, "data": {**({"date": date} if date else {}), "type": "s", **members}})


def ago(**delta):
    return (datetime.now(timezone.utc) - timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def expected(tables):
    return [deployed.flat(row) for row in deployed.once(tables.stored())]


def ids(tables, relation="events"):
    return sorted(row[0] for row in tables.sql(f"SELECT log_id FROM {relation}"))


def test_a_merge_of_everything_gives_each_event_once_with_every_value(hostile):
    hostile.merge(**hostile.range())
    same(hostile.rows(), expected(hostile))
    same(hostile.rows("events_live"), expected(hostile))


def test_a_repeated_and_an_overlapping_merge_change_nothing_and_write_no_data(tables):
    tables.receive(*(event(f"r-{n}", f"2026-07-0{n}T10:00:00Z") for n in range(1, 6)))
    tables.merge(**JULY)
    before, files = tables.rows(), {f for f in tables.files() if f.suffix == ".parquet"}
    tables.merge(**JULY)
    tables.merge(**{"from": "2026-07-03", "to": "2026-09-01"})
    same(tables.rows(), before)
    assert len(before) == 5 and {f for f in tables.files() if f.suffix == ".parquet"} == files


def test_a_window_without_any_object_merges_nothing(tables):
    for window in ("hourly", "daily", "weekly"):
        tables.merge(window)
    assert tables.rows() == tables.rows("events_live") == []


def test_copies_in_many_batches_become_one_row_and_the_earliest_received_wins(tables):
    first = event("d-1", "2026-07-01T10:00:00Z", user_name="first")
    again = event("d-1", "2026-07-01T10:00:00Z", user_name="second")
    tables.receive(first, f"[{again},{event('d-2', '2026-07-01T10:00:00Z')}]", again + again)
    assert len(tables.stored()) == 5
    tables.merge(**JULY)
    assert sorted(tables.sql("SELECT log_id, user_name FROM events")) == [("d-1", "first"), ("d-2", None)]


def test_of_two_copies_in_one_request_the_choice_is_the_same_each_time(server, receiver):
    bodies = [event("t", "2026-07-01T10:00:00Z", user_name=name, details={"n": name}) for name in ("b", "a", "c")]
    chosen = []
    for n, order in enumerate(([0, 1, 2], [2, 1, 0], [1, 2, 0])):
        tables = deployed.Deployed(server, f"tie{n}", receiver)
        tables.receive("[" + ",".join(bodies[i] for i in order) + "]")
        tables.merge(**JULY)
        chosen += tables.sql("SELECT user_name FROM events")
    assert chosen == [("a",)] * 3


@pytest.mark.parametrize("dated_first", [True, False])
@pytest.mark.parametrize("dated_merged_first", [True, False])
def test_the_same_id_under_two_days_is_one_row_the_earliest_received_in_either_order_of_merges(tables, dated_first, dated_merged_first):
    dated, undated = event("two", "2026-07-01T10:00:00Z", user_name="dated"), event("two", user_name="undated")
    tables.receive(*((dated, undated) if dated_first else (undated, dated)))
    assert {row["ingest"]["time_source"] for row in tables.stored()} == {"date", "received"}
    for merge in ([JULY, None] if dated_merged_first else [None, JULY]):
        tables.merge("range" if merge else "daily", **(merge or {}))
        assert len(tables.rows()) == 1
    same(tables.rows(), expected(tables))
    same(tables.rows("events_live"), expected(tables))
    assert tables.sql("SELECT user_name FROM events") == [("dated" if dated_first else "undated",)]


def test_an_event_without_a_time_of_its_own_that_comes_again_stays_one_row(tables):
    tables.receive(event("opaque"))
    tables.merge("hourly")
    tables.receive(event("opaque"))
    tables.merge("hourly")
    assert len(tables.stored()) == 2
    same(tables.rows(), expected(tables))


def test_two_sources_with_the_same_ids_are_two_rows(tables):
    body = event("same", "2026-07-01T10:00:00Z")
    tables.receive(body, source="eu")
    tables.receive(body, source="us")
    tables.merge(**JULY)
    assert sorted(tables.sql("SELECT source, log_id FROM events")) == [("eu", "same"), ("us", "same")]


def test_each_window_reaches_as_far_as_it_says_and_late_events_come_with_the_wider_ones(tables):
    times = {"now": ago(), "an hour": ago(hours=1), "a day": ago(days=1), "30 days": ago(days=30), "34 days": ago(days=34), "40 days": ago(days=40)}
    tables.receive(*(event(name, time) for name, time in times.items()))
    seen = []
    for window in ("hourly", "daily", "weekly"):
        tables.merge(window)
        seen.append(set(ids(tables)))
    assert {"now", "an hour"} <= seen[0] <= {"now", "an hour", "a day"}
    assert seen[1] == {"now", "an hour", "a day"}
    assert seen[2] == set(times) - {"40 days"}
    day = times["40 days"][:10]
    tables.merge(**{"from": day, "to": str(datetime.fromisoformat(day).date() + timedelta(days=1))})
    assert set(ids(tables)) == set(times)


def test_live_shows_what_landed_since_beside_what_is_merged_each_once(tables):
    tables.receive(event("merged", ago()), event("opaque"), event("old", "2026-07-01T10:00:00Z"))
    tables.merge("daily")
    tables.merge(**JULY)
    tables.receive(event("fresh", ago()), event("merged", ago(minutes=1)), event("opaque"), event("fresh", ago(minutes=2)))
    assert ids(tables) == ["merged", "old", "opaque"]
    assert ids(tables, "events_live") == ["fresh", "merged", "old", "opaque"]


def test_a_merge_that_is_cancelled_leaves_the_table_as_it_was_or_whole_and_the_next_one_ends_it(tables):
    tables.receive("[" + ",".join(event(f"c-{n}", f"2026-07-{1 + n % 28:02}T10:00:00Z") for n in range(500)) + "]")
    for _ in range(3):
        url = f"http://127.0.0.1:{tables.server.port}/v1/statement"
        headers = {"X-Trino-User": "test", "X-Trino-Catalog": "hive", "X-Trino-Schema": tables.name}
        answer = requests.post(url, deployed.sql.merge("range", **JULY).encode(), headers=headers).json()
        while answer.get("stats", {}).get("state") in ("QUEUED", "WAITING_FOR_RESOURCES", "DISPATCHING", "PLANNING", "STARTING"):
            answer = requests.get(answer["nextUri"]).json()
        if "nextUri" in answer:
            requests.delete(answer["nextUri"]).raise_for_status()
        assert len(tables.rows()) in (0, 500)
    tables.merge(**JULY)
    same(tables.rows(), expected(tables))


def test_merges_at_the_same_time_give_each_event_once_and_one_that_conflicts_can_be_repeated(tables):
    tables.receive("[" + ",".join(event(f"c-{n}", f"2026-07-{1 + n % 28:02}T10:00:00Z") for n in range(200)) + "]")

    def until_committed(_):
        # Of four that start at once one commits in each round.
        for _ in range(4):
            try:
                return tables.merge(**JULY)
            except trino.exceptions.TrinoQueryError as error:
                assert error.error_name == "ICEBERG_COMMIT_ERROR", error
        raise AssertionError("a merge conflicts with none")

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(until_committed, range(4)))
    same(tables.rows(), expected(tables))


def test_a_column_that_a_later_version_adds_is_null_in_the_rows_before_and_filled_after(tables):
    tables.iceberg("DROP TABLE events")
    tables.make_table(left_out=["tracking_id"], live=False)
    tables.receive(event("before", "2026-07-01T10:00:00Z", tracking_id="x"))
    older = deployed.sql.merge("range", **JULY).replace("    tracking_id,\n", "").replace("  tracking_id,\n", "").replace("  tracking_id = fresh.tracking_id,\n", "").replace("  fresh.tracking_id,\n", "")
    tables.sql(older)
    tables.iceberg("ALTER TABLE events ADD COLUMN tracking_id varchar")
    tables.receive(event("after", "2026-07-02T10:00:00Z", tracking_id="y"))
    tables.merge(**JULY)
    assert sorted(tables.sql("SELECT log_id, tracking_id FROM events")) == [("after", "y"), ("before", None)]


def test_optimizing_keeps_every_row_and_leaves_one_file_a_day(tables):
    for n in range(4):
        tables.receive(event(f"o-{n}", "2026-07-01T10:00:00Z"))
        tables.merge(**JULY)
    count = 'SELECT count(*) FROM "events$files"'
    assert tables.iceberg(count) == [(4,)]
    tables.iceberg("ALTER TABLE events EXECUTE optimize")
    assert tables.iceberg(count) == [(1,)]
    same(tables.rows(), expected(tables))


def test_an_erased_person_is_in_no_file_of_the_table_once_snapshots_are_gone(tables):
    person, other = "auth0|erase-me-1357", "auth0|keep-me-2468"
    tables.receive(*(event(f"{who}-{n}", f"2026-07-0{n}T10:00:00Z", user_id=who) for who in (person, other) for n in range(1, 4)))
    tables.merge(**JULY)
    doomed = ", ".join(f"'{row[0]}'" for row in tables.sql(f"SELECT row_id FROM events WHERE user_id = '{person}'"))
    check = deployed.sql.statement("erase_check", row_ids=doomed)
    # Data files and the bounds that manifests keep of them.
    assert {path.suffix for path in tables.files() if holds(path, person)} == {".parquet", ".avro"}
    tables.sql(deployed.sql.statement("erase", row_ids=doomed))
    assert any(holds(path, person) for path in tables.files()), "a delete alone leaves the rows in older snapshots"
    rows, delete_files, _, snapshots = tables.iceberg(check)[0]
    assert rows == 0 and delete_files > 0 and snapshots > 1
    tables.iceberg("ALTER TABLE events EXECUTE optimize")
    assert tables.iceberg(check)[0][2] > 0
    tables.sql(deployed.sql.statement("erase_forget"))
    for step in ("expire_snapshots", "remove_orphan_files"):
        tables.iceberg(f"ALTER TABLE events EXECUTE {step}(retention_threshold => '0s')")
    assert tables.iceberg(check) == [(0, 0, 0, 1)]
    assert not [path for path in tables.files() if holds(path, person)]
    assert sorted(tables.sql("SELECT user_id, count(*) FROM events GROUP BY 1")) == [(other, 3)]


def holds(path, person):
    """Whether a file of the table has the person: a data file's values, a manifest's bounds (cut to 16 letters), or other bytes."""
    if path.suffix == ".parquet":
        return duckdb.sql(f"SELECT count(*) FROM '{path}' AS file WHERE file::VARCHAR LIKE '%{person}%'").fetchone()[0] > 0
    if path.suffix == ".avro":
        with open(path, "rb") as file:
            return person[:15] in repr(list(fastavro.reader(file)))
    return person[:15].encode() in path.read_bytes()
