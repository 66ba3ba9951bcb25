"""The very inputs of the template's schedules, sent to Athena's API with a real Trino behind it."""

import concurrent.futures

import deployed
import pytest
import scheduled
from fake_athena import Athena
from test_merging import ago, event, expected, ids
from test_reading import same

MERGES = ("MergeHourly", "MergeDaily", "MergeWeekly")
UPKEEP = ("OptimizeDaily", "VacuumDaily")
OF_ALERTS = ("OptimizeAlertsDaily", "VacuumAlertsDaily")


class Scheduler:
    """Starts what a schedule says, and does not look how it ends; `ended` does."""

    def __init__(self, tables):
        self.athena, self.inputs = Athena(tables), scheduled.inputs(tables.name)

    def starts(self, name):
        return self.athena.StartQueryExecution(self.inputs[name])["QueryExecutionId"]

    def ended(self, *names):
        """How each of these ended, started one after another."""
        started = [self.starts(name) for name in names]
        return [self.athena.GetQueryExecution({"QueryExecutionId": each})["QueryExecution"]["Status"].get("StateChangeReason") for each in started]


@pytest.fixture
def scheduler(tables):
    running = Scheduler(tables)
    yield running
    running.athena.stop()


def test_there_are_three_merges_and_two_of_upkeep_for_each_table(scheduler):
    assert set(scheduler.inputs) == {*MERGES, *UPKEEP, *OF_ALERTS}


def test_the_upkeep_of_alerts_joins_their_files_drops_old_snapshots_and_keeps_every_row(tables, scheduler):
    tables.iceberg(deployed.alerts_ddl(f"local:///{tables.name}/alerts"))
    assert scheduler.ended(*OF_ALERTS) == [None] * 2
    for n in range(3):
        tables.sql(f"INSERT INTO alerts (hit_key, detection, subject) VALUES ('{n}', 'role_created', 'ada@example.com')")
        tables.sql(deployed.sql.statement("alerts_claim", muted="", run=f"run-{n}"))
        tables.sql(deployed.sql.statement("alerts_told", run=f"run-{n}"))
    told = tables.sql("SELECT hit_key, told_by, told_at IS NOT NULL FROM alerts ORDER BY 1")
    assert told == [(f"{n}", f"run-{n}", True) for n in range(3)]
    state = 'SELECT (SELECT count(*) FROM "alerts$files"), (SELECT count(*) FROM "alerts$snapshots")'
    assert all(count > 3 for count in tables.iceberg(state)[0])
    assert scheduler.ended(*OF_ALERTS) == [None] * 2
    assert tables.iceberg(state) == [(1, 1)]
    assert tables.sql("SELECT hit_key, told_by, told_at IS NOT NULL FROM alerts ORDER BY 1") == told


def test_with_no_landing_at_all_each_ends_well_and_the_table_is_empty(tables, scheduler):
    assert scheduler.ended(*MERGES, *UPKEEP) == [None] * 5
    assert tables.rows() == []


def test_without_the_table_each_fails_at_once_and_what_landed_stays(tables, scheduler):
    tables.iceberg("DROP TABLE events")
    tables.receive(event("x", ago()))
    failures = scheduler.ended(*MERGES)
    assert len(failures) == 3 and all(reason.startswith("TABLE_NOT_FOUND") for reason in failures), failures
    assert ids(tables, f"events_landed WHERE {tables.days()}") == ["x"]


def test_each_brings_in_its_window_and_a_repetition_changes_nothing(tables, scheduler):
    tables.receive(event("now", ago()), event("day", ago(days=1)), event("week", ago(days=7)), event("old", ago(days=40)))
    seen = []
    for name in MERGES:
        assert scheduler.ended(name) == [None]
        seen.append(ids(tables))
    assert "now" in seen[0] and set(seen[0]) <= {"now", "day"}
    assert seen[1:] == [["day", "now"], ["day", "now", "week"]]
    before = tables.rows()
    assert scheduler.ended(*MERGES, *UPKEEP) == [None] * 5
    same(tables.rows(), before)


def test_after_a_week_of_not_running_the_weekly_one_brings_in_what_the_others_do_not(tables, scheduler):
    tables.receive(*(event(f"days-{days}", ago(days=days)) for days in range(9)), event("undated"))
    assert scheduler.ended("MergeHourly", "MergeDaily") == [None] * 2
    assert ids(tables) == ["days-0", "days-1", "undated"]
    assert scheduler.ended("MergeWeekly") == [None]
    same(tables.rows(), expected(tables))


def test_schedules_that_overlap_give_each_event_once_and_one_that_conflicts_is_made_good_by_its_next_run(tables, scheduler):
    tables.receive("[" + ",".join(event(f"o-{n}", ago(hours=n)) for n in range(60)) + "]", event("o-1", ago(hours=1), user_name="again"), event("undated"))
    # Not VACUUM: here it drops snapshots at once, under a merge that reads them; in Athena it keeps them for five days.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        started = list(pool.map(scheduler.starts, [*MERGES, "OptimizeDaily"]))
    reasons = [scheduler.athena.ended[each][1] for each in started]
    assert all(reason is None or reason.startswith("ICEBERG_COMMIT_ERROR") for reason in reasons), reasons
    assert None in reasons
    assert scheduler.ended(*MERGES, *UPKEEP) == [None] * 5
    same(tables.rows(), expected(tables))
