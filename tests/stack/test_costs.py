"""The cost sheet."""

import importlib.util
import subprocess
import sys

from auth0_log_lake import statements
import merge_costs
import pytest
from conftest import PROJECT
from translated import all_metrics, metrics


@pytest.fixture(scope="module")
def cost():
    spec = importlib.util.spec_from_file_location("cost", PROJECT / "tests/stack/cost.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_cost_sheet_is_what_its_script_prints():
    printed = subprocess.run([sys.executable, PROJECT / "tests/stack/cost.py"], capture_output=True, text=True, check=True, timeout=30)
    sheet = (PROJECT / "COSTS.md").read_text()
    parts = [part.strip() for part in printed.stdout.split("\n\n")]
    tables = [part for part in parts if part.startswith("|")]
    assert len(tables) == 8 and [table for table in tables if table not in sheet] == []
    assert "512 MB of memory come with 0.29 of a processor" in parts[-1] and parts[-1].rstrip(".") in sheet


def test_the_costs_of_merges_are_what_their_script_prints():
    printed = subprocess.run([sys.executable, PROJECT / "sql/merge_costs.py"], capture_output=True, text=True, check=True, timeout=30)
    windows, cadences = printed.stdout.strip().split("\n\n")
    assert windows in (PROJECT / "docs/TABLES.md").read_text() and cadences in (PROJECT / "COSTS.md").read_text()


def test_the_costs_of_merges_count_the_windows_as_they_are(stack):
    hourly, daily, weekly = (statements.windows()[name][0] for name in ("hourly", "daily", "weekly"))
    # Hours that the hourly window names; two days by three hours, listed. Whole days, and tomorrow, which clocks that run ahead fill.
    assert hourly.count("hour(") == 3 and merge_costs.WINDOWS["hourly"][1:] == (6, 3)
    assert "INTERVAL '1' DAY" in daily and merge_costs.WINDOWS["daily"][1:] == (3 * 24, 2)
    assert "INTERVAL '35' DAY" in weekly and merge_costs.WINDOWS["weekly"][1:] == (37 * 24, 35 // 7)
    for cadence, windows in merge_costs.CADENCES.items():
        conditions = {stack["Resources"][f"Merge{window.capitalize()}"]["Condition"] for window in windows}
        assert conditions == ({"HasMerges", "HasHourlyMerges"} if cadence == "hourly" else {"HasMerges"})


def test_the_cost_of_the_checks_counts_what_the_template_has(stack, cost):
    ours = {name: r["Properties"] for name, r in stack["Resources"].items() if r.get("Condition") == "HasGaps"}
    assert cost.CHECKED_BY == ours["MissedChecksAlarm"]["EvaluationPeriods"]  # test_gaps.py holds this against the window
    assert cost.CHECK_MEMORY == stack["Parameters"]["GapsMemorySize"]["Default"]
    read = [m for name in ours if name.endswith("Alarm") for m in ours[name].get("Metrics", [{"MetricStat": {}}]) if "MetricStat" in m]
    assert (cost.CHECK_ALARMS, cost.CHECK_METRICS) == (len(read), len({"MissingEvents", "PartialAnswers", "CheckFailures"}))


def test_the_cost_counts_the_metrics_and_alarms_that_there_are(stack, cost):
    assert cost.METRICS == len(all_metrics())
    assert cost.METRICS_OF_A_SOURCE == len(metrics("SOURCE"))
    assert "EventsStored" in metrics("SOURCE")  # which the Silence alarms of sources watch
    alarms = [r for r in stack["Resources"].values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    assert cost.ALARMS == len([r for r in alarms if r.get("Condition") in (None, "HasMerges")])
    assert cost.ALARMS_OF_THE_QUEUE == len([r for r in alarms if r.get("Condition") == "HasBuffer"])
    one, two = cost.per_month(1), cost.per_month(2)
    assert (one["Alarms"], two["Alarms"]) == pytest.approx((1.3, 1.5))
    assert (one["Metrics"], two["Metrics"]) == pytest.approx((20 * 0.3, 26 * 0.3))


@pytest.fixture
def case(cost, monkeypatch):
    """The numbers that the sheet takes where none are given."""
    monkeypatch.setattr(sys, "argv", ["cost.py"])
    return cost.arguments()


def test_a_million_events_one_a_request_cost_at_most_2_50_through_the_queue_and_make_a_fiftieth_of_the_objects(cost, case):
    direct, buffered = (sum(of(1e6, 1, case).values()) for of in (cost.per_use, cost.per_use_buffered))
    assert (round(direct, 2), buffered <= 2.50) == (6.89, True), buffered
    objects = cost.objects_an_hour(1e6, 1, case)
    assert objects["directly"] / objects["BufferSeconds=300"] > 50


def test_the_queue_costs_what_its_requests_cost(cost, case):
    million = cost.PRICES["sqs_request"] * 1e6
    # Of 100 events, 142,400 bytes: three pieces of 64 KiB when it is sent, and when it is received.
    for per_request, chunks in [(1, 1), (46, 1), (47, 2), (100, 3), (184, 4)]:
        costs = cost.per_use_buffered(1e6, per_request, case)
        assert costs["SQS send"] == costs["SQS receive"] == pytest.approx(million / per_request * chunks), per_request
    case.received = 10
    assert cost.per_use_buffered(1e7, 1, case)["SQS receive"] == pytest.approx(million)
    # Ten messages of 10 events are 142,400 bytes.
    assert cost.per_use_buffered(1e7, 10, case)["SQS receive"] == pytest.approx(million / 10 * 3)
    beyond = cost.per_use_buffered(1e6, 185, case)
    assert {name: costs for name, costs in beyond.items() if costs} == cost.per_use(1e6, 185, case)


def test_the_writer_is_invoked_once_a_window_by_each_collector_and_as_often_as_its_payload_is_full(cost, case):
    windows = 730 * 3600 / 300
    assert cost.writes(1e6, 1, case) == 2 * windows
    assert cost.writes(1000, 1, case) == 1000
    assert cost.writes(1e9, 1, case) == pytest.approx(1e9 * cost.SENT / 5.5e6)
    case.buffer_seconds = 60
    assert cost.writes(1e6, 1, case) == 10 * windows


def test_the_cost_takes_the_numbers_of_the_queue_from_the_template_and_the_code(stack, cost):
    mapping = stack["Resources"]["WriterBatches"]["Properties"]
    assert cost.COLLECTORS == mapping["ScalingConfig"]["MaximumConcurrency"]
    assert f"LARGEST_MESSAGE: usize = {cost.LARGEST_MESSAGE >> 10} << 10" in (PROJECT / "src/queue.rs").read_text()
    assert stack["Parameters"]["BufferSeconds"]["MaxValue"] == 300
    assert f"{cost.SENT:,} bytes each as sent" in (PROJECT / "sql/merge_costs.py").read_text()
