"""What runs the detections: facts of the template, asserted on what the SAM transform makes of it."""

import json

import pytest

TOPIC = {"Fn::If": ["HasNewTopic", {"Ref": "AlarmTopic"}, {"Ref": "AlarmTopicArn"}]}
MACHINE = [{"Name": "StateMachineArn", "Value": {"Ref": "DetectionsRun"}}]


def detections(stack):
    return {name: r for name, r in stack["Resources"].items() if name.startswith("Detections")}


def definition(stack, machine="DetectionsRun"):
    """The definition of a state machine, which the transform writes as JSON."""
    properties = stack["Resources"][machine]["Properties"]
    return json.loads("".join(properties["DefinitionString"]["Fn::Join"][1]))


def states(stack):
    for machine in ("DetectionsRun", "DetectionsPages"):
        for name, state in definition(stack, machine)["States"].items():
            yield name, state
            yield from state.get("ItemProcessor", {}).get("States", {}).items()


def test_detections_are_off_and_make_nothing_unless_they_are_asked_for(stack):
    assert stack["Parameters"]["DetectionsEvery"]["Default"] == "off"
    assert stack["Conditions"]["HasDetections"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "DetectionsEvery"}, "off"]}]}
    assert len(detections(stack)) == 9
    assert {r["Condition"] for r in detections(stack).values()} == {"HasDetections"}
    assert stack["Outputs"]["DetectionsRun"]["Condition"] == "HasDetections"


def test_the_schedule_starts_the_state_machine_as_often_as_the_parameter_says(stack):
    schedule = stack["Resources"]["DetectionsSchedule"]["Properties"]
    assert schedule["ScheduleExpression"] == {"Fn::FindInMap": ["DetectionsEvery", {"Ref": "DetectionsEvery"}, "Rate"]}
    assert schedule["Target"]["Arn"] == {"Ref": "DetectionsRun"} and schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    rates = {name: row["Rate"] for name, row in stack["Mappings"]["DetectionsEvery"].items() if name != "off"}
    assert rates == {"15m": "rate(15 minutes)", "1h": "rate(1 hour)", "6h": "rate(6 hours)", "1d": "rate(1 day)"}
    assert ["off", *rates] == stack["Parameters"]["DetectionsEvery"]["AllowedValues"]
    # A run ends before the next one starts, which would drop the table that it reads.
    assert definition(stack)["TimeoutSeconds"] < 15 * 60
    statements = stack["Resources"]["DetectionsScheduleRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert statements == [{"Effect": "Allow", "Action": "states:StartExecution", "Resource": {"Ref": "DetectionsRun"}}]


def test_the_state_machine_runs_athena_and_sns_and_no_code_of_ours(stack):
    tasks = {name: state["Resource"] for name, state in states(stack) if state["Type"] == "Task"}
    assert set(tasks.values()) == {
        f"arn:${{Partition}}:states:::{call}"
        for call in (
            "athena:startQueryExecution.sync",
            "athena:getQueryResults",
            "sns:publish",
            "aws-sdk:sfn:startSyncExecution",
            "aws-sdk:s3:listObjectsV2",
            "aws-sdk:s3:deleteObjects",
        )
    }
    assert len(json.dumps(definition(stack))) < 1_000_000  # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    for name, state in states(stack):
        # Pages that failed midway are not sent again by the same run: the next one does that.
        assert state["Type"] != "Task" or name == "Tell" or state["Retry"], name
    assert stack["Resources"]["DetectionsPages"]["Properties"]["DefinitionSubstitutions"]["Topic"] == {"Fn::If": ["HasDetectionsTopic", {"Ref": "DetectionsTopicArn"}, TOPIC]}
    substitutions = stack["Resources"]["DetectionsRun"]["Properties"]["DefinitionSubstitutions"]
    assert (substitutions["Workgroup"], substitutions["Database"], substitutions["Muted"]) == ({"Ref": "DetectionsWorkgroup"}, {"Ref": "Database"}, {"Ref": "DetectionsMuted"})


def test_every_state_that_is_named_next_is_there_and_every_state_is_reached(stack):
    for machine in ("DetectionsRun", "DetectionsPages"):
        states = definition(stack, machine)["States"]
        named = [s.get(key) for s in states.values() for key in ("Next", "Default")] + [c["Next"] for s in states.values() for c in s.get("Choices", [])]
        assert {name for name in named if name} | {definition(stack, machine)["StartAt"]} == set(states)


def test_no_message_and_no_subject_passes_through_a_run_whose_history_is_kept(stack):
    types = {name: stack["Resources"][name]["Properties"].get("StateMachineType") for name in ("DetectionsRun", "DetectionsPages")}
    assert types == {"DetectionsRun": "STANDARD", "DetectionsPages": "EXPRESS"}
    assert "LoggingConfiguration" not in stack["Resources"]["DetectionsPages"]["Properties"]
    kept = definition(stack)["States"]
    assert not {"athena:getQueryResults", "sns:publish"} & {state.get("Resource", "").partition(":::")[2] for state in kept.values()}
    assert kept["Tell"]["Arguments"]["Input"] == '{% $string({"query": $states.input.query}) %}'
    assert definition(stack, "DetectionsPages")["States"]["Done"] == {"Type": "Succeed", "Output": {}}


def test_a_run_deletes_the_files_of_its_table_and_results_and_nothing_else(stack):
    kept, substitutions = definition(stack)["States"], stack["Resources"]["DetectionsRun"]["Properties"]["DefinitionSubstitutions"]
    assert kept["Told"]["Next"] == "Leftovers" and kept["Sweep"]["Next"] == "Leftovers"
    assert kept["Leftovers"]["Arguments"] == {"Bucket": "${Bucket}", "Prefix": "${Results}", "MaxKeys": 500}
    assert substitutions["Results"] == {"Fn::Sub": "${LakePrefix}athena-results/detections/"}


def test_the_role_of_the_runs_changes_nothing_but_its_own_tables(stack):
    role = stack["Resources"]["DetectionsRole"]["Properties"]
    assert "ManagedPolicyArns" not in role and len(role["Policies"]) == 1
    named = {s["Sid"]: s for s in role["Policies"][0]["PolicyDocument"]["Statement"] if "Sid" in s}
    written = [r["Fn::Sub"][0].rpartition("${LakePrefix}")[2] for r in named["WriteItsOwnTables"]["Resource"]]
    assert written == ["tables/alerts/*", "athena-results/detections/*"]
    made = [r["Fn::Sub"].rpartition(":")[2] for r in named["MakeItsOwnTables"]["Resource"]]
    assert made == ["catalog", "database/${Database}", "table/${Database}/events_recent", "table/${Database}/alerts"]
    read = [r["Fn::Sub"][0].rpartition("${LakePrefix}")[2] for r in named["ReadLake"]["Resource"]]
    assert read == ["events/*", "tables/events/*"]
    assert (named["StartPages"]["Action"], named["StartPages"]["Resource"]) == ("states:StartSyncExecution", {"Ref": "DetectionsPages"})
    pages = stack["Resources"]["DetectionsPagesRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert [s["Action"] for s in pages[:3]] == ["athena:GetQueryResults", "s3:GetObject", "sns:Publish"]
    keys = {s["Fn::If"][0]: s["Fn::If"][1]["Resource"] for s in pages[3:]}
    assert keys == {
        "HasKmsKey": {"Ref": "KmsKeyArn"},
        "HasDetectionsTopicKey": {"Ref": "DetectionsTopicKmsKeyArn"},
        "PagesWithTopicKey": {"Ref": "AlarmTopicKmsKeyArn"},
        "MakesTopicKey": {"Fn::GetAtt": ["TopicKey", "Arn"]},
    }
    for sid, statement in named.items():
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        changing = [a for a in actions if any(word in a for word in ("Put", "Delete", "Create", "Update"))]
        assert not changing or sid in ("WriteItsOwnTables", "MakeItsOwnTables"), sid
        assert "*" not in actions and statement["Resource"] != "*", sid


def test_a_run_that_fails_takes_too_long_or_is_stopped_raises_an_alarm_and_so_do_runs_that_stay_away(stack):
    failed = stack["Resources"]["DetectionsFailedAlarm"]["Properties"]
    expression, *metrics = failed["Metrics"]
    assert expression["Expression"] == "FILL(failed, 0) + FILL(late, 0) + FILL(stopped, 0)"
    assert {m["MetricStat"]["Metric"]["MetricName"] for m in metrics} == {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"}
    for m in metrics:
        assert m["MetricStat"]["Metric"]["Namespace"] == "AWS/States" and m["MetricStat"]["Metric"]["Dimensions"] == MACHINE
    assert (failed["Threshold"], failed["ComparisonOperator"], failed["EvaluationPeriods"]) == (1, "GreaterThanOrEqualToThreshold", 1)
    missed = stack["Resources"]["DetectionsMissedAlarm"]["Properties"]
    assert (missed["MetricName"], missed["Dimensions"], missed["Period"], missed["Threshold"]) == ("ExecutionsSucceeded", MACHINE, 3600, 1)
    assert (missed["ComparisonOperator"], missed["TreatMissingData"]) == ("LessThanThreshold", "breaching")
    assert missed["EvaluationPeriods"] == {"Fn::FindInMap": ["DetectionsEvery", {"Ref": "DetectionsEvery"}, "MissedHours"]}


@pytest.mark.parametrize(("name", "hours"), [("15m", 0.25), ("1h", 1), ("6h", 6), ("1d", 24)])
def test_two_runs_must_be_missing_before_it_is_an_alarm(stack, name, hours):
    missed = stack["Mappings"]["DetectionsEvery"][name]["MissedHours"]
    # CloudWatch looks at seven days at most: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    assert 2 * hours < missed <= 7 * 24
