"""The alarms and the dashboard."""

import json
import re

import pytest
from conftest import PROJECT
from translated import STACK, TOPIC, all_metrics, filled, of_type, only


def test_every_alarm_tells_the_topic_and_has_a_runbook_section(stack):
    runbook = (PROJECT / "RUNBOOK.md").read_text()
    alarms = of_type(stack, "AWS::CloudWatch::Alarm")
    optional = ("Detections", "MissingEvents", "PartialAnswers", "MissedChecks")
    assert len([name for name in alarms if not name.startswith(optional)]) == 17
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [TOPIC], name
        section = re.search(r'RUNBOOK\.md, "(.+)"', alarm["AlarmDescription"])
        assert section, name
        assert f"### {section[1]}\n" in runbook, section[1]


def test_the_operator_is_subscribed_when_there_is_an_address(stack):
    subscription = stack["Resources"]["AlarmSubscription"]
    assert subscription["Condition"] == "HasAlarmEmail"
    assert subscription["Properties"] == {"TopicArn": TOPIC, "Protocol": "email", "Endpoint": {"Ref": "AlarmEmail"}}


def test_silence_is_an_alarm_even_without_any_data(stack):
    alarms = of_type(stack, "AWS::CloudWatch::Alarm")
    silence = alarms.pop("SilenceAlarm")
    assert alarms.pop("DetectionsMissedAlarm")["TreatMissingData"] == "breaching"
    assert alarms.pop("MissedChecksAlarm")["TreatMissingData"] == "breaching"
    for name in ("MissingEventsAlarm", "PartialAnswersAlarm"):
        assert alarms.pop(name)["TreatMissingData"] == "ignore"  # what the last check said holds until the next
    assert silence["TreatMissingData"] == "breaching"
    assert silence["EvaluationPeriods"] == {"Ref": "SilenceHours"}
    stored, filled = silence["Metrics"]
    assert stored["MetricStat"]["Metric"] == {"Namespace": "Auth0LogLake", "MetricName": "EventsStored", "Dimensions": [STACK]}
    assert stored["MetricStat"]["Period"] == 3600
    assert filled["Expression"] == "FILL(stored, 0)"
    assert alarms.pop("StaleTableAlarm")["TreatMissingData"] == "breaching"
    assert {a["TreatMissingData"] for a in alarms.values()} == {"notBreaching"}


def test_requests_that_are_refused_hour_after_hour_are_an_alarm_however_few(stack):
    alarm = stack["Resources"]["RefusedRequestsAlarm"]["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/Lambda", "Url4xxCount", "Sum")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "Receiver"}}]
    assert (alarm["Period"], alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (3600, 3, 6)
    assert alarm["Threshold"] == {"Ref": "HourlyRefusalsThreshold"}
    assert stack["Parameters"]["HourlyRefusalsThreshold"]["Default"] == 1


def test_the_alarm_of_the_store_says_which_failures_need_a_person(stack):
    words = stack["Resources"]["StoreFailuresAlarm"]["Properties"]["AlarmDescription"]
    assert "denied, misconfigured and not_found need a person" in words
    section = (PROJECT / "RUNBOOK.md").read_text().split("### Store failures\n")[1].split("\n### ")[0]
    for kind in ["not_found", "denied", "misconfigured", "throttled", "full", "late", "unavailable"]:
        assert f"`{kind}`" in section, kind


def dashboard(stack, *chosen):
    """The widgets of the dashboard where these conditions hold, the stack's variables left as they are."""
    body = only(of_type(stack, "AWS::CloudWatch::Dashboard"))["DashboardBody"]["Fn::Sub"]
    return json.loads(filled(body, chosen))["widgets"]


def shown(stack, *chosen):
    """The metrics of the dashboard, as (namespace, metric, dimensions), with what "." and "..." stand for."""
    for widget in dashboard(stack, *chosen):
        row = []
        for written in widget["properties"].get("metrics", []):
            fields = [field for field in written if isinstance(field, str)]
            if fields == ["..."]:
                fields = row
            row = [before if field == "." else field for field, before in zip(fields, row[: len(fields)] + fields[len(row) :], strict=True)]
            if row:
                yield row[0], row[1], row[2:]


def test_alarms_name_metrics_that_exist_of_this_stack_and_the_dashboard_shows_each(stack):
    for name, alarm in of_type(stack, "AWS::CloudWatch::Alarm").items():
        if alarm.get("Namespace") == "Auth0LogLake":
            assert alarm["MetricName"] in all_metrics() | {"MissingEvents", "PartialAnswers"}, name  # the two are of the check that is off by default
            assert alarm["Dimensions"] == [STACK], name
    ours = [(metric, dimensions) for namespace, metric, dimensions in shown(stack) if namespace == "Auth0LogLake"]
    assert {metric for metric, _ in ours} == all_metrics()
    assert all(dimensions == ["stack", "${AWS::StackName}"] for _, dimensions in ours)


@pytest.mark.parametrize("chosen", [(), ("HasBuffer",)])
def test_the_dashboard_shows_each_source_of_this_stack_and_every_alarm_that_is_always_there_or_of_the_buffered_mode(stack, chosen):
    [search] = [m[0]["expression"] for w in dashboard(stack, *chosen) for m in w["properties"].get("metrics", []) if isinstance(m[0], dict)]
    assert search == """SEARCH('{Auth0LogLake,stack,source} MetricName="EventsStored" stack="${AWS::StackName}"', 'Sum', 300)"""
    [alarms] = [w["properties"]["alarms"] for w in dashboard(stack, *chosen) if w["type"] == "alarm"]
    there = {n for n, r in stack["Resources"].items() if r["Type"] == "AWS::CloudWatch::Alarm" and r.get("Condition") in (None, *chosen)}
    assert sorted(alarms) == sorted(f"${{{name}.Arn}}" for name in there)
