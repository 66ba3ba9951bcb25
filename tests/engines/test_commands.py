"""`make tables` and `make merge` as the documents write them, against Athena's API with a real Trino behind it."""

import os
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


def make(athena, *arguments):
    env = {**os.environ, "AWS_ENDPOINT_URL": athena.url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
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
    names = ["event_types", "events", "events_landed", "events_landing", "events_live", "rejects", *(view.removeprefix("ocsf/") for view in deployed.sql.OCSF)]
    assert "ocsf_*         set, 12 views" in said and sorted(bare.sql("SHOW TABLES")) == sorted((name,) for name in names)


def test_tables_adds_the_columns_that_an_older_table_lacks(bare, athena):
    bare.make_table(left_out=["drift", "tracking_id", "event_schema"], live=False)
    said = answered(athena, "tables")
    assert "events         was there; added tracking_id, event_schema, drift" in said
    bare.receive(event("x", "2026-07-01T10:00:00Z", tracking_id="t", ip=[1]))
    bare.merge(**{"from": "2026-07-01", "to": "2026-08-01"})
    same(bare.rows(), expected(bare))
    same(bare.rows("events_live"), expected(bare))


def test_tables_that_fails_at_any_statement_can_be_repeated(bare, athena):
    made = ["SELECT", "SHOW", "CREATE TABLE", "CREATE OR REPLACE VIEW event_types", "CREATE OR REPLACE VIEW events_landed", "CREATE OR REPLACE VIEW events_live", "CREATE OR REPLACE VIEW ocsf_types", "CREATE OR REPLACE VIEW ocsf_user_access"]
    for start in made:
        athena.fail = lambda text, start=start: "Insufficient permissions" if text.startswith(start) else None
        result = make(athena, "tables")
        assert result.returncode != 0, start
        assert "lake: the query ended as FAILED: Insufficient permissions." in result.stderr
        if start == "CREATE TABLE":
            assert "events" not in [row[0] for row in bare.sql("SHOW TABLES")]
        athena.fail = lambda text: None
        answered(athena, "tables")
        if start in ("SELECT", "SHOW"):
            bare.sql("DROP VIEW events_live")
            bare.iceberg("DROP TABLE events")
    assert bare.rows() == []


def test_merge_goes_month_by_month_with_progress_and_gives_each_event_once(tables, athena):
    tables.receive(*(event(f"m-{month}", f"2026-{month:02}-15T10:00:00Z") for month in range(1, 8)))
    said = answered(athena, "merge", "FROM=2026-01", "TO=2026-06")
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
    answered(athena, "merge", "FROM=2026-07-01")
    assert len(athena.statements) == 3
    same(tables.rows(), expected(tables))


def test_merge_that_fails_says_from_where_to_go_on(tables, athena):
    tables.receive(*(event(f"m-{month}", f"2026-{month:02}-15T10:00:00Z") for month in (1, 2, 3)))
    athena.fail = lambda text: "Query exhausted resources" if "'2026-02-01' AND" in text else None
    result = make(athena, "merge", "FROM=2026-01", "TO=2026-03")
    assert result.returncode != 0
    assert "make merge FROM=2026-02-01" in result.stdout and "Query exhausted resources" in result.stderr
    assert tables.sql("SELECT log_id FROM events") == [("m-1",)]
    athena.fail = lambda text: None
    answered(athena, "merge", "FROM=2026-02-01", "TO=2026-03")
    same(tables.rows(), expected(tables))


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["FROM=July"], "it needs a month or a day, such as 2026-01 or 2026-01-15"),
    (["FROM=2026-03", "TO=2026-01"], "--to must not lie before --from."),
    (["TO=2026-01"], "--from"),
])
def test_merge_says_what_dates_it_needs(tables, athena, arguments, sentence):
    result = make(athena, "merge", *arguments)
    assert result.returncode != 0 and sentence in result.stdout + result.stderr
    assert athena.statements == []
