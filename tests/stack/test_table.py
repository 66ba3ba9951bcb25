"""The tables events and alerts in the stack: what fills and keeps them, what may do so, who is told, and that one parameter
leaves all of it out."""

import json
import re

from auth0_log_lake import statements as sql
import pytest
import schedules
import sqlglot
from conftest import REGION
from translated import NOTHING, of_type

# https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html: the longest input, 256 KB.
LONGEST_INPUT = 256 * 1024
# https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html
TOKEN = range(32, 129)
STACK_ID = "51af3dc0-da77-11e4-872e-1234567db123"
NAMES = {"MergeWorkgroup": "lake-merge", "UpkeepWorkgroup": "lake-upkeep", "Database": "lake", "AWS::Partition": "aws"}
STATEMENTS = {
    "MergeHourly": ("lake-merge", lambda: sql.merge("hourly")),
    "MergeDaily": ("lake-merge", lambda: sql.merge("daily")),
    "MergeWeekly": ("lake-merge", lambda: sql.merge("weekly")),
    "OptimizeDaily": ("lake-upkeep", lambda: sql.statement("optimize")),
    "OptimizeAlertsDaily": ("lake-upkeep", lambda: sql.statement("alerts_optimize")),
    "VacuumDaily": ("lake-upkeep", lambda: sql.statement("vacuum")),
    "VacuumAlertsDaily": ("lake-upkeep", lambda: sql.statement("alerts_vacuum")),
}
IF_MERGES = {
    "MergeWorkgroup", "UpkeepWorkgroup", "UnstartedStatements", "MergeRole", "MergeDaily", "MergeWeekly", "OptimizeDaily",
    "VacuumDaily", "MergeFailuresAlarm", "StaleTableAlarm", "UnstartedStatementsAlarm",
}
IF_ALERTS_TOO = {"OptimizeAlertsDaily", "VacuumAlertsDaily"}


def merging(stack):
    """The schedules that start a statement by themselves; that of the detections starts a state machine."""
    return {n: s for n, s in of_type(stack, "AWS::Scheduler::Schedule").items() if "athena" in json.dumps(s["Target"]["Arn"])}


def filled(value):
    """What CloudFormation makes of `Fn::Sub` in a stack `lake`."""
    text, names = value["Fn::Sub"] if isinstance(value["Fn::Sub"], list) else (value["Fn::Sub"], {})
    assert set(names) <= {"Stack"} and all(v == {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]} for v in names.values())
    return re.sub(r"\$\{([\w:]+)\}", lambda found: {**NAMES, "Stack": STACK_ID}[found[1]], text)


@pytest.fixture(scope="module")
def inputs(stack):
    """What each schedule sends to Athena."""
    return {name: json.loads(filled(s["Target"]["Input"])) for name, s in merging(stack).items()}


def squeezed(text):
    return " ".join(text.split())


def test_each_schedule_starts_the_statement_of_sql_in_its_workgroup_and_the_stacks_database(inputs):
    assert set(inputs) == set(STATEMENTS)
    for name, (workgroup, statement) in STATEMENTS.items():
        sent = inputs[name]
        assert sent["QueryString"] == squeezed(statement()), name
        assert sent["WorkGroup"] == workgroup and sent["QueryExecutionContext"] == {"Database": "lake"}


def test_the_transform_leaves_the_schedules_as_they_are_written(stack, template):
    for name in STATEMENTS:
        assert stack["Resources"][name] == template["Resources"][name]


def test_a_merge_in_one_line_means_what_it_means_in_many(inputs):
    for name in ("MergeHourly", "MergeDaily", "MergeWeekly"):
        one, many = (sqlglot.parse_one(text, read="athena") for text in (inputs[name]["QueryString"], STATEMENTS[name][1]()))
        assert one == many and isinstance(one, sqlglot.exp.Merge)


def test_an_input_is_as_scheduler_and_athena_take_it(stack, inputs):
    for name, schedule in merging(stack).items():
        assert len(filled(schedule["Target"]["Input"]).encode()) < LONGEST_INPUT
        assert filled(schedule["Target"]["Arn"]) == "arn:aws:scheduler:::aws-sdk:athena:startQueryExecution"
        # One token for all attempts of one time, another for each time, schedule and stack.
        assert inputs[name]["ClientRequestToken"] == f"{STACK_ID}-{name}-<aws.scheduler.scheduled-time>"
        assert len(inputs[name]["ClientRequestToken"].replace("<aws.scheduler.scheduled-time>", "2026-07-01T12:00:00Z")) in TOKEN
        assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"} and schedule["ScheduleExpressionTimezone"] == "UTC"
        assert schedule["Target"]["RoleArn"] == {"Fn::GetAtt": ["MergeRole", "Arn"]}
        assert schedule["Target"]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["UnstartedStatements", "Arn"]}}


def test_no_two_statements_start_within_ten_minutes_and_a_retry_ends_before_the_next_hour(stack):
    minutes = {}
    for name, schedule in merging(stack).items():
        minute, hour, _ = re.fullmatch(r"cron\((\d+) (\d+|\*) ([*?]) \* (?:\?|SUN) \*\)", schedule["ScheduleExpression"]).groups()
        minutes[name] = [int(h) * 60 + int(minute) for h in (range(24) if hour == "*" else [hour])]
        assert 60 <= schedule["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] < 3600
        assert 1 <= schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] <= 185
    assert len(minutes["MergeHourly"]) == 24
    day = sorted(minute for schedule in minutes.values() for minute in schedule)
    assert min(later - earlier for earlier, later in zip(day, [*day[1:], day[0] + 24 * 60], strict=True)) >= 10
    assert [len(minutes[name]) for name in minutes if name != "MergeHourly"] == [1] * 6


def test_one_parameter_says_how_often_and_none_leaves_everything_out(stack):
    conditional = {n for n, r in stack["Resources"].items() if r.get("Condition") == "HasMerges"}
    assert conditional == IF_MERGES
    assert [n for n, r in stack["Resources"].items() if r.get("Condition") == "HasHourlyMerges"] == ["MergeHourly"]
    assert {n for n, r in stack["Resources"].items() if r.get("Condition") == "HasAlertUpkeep"} == IF_ALERTS_TOO
    assert stack["Conditions"]["HasAlertUpkeep"] == {"Fn::And": [{"Condition": "HasMerges"}, {"Condition": "HasDetections"}]}
    assert stack["Conditions"]["HasMerges"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "MergeCadence"}, "none"]}]}
    assert stack["Conditions"]["HasHourlyMerges"] == {"Fn::Equals": [{"Ref": "MergeCadence"}, "hourly"]}
    cadence = stack["Parameters"]["MergeCadence"]
    assert (cadence["Default"], cadence["AllowedValues"]) == ("hourly", ["hourly", "daily", "none"])
    # What stays refers to nothing that goes.
    for kind in ("Resources", "Outputs"):
        stays = {n: r for n, r in stack[kind].items() if r.get("Condition") not in ("HasMerges", "HasHourlyMerges", "HasAlertUpkeep")}
        assert not re.search(rf'["{{](?:{"|".join(sorted(IF_MERGES | IF_ALERTS_TOO | {"MergeHourly"}))})[".}}]', json.dumps(stays))


def test_merges_have_a_workgroup_of_their_own_without_a_limit_and_with_metrics(stack):
    ours = stack["Resources"]["Workgroup"]["Properties"]["WorkGroupConfiguration"]
    for name in ("MergeWorkgroup", "UpkeepWorkgroup"):
        configuration = stack["Resources"][name]["Properties"]["WorkGroupConfiguration"]
        own = {"BytesScannedCutoffPerQuery", "ResultConfiguration"}  # of the place: test_a_bucket_is_listed_below_prefixes_alone…
        assert {k: v for k, v in configuration.items() if k not in own} == {k: v for k, v in ours.items() if k not in own}
        assert configuration["ResultConfiguration"]["EncryptionConfiguration"] == ours["ResultConfiguration"]["EncryptionConfiguration"]
        assert configuration["PublishCloudWatchMetricsEnabled"] is True


def test_a_merge_that_fails_and_a_day_without_one_are_alarms_of_the_merge_workgroup(stack):
    failures, stale = (stack["Resources"][name]["Properties"] for name in ("MergeFailuresAlarm", "StaleTableAlarm"))
    dimensions = {state: [{"Name": "QueryState", "Value": state}, {"Name": "QueryType", "Value": "DML"}, {"Name": "WorkGroup", "Value": {"Ref": "MergeWorkgroup"}}] for state in ("FAILED", "SUCCEEDED")}
    assert (failures["Namespace"], failures["MetricName"], failures["Dimensions"]) == ("AWS/Athena", "TotalExecutionTime", dimensions["FAILED"])
    assert (failures["Statistic"], failures["Period"], failures["Threshold"], failures["EvaluationPeriods"]) == ("SampleCount", 3600, 1, 1)
    succeeded, shown = stale["Metrics"]
    assert succeeded["MetricStat"] == {"Metric": {"Namespace": "AWS/Athena", "MetricName": "TotalExecutionTime", "Dimensions": dimensions["SUCCEEDED"]}, "Stat": "SampleCount", "Period": 3600}
    assert (shown["Expression"], stale["Threshold"], stale["ComparisonOperator"]) == ("FILL(succeeded, 0)", 1, "LessThanThreshold")
    # More than a day, so that a daily merge may last; seven days at most:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    assert 24 < stale["EvaluationPeriods"] <= 7 * 24
    for alarm in (failures, stale):
        assert 'run "make tables"' in alarm["AlarmDescription"]


def test_what_the_scheduler_could_not_start_is_kept_and_is_an_alarm(stack):
    queue, alarm = (stack["Resources"][name]["Properties"] for name in ("UnstartedStatements", "UnstartedStatementsAlarm"))
    assert queue == {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * 24 * 3600}
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["UnstartedStatements", "QueueName"]}}]


# What the role may do: Sid to actions and resources, the ARNs without what stands before the service.
MAY = {
    "StartStatements": (["athena:StartQueryExecution"], ["athena:workgroup/${MergeWorkgroup}", "athena:workgroup/${UpkeepWorkgroup}"]),
    "ReadTables": (
        ["glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions"],
        ["glue:catalog", "glue:database/default", "glue:database/${Database}", "glue:table/${Database}/*"],
    ),
    "CommitToTables": (["glue:UpdateTable"], ["glue:catalog", "glue:database/${Database}", "glue:table/${Database}/events", "glue:table/${Database}/alerts"]),
    "FindBucket": (["s3:GetBucketLocation"], ["s3:${Bucket}"]),
    "ListObjects": (["s3:ListBucket", "s3:ListBucketMultipartUploads"], ["s3:${Bucket}"]),
    "ReadObjects": (["s3:GetObject"], [f"s3:${{Bucket}}/${{LakePrefix}}{folder}/*" for folder in ("events", "tables/events", "tables/alerts", "athena-results/merge")]),
    "WriteTablesAndResults": (
        ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
        [f"s3:${{Bucket}}/${{LakePrefix}}{folder}/*" for folder in ("tables/events", "tables/alerts", "athena-results/merge")],
    ),
    "DeleteOldFilesOfTables": (["s3:DeleteObject"], [f"s3:${{Bucket}}/${{LakePrefix}}tables/{table}/*" for table in ("events", "alerts")]),
}


def short(resource):
    text = resource["Fn::Sub"][0] if isinstance(resource["Fn::Sub"], list) else resource["Fn::Sub"]
    service, rest = re.fullmatch(r"arn:\$\{AWS::Partition\}:(\w+):(?:\$\{AWS::Region\}:\$\{AWS::AccountId\})?:*(.+)", text).groups()
    return f"{service}:{rest}"


def test_the_role_of_the_schedules_may_merge_and_keep_up_two_tables_and_nothing_else(stack):
    role = stack["Resources"]["MergeRole"]["Properties"]
    assert "ManagedPolicyArns" not in role and len(role["Policies"]) == 1
    *statements, queue, key = role["Policies"][0]["PolicyDocument"]["Statement"]
    as_list = lambda value: value if isinstance(value, list) else [value]  # noqa: E731
    assert {s["Sid"]: (as_list(s["Action"]), [short(r) for r in s["Resource"]]) for s in statements} == MAY
    assert {s["Effect"] for s in statements} == {"Allow"}
    [listed] = [s["Condition"]["StringLike"] for s in statements if "StringLike" in s.get("Condition", {})]
    assert listed == {"s3:prefix": [{"Fn::Sub": f"${{LakePrefix}}{folder}/*"} for folder in ("events", "tables/events", "tables/alerts", "athena-results/merge")]}
    assert (queue["Action"], queue["Resource"]) == ("sqs:SendMessage", {"Fn::GetAtt": ["UnstartedStatements", "Arn"]})
    condition, given, otherwise = key["Fn::If"]
    assert (condition, given["Action"], given["Resource"], otherwise) == ("HasKmsKey", ["kms:Decrypt", "kms:GenerateDataKey"], {"Ref": "KmsKeyArn"}, NOTHING)


def test_scheduler_keeps_each_schedule_as_it_is_written(aws, stack):
    """Through Scheduler's API in moto: its CloudFormation has no schedules."""
    client = aws("scheduler")
    for name, schedule in merging(stack).items():
        target = {
            "Arn": filled(schedule["Target"]["Arn"]),
            "RoleArn": "arn:aws:iam::123456789012:role/merge",
            "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:123456789012:unstarted"},
            "RetryPolicy": schedule["Target"]["RetryPolicy"],
            "Input": filled(schedule["Target"]["Input"]),
        }
        given = {key: schedule[key] for key in ("Description", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow")}
        client.create_schedule(Name=name, Target=target, **given)
        kept = client.get_schedule(Name=name)
        assert kept["Target"] == target and {key: kept[key] for key in given} == given
    assert len(schedules.SCHEDULES) == len(client.list_schedules()["Schedules"]) == 7
