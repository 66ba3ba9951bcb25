"""The runs of the detections from end to end: the state machine of template.yaml, Athena's API with Trino behind it, SNS."""

import json

import deployed
import pytest
import scenarios
import test_alerts
from fake_athena import Athena
from step_functions import Runs

LEAK, ROLE = scenarios.SCENARIOS["leak-elsewhere"][0], scenarios.SCENARIOS["role-made"][0]


@pytest.fixture
def athena(tables):
    tables.receive(json.dumps(ROLE), json.dumps([scenarios.login("pwd_leak")]))
    test_alerts.make(tables)
    running = Athena(tables)
    yield running
    running.stop()


@pytest.fixture
def runs(monkeypatch, athena):
    started = Runs(monkeypatch, athena)
    yield started
    started.stop()


def test_two_new_hits_are_two_messages_and_the_same_run_again_is_none(runs, athena):
    assert runs.run("first") == ("SUCCEEDED", "")
    assert [subject for subject, _, _ in runs.messages()] == ["[medium] leaked_password_login in eu", "[low] role_created in eu"]
    assert runs.run("second") == ("SUCCEEDED", "")
    assert len(runs.messages()) == 2
    assert athena.tables.sql("SELECT told_by, count(*), count(told_at) FROM alerts GROUP BY 1") == [("first", 2, 2)]
