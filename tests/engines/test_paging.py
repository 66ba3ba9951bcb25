"""The runs of the detections from end to end: the state machine of template.yaml, Athena's API with Trino behind it, SNS."""

import dataclasses
import json
import re

import boto3
import deployed
import pytest
import scenarios
import test_alerts
from fake_athena import Athena
from step_functions import REGION, Runs

sql = deployed.sql
LEAK = [scenarios.login("pwd_leak", user_agent="s3cr3t-agent", details={"body": {"password": "s3cr3t-body"}})]
ROLE = scenarios.SCENARIOS["role-made"][0]
# Of the detections those that find these, with severities that are paged; test_alerts.py has all of them on Trino.
SEVERITIES = {"leaked_password_login": "medium", "role_created": "low", "limit_hit": "low"}
SOME = {id: dataclasses.replace(test_alerts.KNOWN[id], severity=severity) for id, severity in SEVERITIES.items()}
SUBJECTS = ["[low] role_created in eu", "[medium] leaked_password_login in eu"]


class Desk:
    """Tables with some records, and runs over them."""

    def __init__(self, tables, monkeypatch):
        self.tables, self.monkeypatch, self.open = tables, monkeypatch, []

    def opens(self, *records, muted=""):
        self.receive(*records)
        test_alerts.make(self.tables, SOME)
        self.athena = Athena(self.tables)
        self.open.append(self.athena)
        return self.with_muted(muted)

    def receive(self, *records):
        self.tables.receive(*(json.dumps(record) for record in records))

    def with_muted(self, muted):
        for runs in [opened for opened in self.open if isinstance(opened, Runs)]:
            runs.stop()
            self.open.remove(runs)
        self.open.append(Runs(self.monkeypatch, self.athena, muted))
        return self.open[-1]


@pytest.fixture
def desk(tables, monkeypatch):
    made = Desk(tables, monkeypatch)
    yield made
    for opened in reversed(made.open):
        opened.stop()


def subjects(runs):
    return sorted(subject for subject, _, _ in runs.messages())


def test_two_new_hits_are_two_messages_and_the_same_run_again_is_none(desk):
    runs = desk.opens(LEAK, ROLE)
    assert runs.run("first") == ("SUCCEEDED", "")
    assert subjects(runs) == SUBJECTS
    assert runs.run("second") == ("SUCCEEDED", "")
    # More of what was paged today is not paged again; another user is.
    desk.receive([scenarios.login("pwd_leak", minutes=7), scenarios.login("pwd_leak", user="cy")])
    assert runs.run("third") == ("SUCCEEDED", "")
    assert subjects(runs) == sorted([*SUBJECTS, "[medium] leaked_password_login in eu"])
    assert sorted(desk.tables.sql("SELECT told_by, count(*), count(told_at) FROM alerts GROUP BY 1")) == [("first", 2, 2), ("third", 1, 1)]


def test_a_hit_of_severity_info_is_kept_and_paged_to_nobody(desk, monkeypatch):
    monkeypatch.setitem(SOME, "role_created", test_alerts.KNOWN["role_created"])
    runs = desk.opens(LEAK, ROLE)
    assert runs.run("one") == ("SUCCEEDED", "") and subjects(runs) == SUBJECTS[1:]
    assert sorted(desk.tables.sql("SELECT severity, told_by FROM alerts")) == [("info", None), ("medium", "one")]


def test_a_message_says_what_happened_and_its_query_shows_the_events_and_no_secret_is_in_it(desk):
    runs = desk.opens(LEAK, ROLE)
    runs.run("one")
    [(_, message, attributes)] = [m for m in runs.messages() if m[0] == SUBJECTS[1]]
    lines = message.split("\n")
    assert lines[0] == "Someone tried to log in with a password that is known to have leaked."
    assert lines[2:5] == ["Severity:  medium", "Detection: leaked_password_login (MITRE ATT&CK T1110.004)", "Source:    eu"]
    assert lines[5] == "Subject:   bo@example.com" and lines[6].startswith("Events:    1, ")
    assert {name: value["Value"] for name, value in attributes.items()} == {"severity": "medium", "detection": "leaked_password_login", "source": "eu"}
    for _, text, _ in runs.messages():
        assert "s3cr3t" not in text and "details" not in text
        assert len(desk.tables.sql(text.split("\n")[-1])) == 1
    names, [row] = desk.tables.named(message.split("\n")[-1])
    assert (row[names.index("type")], row[names.index("user_name")]) == ("pwd_leak", "bo@example.com")


def test_a_name_that_an_attacker_chose_stays_one_short_line_without_a_link_and_its_query_is_still_right(desk):
    runs = desk.opens(scenarios.SCENARIOS["name-of-an-attacker"][0], [scenarios.login("pwd_leak", user_name="o'brien \"x\"")])
    runs.run("one")
    for _, message, _ in runs.messages():
        lines = message.split("\n")
        [subject] = [line for line in lines if line.startswith("Subject:")]
        assert len(lines) == 12 and len(subject) <= 111 and "://" not in message and "\u202e" not in message
        assert len(desk.tables.sql(lines[-1])) == 1
    assert len(runs.messages()) == 2


FAILING = ["DROP TABLE", "CREATE TABLE events_recent", "INSERT INTO alerts", "UPDATE alerts SET told_by", "SELECT severity", "UPDATE alerts SET told_at"]


def test_a_run_whose_query_fails_fails_with_its_reason_and_the_next_one_pages_what_is_left(desk):
    runs = desk.opens(LEAK, ROLE)
    for start in FAILING[:-1]:
        desk.athena.fail = lambda text, start=start: f"no: {start}" if text.startswith(start) else None
        assert runs.run(start.replace(" ", "-")) == ("FAILED", f"no: {start}")
        assert runs.messages() == []
    desk.athena.fail = lambda text: "no: told" if text.startswith(FAILING[-1]) else None
    assert runs.run("paged-and-failed") == ("FAILED", "no: told")
    assert subjects(runs) == SUBJECTS
    desk.athena.fail = lambda text: None
    # It cannot know that the messages went out, so they go out again: twice is better than never.
    assert runs.run("after") == ("SUCCEEDED", "")
    assert subjects(runs) == sorted(SUBJECTS * 2)
    assert runs.run("last") == ("SUCCEEDED", "")
    assert subjects(runs) == sorted(SUBJECTS * 2)


def test_what_step_functions_keeps_of_a_run_holds_no_message_and_no_subject(desk):
    runs = desk.opens(LEAK, ROLE)
    assert runs.run("one") == ("SUCCEEDED", "") and len(runs.messages()) == 2
    assert "UPDATE alerts" in runs.history
    for subject, message, _ in runs.messages():
        assert subject not in runs.history and "bo@example.com" not in runs.history
        assert not [line for line in message.split("\n") if len(line) > 20 and json.dumps(line)[1:-1] in runs.history]


def test_a_run_deletes_its_files_and_those_of_a_run_that_failed_and_no_others(desk):
    runs = desk.opens(LEAK)
    ours = [f"auth0/athena-results/detections/{name}" for name in ("1.csv", "1.csv.metadata", "tables/2/part-0", *map(str, range(1100)))]
    others = ["auth0/athena-results/3.csv", "auth0/athena-results/merge/4.csv", "auth0/events/5", "athena-results/detections/6"]
    for key in [*ours, *others]:
        runs.s3.put_object(Bucket="lake", Key=key, Body=b"")
    assert runs.run("one") == ("SUCCEEDED", "")
    assert sorted(o["Key"] for o in runs.s3.list_objects_v2(Bucket="lake")["Contents"]) == sorted(others)


def test_a_query_that_fails_once_is_started_again(desk):
    runs = desk.opens(LEAK)
    lost = iter(["ICEBERG_COMMIT_ERROR: lost"])
    desk.athena.fail = lambda text: next(lost, None) if text.startswith("INSERT") else None
    assert runs.run("one") == ("SUCCEEDED", "") and len(runs.messages()) == 1


def test_a_topic_that_takes_no_message_fails_the_run_and_the_next_one_pages(desk):
    runs = desk.opens(LEAK)
    sns = boto3.client("sns", region_name=REGION)
    sns.delete_topic(TopicArn=runs.topic)
    assert runs.run("one")[0] == "FAILED"
    assert sns.create_topic(Name="pages")["TopicArn"] == runs.topic
    assert runs.run("two") == ("SUCCEEDED", "") and len(runs.messages()) == 1


def test_a_muted_detection_finds_and_pages_nothing_until_it_is_heard_again(desk):
    runs = desk.opens(LEAK, ROLE, muted="mfa_factor_enabled,role_created")
    runs.run("one")
    assert subjects(runs) == SUBJECTS[1:]
    assert desk.tables.sql("SELECT detection FROM alerts") == [("leaked_password_login",)]
    runs = desk.with_muted("")
    runs.run("two")
    assert subjects(runs) == SUBJECTS[:1]


def test_hits_of_several_pages_of_results_are_all_paged_up_to_fifty_and_one_message_counts_the_rest(desk):
    runs = desk.opens([scenarios.login("limit_wc", user=f"u{n}") for n in range(30)])
    runs.run("thirty")
    assert desk.athena.pages == [25, 6]  # with the names of the columns
    assert len(runs.messages()) == len({message for _, message, _ in runs.messages()}) == 30
    desk.receive([scenarios.login("limit_sul", user=f"u{n}") for n in range(60)])
    runs.run("sixty")
    assert desk.athena.pages[2:] == [25, 25, 2]
    added = runs.messages()[30:]
    assert len(added) == 51
    [more] = [message for subject, message, _ in added if subject == "[more] hits in alerts"]
    assert more.startswith("10 more hits of this run are not paged one by one.")
    assert len(desk.tables.sql(more.split("\n")[-1])) == 60
    assert desk.tables.sql("SELECT count(*) FROM alerts WHERE told_at IS NULL") == [(0,)]


def test_two_runs_at_once_lose_nothing_and_what_one_claimed_the_other_does_not_mark(desk):
    runs = desk.opens(LEAK, ROLE)
    desk.athena.fail = lambda text: "stopped" if text.startswith("SELECT severity") else None
    assert runs.run("claims")[0] == "FAILED"
    desk.athena.fail = lambda text: None
    # As if the first were still running: its last statement comes after another run has claimed.
    desk.tables.sql(sql.statement("alerts_claim", run="other", muted=""))
    desk.tables.sql(sql.statement("alerts_told", run="claims"))
    assert desk.tables.sql("SELECT told_by, count(*), count(told_at) FROM alerts GROUP BY 1") == [("other", 2, 0)]


def test_hours_say_how_far_back_a_run_looks_and_what_is_no_number_fails_before_any_query_has_it(desk):
    runs = desk.opens(LEAK)
    assert runs.run("none", hours=0) == ("SUCCEEDED", "") and runs.messages() == []
    assert runs.run("wrong", hours="1' HOUR OR true --")[0] == "FAILED"
    assert not [text for text in desk.athena.statements if "OR true" in text]
    assert runs.run("three", hours=72) == ("SUCCEEDED", "") and len(runs.messages()) == 1


def test_the_statements_of_the_template_are_those_of_the_folder_sql(desk):
    runs = desk.opens(LEAK, muted="role_created,export")
    runs.run("a-run", hours=30)
    filled = {"hours": "30", "muted": "role_created,export", "run": "a-run"}
    names = ["events_recent", "alerts_found", "alerts_claim", "alerts_read", "alerts_told"]
    expected = ["DROP TABLE IF EXISTS events_recent", *(sql.statement(name, **filled) for name in names)]
    assert [re.sub(r"\s+", " ", text) for text in desk.athena.statements] == [re.sub(r"\s+", " ", text) for text in expected]
