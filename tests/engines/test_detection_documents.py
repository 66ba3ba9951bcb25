"""What docs/DETECTIONS.md shows is so."""

import re
import subprocess
import sys

import deployed
import scenarios
from test_detections import KNOWN, detections
from test_detections import lake  # noqa: F401

TEXT = (deployed.PROJECT / "docs/DETECTIONS.md").read_text("utf-8")


def test_the_catalogue_is_that_of_the_files():
    printed = subprocess.run([sys.executable, "-m", "auth0_log_lake.detections"], capture_output=True, text=True, check=True).stdout
    assert printed in TEXT and printed.count("\n| `") == 2 * len(KNOWN) and len(KNOWN) == int(re.search(r"There are (\d+) in", TEXT)[1])


def test_the_measures_are_those_of_the_scenarios():
    assert scenarios.measures(KNOWN) in TEXT
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \| yes \| yes \|$", TEXT, re.MULTILINE)
    assert [row[0] for row in rows] == list(KNOWN) and all(int(fires) and int(silent) for _, fires, silent in rows)


def test_the_detection_that_the_document_writes_is_one_and_fires(lake, tmp_path):  # noqa: F811
    [written] = re.findall(r"```sql\n(-- id: .*?)```", TEXT, re.DOTALL)
    (tmp_path / "many_logouts.sql").write_text(written)
    known = detections.all_of(tmp_path)
    from auth0_log_lake import database, detect

    db, _ = database.opened(str(lake))
    detect.look(db)
    assert detect.run(db, known) == []
    [hit] = detect.run(db, known, {"many_logouts": {"threshold": "1", "window": "1 minute"}})[:1]
    assert hit["source"] == "quiet-day" and db.sql(deployed.sql.transpiled(hit["shows"], "duckdb")).fetchall()


def test_the_page_that_the_document_shows_is_what_the_view_makes_of_the_hit():
    [page] = re.findall(r"```text\n(One address.*?)```", TEXT, re.DOTALL)
    view = deployed.sql.statement("alert_messages")
    labels = re.findall(r"'(\w+: +)'", view)
    assert [line.split(":")[0] for line in page.splitlines() if re.match(r"\w+: ", line)] == [label.split(":")[0] for label in labels]
    d = KNOWN["brute_force"]
    assert d.title in page and " ".join(page.split()).count(d.do) == 1 and f"(MITRE ATT&CK {d.attack})" in page


def test_the_table_of_costs_is_what_the_script_prints():
    printed = subprocess.run([sys.executable, deployed.PROJECT / "sql/cost_detections.py"], capture_output=True, text=True, check=True).stdout
    assert printed in TEXT


def test_the_cost_script_counts_the_state_machine_as_it_is():
    import cost_detections

    states = deployed.glue.resources()["DetectionsRun"]["Properties"]["Definition"]["States"]
    queries = [name for name, state in states.items() if state.get("Resource", "").endswith("startQueryExecution.sync")]
    # DROP is not billed; NotTold is not entered; Leftovers and AnyLeft are entered again when the files are gone.
    assert cost_detections.QUERIES == len(queries) - 1 and cost_detections.STATES == len(states) - 1 + 2
    histories = [int(d.parameters["history"].split()[0]) for d in KNOWN.values() if "history" in d.parameters]
    assert cost_detections.PAST * 30 >= max(histories)
