"""`make tables`, `make merge` and `make doctor` as the documents write them, against Athena's API with a real Trino behind it."""

import os
import re
import subprocess

import deployed
import pytest
from fake_athena import Athena
from test_merging import event, expected
from test_reading import same


@pytest.fixture
def bare(tables):
    """Landing tables alone, as the stack makes them."""
    for view in ("events_live", "events_landed", "event_types"):
        tables.sql(f"DROP VIEW {view}")
    tables.iceberg("DROP TABLE events")
    return tables


@pytest.fixture
def athena(tables):
    running = Athena(tables)
    yield running
    running.stop()


def environment(athena):
    return {**os.environ, "AWS_ENDPOINT_URL": athena.url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


def make(athena, *arguments):
    env = environment(athena)
    command = ["make", "--no-print-directory", "-C", str(deployed.PROJECT), *arguments, "STACK=a-stack", f"DATABASE={athena.tables.name}"]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=1800)


def answered(athena, *arguments):
    result = make(athena, *arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_tables_makes_all_of_it_and_repeating_it_changes_nothing(bare, athena):
    said = answered(athena, "tables")
    assert f"events         made, {len(deployed.COLUMNS)} columns, in s3://lake/auth0/tables/events/" in said
    bare.receive(event("x", "2026-07-01T10:00:00Z"))
    bare.merge(**{"from": "2026-07-01", "to": "2026-08-01"})
    said = answered(athena, "tables")
    assert "events         was there, with every column" in said and "events_live    set" in said
    same(bare.rows(), expected(bare))
    assert "alerts         set" in said and "events_recent" not in said and "detections     set" in said
    ocsf = [view.removeprefix("ocsf/") for view in deployed.sql.OCSF]
    made = ["alert_messages", "alerts", "detections", "event_types", "events", "events_landed", "events_landing", "events_live", "events_recent", "rejects"]
    assert f"ocsf_*         set, {len(ocsf)} views" in said
    assert sorted(bare.sql("SHOW TABLES")) == sorted((name,) for name in made + ocsf)
    assert bare.sql("SELECT count(*) FROM detections") == bare.sql("SELECT count(*) FROM alert_messages") == [(0,)]


def test_tables_adds_the_columns_that_an_older_table_lacks(bare, athena):
    bare.make_table(left_out=["drift", "tracking_id", "event_schema"], live=False)
    said = answered(athena, "tables")
    assert "events         was there; added tracking_id, event_schema, drift" in said
    bare.receive(event("x", "2026-07-01T10:00:00Z", tracking_id="t", ip=[1]))
    bare.merge(**{"from": "2026-07-01", "to": "2026-08-01"})
    same(bare.rows(), expected(bare))
    same(bare.rows("events_live"), expected(bare))


def test_tables_that_fails_at_any_statement_can_be_repeated(bare, athena):
    # The statements in their order, each by its beginning.
    made = [
        "SELECT", "SHOW", "CREATE TABLE IF NOT EXISTS events", "CREATE OR REPLACE VIEW event_types", "CREATE OR REPLACE VIEW events_landed",
        "CREATE OR REPLACE VIEW events_live", *["CREATE OR REPLACE VIEW " + view.removeprefix("ocsf/") for view in deployed.sql.OCSF],
        "CREATE TABLE IF NOT EXISTS alerts", "DROP TABLE IF EXISTS events_recent",
        "CREATE TABLE events_recent", "CREATE OR REPLACE VIEW detections", "CREATE OR REPLACE VIEW alert_messages",
    ]
    for start in made:
        athena.fail = lambda text, start=start: "Insufficient permissions" if text.startswith(start) else None
        result = make(athena, "tables")
        assert result.returncode != 0, start
        assert "lake: the query ended as FAILED: Insufficient permissions." in result.stderr
        if start.startswith("CREATE TABLE"):
            assert start.split(" ")[-1] not in [row[0] for row in bare.sql("SHOW TABLES")]
        athena.fail = lambda text: None
        answered(athena, "tables")
        assert bare.rows() == bare.sql("SELECT * FROM detections") == []
        unmake(bare)
    assert [start for start in made if not any(text.startswith(start) for text in athena.statements)] == []


def unmake(bare):
    for view in ("alert_messages", "detections", "events_live", "events_landed", "event_types"):
        bare.sql(f"DROP VIEW {view}")
    bare.sql("DROP TABLE events_recent")
    for table in ("alerts", "events"):
        bare.iceberg(f"DROP TABLE {table}")


def test_tables_makes_what_the_detections_look_at_again_where_it_lacks_a_column(bare, athena):
    answered(athena, "tables")
    bare.sql("DROP TABLE events_recent")
    bare.sql("CREATE TABLE events_recent WITH (format = 'PARQUET') AS SELECT row_id FROM events_live")
    assert "events_recent  set" in answered(athena, "tables")
    assert bare.sql("SELECT count(*) FROM detections") == [(0,)]


def test_merge_goes_month_by_month_with_progress_and_gives_each_event_once(tables, athena):
    tables.receive(*(event(f"m-{month}", f"2026-{month:02}-15T10:00:00Z") for month in range(1, 8)))
    said = answered(athena, "merge", "SINCE=2026-01", "UNTIL=2026-06")
    assert said.splitlines()[0] == "2026-01-01 to 2026-01-31  merged, 12.3 MB read, 1.5 s"
    assert len(said.splitlines()) == 6
    assert sorted(tables.sql("SELECT log_id FROM events")) == [(f"m-{month}",) for month in range(1, 7)]
    # The very statement that the other tests ran.
    assert athena.statements[-1] == deployed.sql.merge("range", **{"from": "2026-06-01", "to": "2026-07-01"})


def test_merge_without_dates_takes_the_last_35_days(tables, athena):
    tables.receive(event("now"))
    assert answered(athena, "merge").startswith("the last 35 days  merged")
    assert athena.statements == [deployed.sql.merge("weekly")]
    same(tables.rows(), expected(tables))


def test_merge_that_loses_a_commit_is_started_again(tables, athena):
    tables.receive(event("x", "2026-07-01T10:00:00Z"))
    lost = iter(["ICEBERG_COMMIT_ERROR: Failed to commit the transaction during write"] * 2)
    athena.fail = lambda text: next(lost, None)
    answered(athena, "merge", "SINCE=2026-07-01")
    assert len(athena.statements) == 3
    same(tables.rows(), expected(tables))


def test_merge_that_fails_says_from_where_to_go_on(tables, athena):
    tables.receive(*(event(f"m-{month}", f"2026-{month:02}-15T10:00:00Z") for month in (1, 2, 3)))
    athena.fail = lambda text: "Query exhausted resources" if "'2026-02-01' AND" in text else None
    result = make(athena, "merge", "SINCE=2026-01", "UNTIL=2026-03")
    assert result.returncode != 0
    assert "lake merge --since 2026-02-01" in result.stdout and "Query exhausted resources" in result.stderr
    assert tables.sql("SELECT log_id FROM events") == [("m-1",)]
    athena.fail = lambda text: None
    answered(athena, "merge", "SINCE=2026-02-01", "UNTIL=2026-03")
    same(tables.rows(), expected(tables))


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["SINCE=July"], "it needs a month or a day, such as 2026-01 or 2026-01-15"),
    (["SINCE=2026-03", "UNTIL=2026-01"], "--since must be before --until."),
    (["UNTIL=2026-01"], "--since"),
])
def test_merge_says_what_dates_it_needs(tables, athena, arguments, sentence):
    result = make(athena, "merge", *arguments)
    assert result.returncode != 0 and sentence in result.stdout + result.stderr
    assert athena.statements == []


def test_merge_without_the_workgroup_of_merges_says_what_to_deploy(tables, athena):
    del athena.workgroups["a-stack-merge"]
    result = make(athena, "merge")
    assert result.returncode == 2 and athena.statements == []
    assert "There is no workgroup a-stack-merge, in which the stack merges: deploy it with MergeCadence hourly or daily." in result.stdout


@pytest.fixture
def looked(tables, athena):
    """Runs `make doctor`, and gives its exit code and the lines of the table's steps as single spaced text."""
    receiver = deployed.Receiver(tables.binary, tables.folder)

    def look():
        env = {**environment(athena), "TOKEN": deployed.TOKENS["eu"]}
        command = ["make", "--no-print-directory", "-C", str(deployed.PROJECT), "doctor", f"URL=http://127.0.0.1:{receiver.port}/",
                   f"LAKE=file://{tables.folder}", "WORKGROUP=a-stack", f"DATABASE={tables.name}"]
        result = subprocess.run(command, env=env, capture_output=True, text=True, timeout=1800)
        said = " ".join(result.stdout.split())
        assert "found in the table ok A query of events_landing finds its row." in said, result.stdout + result.stderr
        return result.returncode, said.partition("finds its row.")[2].strip()

    yield look
    receiver.stop()


def test_the_doctor_says_that_the_table_is_there_and_when_a_merge_last_succeeded(tables, athena, looked):
    code, said = looked()
    assert code == 2 and said == (
        "table events ok It is there, with every column. last merge FAILED No merge has run. "
        'lake merge starts one now. RUNBOOK.md, "Stale table", says what else to look at.'
    )
    answered(athena, "merge")
    code, said = looked()
    assert code == 0 and re.fullmatch(r"table events ok It is there, with every column\. last merge ok The last merge that succeeded ended at \S+Z\.", said), said
    athena.fail = lambda text: "Query exhausted resources" if text.startswith("MERGE") else None
    assert make(athena, "merge").returncode == 2
    code, said = looked()
    assert code == 0 and said.endswith("The newest one failed: the query ended as FAILED: Query exhausted resources."), said


def test_the_doctor_says_what_to_do_where_there_is_no_table_a_column_is_lacking_or_nothing_is_merged(tables, athena, looked):
    tables.sql("DROP VIEW events_live")
    tables.iceberg("ALTER TABLE events DROP COLUMN tracking_id")
    code, said = looked()
    assert code == 2 and said.startswith("table events FAILED It lacks tracking_id. lake tables adds what is missing.")
    tables.iceberg("DROP TABLE events")
    code, said = looked()
    assert (code, said) == (2, "table events FAILED There is no such table. lake tables makes it; then lake merge brings in what has landed.")
    del athena.workgroups["a-stack-merge"]
    code, said = looked()
    assert (code, said) == (0, "table events - Not looked for: there is no workgroup a-stack-merge, so the stack merges nothing.")
