"""The buffered mode, as the template has it: off until it is chosen, and nothing that was answered can be lost or read by others."""

import json
import re

import pytest
from conftest import PROJECT
from test_alarms import dashboard, shown
from translated import NOTHING, of_type, only, text

RESOURCES = {
    "Batches": "AWS::SQS::Queue",
    "DeadBatches": "AWS::SQS::Queue",
    "Writer": "AWS::Lambda::Function",
    "WriterRole": "AWS::IAM::Role",
    "WriterBatches": "AWS::Lambda::EventSourceMapping",
    "WriterErrorsAlarm": "AWS::CloudWatch::Alarm",
    "OldBatchesAlarm": "AWS::CloudWatch::Alarm",
    "DeadBatchesAlarm": "AWS::CloudWatch::Alarm",
}
ALARMS = [name for name, kind in RESOURCES.items() if kind == "AWS::CloudWatch::Alarm"]
QUEUES = [name for name, kind in RESOURCES.items() if kind == "AWS::SQS::Queue"]


def of(stack, name):
    return stack["Resources"][name]["Properties"]


def without_what_is_off(value):
    """A value as it is where the mode is off."""
    if isinstance(value, list):
        return [without_what_is_off(v) for v in value]
    if not isinstance(value, dict):
        return value
    if value.get("Fn::If", [""])[0] in ("HasBuffer", "HasEncryptedBuffer"):
        return without_what_is_off(value["Fn::If"][2])
    return {name: without_what_is_off(v) for name, v in value.items()}


def test_the_buffered_mode_is_off_by_default_and_then_none_of_it_is_there(stack):
    parameter = stack["Parameters"]["BufferSeconds"]
    assert (parameter["Type"], parameter["Default"], parameter["MinValue"], parameter["MaxValue"]) == ("Number", 0, 0, 300)
    assert stack["Conditions"]["HasBuffer"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "BufferSeconds"}, 0]}]}
    assert {n: r["Type"] for n, r in stack["Resources"].items() if r.get("Condition") == "HasBuffer"} == RESOURCES
    assert {n for n, o in stack["Outputs"].items() if o.get("Condition") == "HasBuffer"} == {*QUEUES, "BatchesArn", "DeadBatchesArn"}
    for name, resource in stack["Resources"].items():
        if name not in RESOURCES:
            rest = text(without_what_is_off(resource))
            assert not re.search(rf'["{{]({"|".join(RESOURCES)})["}}.]', rest), name
            assert "BufferSeconds" not in rest, name


def test_the_receiver_knows_the_queue_only_in_the_buffered_mode(stack):
    assert of(stack, "Receiver")["Environment"]["Variables"]["QUEUE_URL"] == {"Fn::If": ["HasBuffer", {"Ref": "Batches"}, NOTHING]}


def test_a_queue_outlives_the_stack_and_even_a_deployment_that_is_rolled_back(stack):
    # The receiver may have answered 200 for what is in it, since CloudFormation updates it as soon as the queue is there.
    for name in QUEUES:
        resource = stack["Resources"][name]
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain"), name
        assert resource["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600, name


def test_a_message_is_dead_after_a_day_of_deliveries_and_goes_to_the_dead_letter_queue(stack):
    redrive = of(stack, "Batches")["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadBatches", "Arn"]}
    assert redrive["maxReceiveCount"] * of(stack, "Batches")["VisibilityTimeout"] == 24 * 3600
    assert "RedrivePolicy" not in of(stack, "DeadBatches")


def test_a_delivery_has_time_to_end_before_the_next_one(stack):
    longest = stack["Parameters"]["BufferSeconds"]["MaxValue"]
    assert of(stack, "Batches")["VisibilityTimeout"] >= 6 * of(stack, "Writer")["Timeout"] + longest
    # A request that waits for its window, and for one delivery that failed, is not old yet.
    assert of(stack, "OldBatchesAlarm")["Threshold"] >= of(stack, "Batches")["VisibilityTimeout"] + longest


@pytest.mark.parametrize("name", QUEUES)
def test_a_queue_is_encrypted_by_sqs_or_by_the_key_of_the_objects(stack, name):
    assert of(stack, name)["SqsManagedSseEnabled"] == {"Fn::If": ["HasKmsKey", NOTHING, True]}
    assert of(stack, name)["KmsMasterKeyId"] == {"Fn::If": ["HasKmsKey", {"Ref": "KmsKeyArn"}, NOTHING]}


def test_lambda_gives_the_writer_all_that_waited_and_takes_back_only_what_failed(stack):
    assert of(stack, "WriterBatches") == {
        "EventSourceArn": {"Fn::GetAtt": ["Batches", "Arn"]},
        "FunctionName": {"Ref": "Writer"},
        "BatchSize": 10_000,
        "MaximumBatchingWindowInSeconds": {"Ref": "BufferSeconds"},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 2},
    }


def test_the_writer_is_the_receivers_code_with_its_settings_and_has_no_url(stack):
    receiver, writer = of(stack, "Receiver"), of(stack, "Writer")
    assert (receiver["Handler"], writer["Handler"]) == ("receive", "drain")
    same = ["Code", "Runtime", "Architectures", "MemorySize", "Timeout", "LoggingConfig"]
    assert {name: writer[name] for name in same} == {name: receiver[name] for name in same}
    ours, theirs = writer["Environment"]["Variables"], receiver["Environment"]["Variables"]
    of_requests = {"SOURCE_CIDRS", "SOURCE_CIDRS_MODE", "QUEUE_URL"}
    assert ours == {name: value for name, value in theirs.items() if name not in of_requests}
    assert only(of_type(stack, "AWS::Lambda::Url"))["TargetFunctionArn"] == {"Ref": "Receiver"}
    assert all(p["FunctionName"] == {"Ref": "Receiver"} for p in of_type(stack, "AWS::Lambda::Permission").values())


def statements(stack, role):
    """The statements of a role by their names, each as it is where its condition holds, and the conditions."""
    [policy] = of(stack, role)["Policies"]
    conditions, plain = {}, {}
    for statement in policy["PolicyDocument"]["Statement"]:
        condition, statement = (statement["Fn::If"][0], statement["Fn::If"][1]) if "Fn::If" in statement else (None, statement)
        sid = statement["Sid"]
        conditions[sid], plain[sid] = condition, {name: v for name, v in statement.items() if name != "Sid"}
    return conditions, plain


def test_the_receiver_may_only_send_to_the_queue_and_the_writer_only_take_from_it(stack):
    queue = {"Fn::GetAtt": ["Batches", "Arn"]}
    (receivers, may_send), (writers, may_take) = statements(stack, "ReceiverRole"), statements(stack, "WriterRole")
    assert receivers == {
        "CreateObjects": None,
        "WriteLogs": None,
        "EncryptObjects": "HasKmsKey",
        "SendBatches": "HasBuffer",
        "EncryptBatches": "HasEncryptedBuffer",
    }
    assert writers == {"TakeBatches": None, "CreateObjects": None, "WriteLogs": None, "EncryptObjects": "HasKmsKey", "DecryptBatches": "HasKmsKey"}
    assert may_send["SendBatches"] == {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue}
    take = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    assert may_take["TakeBatches"] == {"Effect": "Allow", "Action": take, "Resource": queue}
    for sid in ["CreateObjects", "WriteLogs", "EncryptObjects"]:
        assert may_take[sid] == may_send[sid], sid
    assert "ManagedPolicyArns" not in of(stack, "WriterRole")
    assert of(stack, "WriterRole")["AssumeRolePolicyDocument"] == of(stack, "ReceiverRole")["AssumeRolePolicyDocument"]


def test_the_key_is_used_to_decrypt_through_sqs_alone(stack):
    assert stack["Conditions"]["HasEncryptedBuffer"] == {"Fn::And": [{"Condition": "HasBuffer"}, {"Condition": "HasKmsKey"}]}
    through = {"StringEquals": {"kms:ViaService": {"Fn::Sub": "sqs.${AWS::Region}.${AWS::URLSuffix}"}}}
    expected = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": {"Ref": "KmsKeyArn"}, "Condition": through}
    assert statements(stack, "ReceiverRole")[1]["EncryptBatches"] == {**expected, "Action": ["kms:Decrypt", "kms:GenerateDataKey"]}
    assert statements(stack, "WriterRole")[1]["DecryptBatches"] == expected


def test_nobody_else_is_let_into_the_queues(stack):
    assert of_type(stack, "AWS::SQS::QueuePolicy") == {}
    others = {n: r for n, r in stack["Resources"].items() if n not in RESOURCES and n not in ("Receiver", "ReceiverRole", "Dashboard")}
    assert [n for n, r in others.items() if re.search(r'["{](Dead)?Batches["}.]', text(r))] == []


@pytest.mark.parametrize(
    ("name", "namespace", "metric", "dimension", "threshold", "comparison"),
    [
        ("WriterErrorsAlarm", "AWS/Lambda", "Errors", ("FunctionName", {"Ref": "Writer"}), 1, "GreaterThanOrEqualToThreshold"),
        (
            "OldBatchesAlarm",
            "AWS/SQS",
            "ApproximateAgeOfOldestMessage",
            ("QueueName", {"Fn::GetAtt": ["Batches", "QueueName"]}),
            900,
            "GreaterThanThreshold",
        ),
        (
            "DeadBatchesAlarm",
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            ("QueueName", {"Fn::GetAtt": ["DeadBatches", "QueueName"]}),
            1,
            "GreaterThanOrEqualToThreshold",
        ),
    ],
)
def test_an_alarm_watches_what_its_section_of_the_runbook_says(stack, name, namespace, metric, dimension, threshold, comparison):
    alarm = of(stack, name)
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"], alarm["ComparisonOperator"]) == (namespace, metric, threshold, comparison)
    assert alarm["Dimensions"] == [{"Name": dimension[0], "Value": dimension[1]}]
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (300, 1, "notBreaching")
    section = re.search(r'RUNBOOK\.md, "(.+)"', alarm["AlarmDescription"])[1]
    assert f"### {section}\n" in (PROJECT / "RUNBOOK.md").read_text()


def test_the_dashboard_shows_the_queue_and_its_alarms_only_in_the_buffered_mode(stack):
    off, on = dashboard(stack), dashboard(stack, "HasBuffer")
    assert len(on) == len(off) + 1 and not re.search("Batches|Writer", json.dumps(off))
    queue = [metric for metric in shown(stack, "HasBuffer") if metric[0] == "AWS/SQS"]
    assert queue == [
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", ["QueueName", "${Batches.QueueName}"]),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", ["QueueName", "${Batches.QueueName}"]),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", ["QueueName", "${DeadBatches.QueueName}"]),
    ]
    [added] = [widget for widget in on if widget not in off and widget["type"] != "alarm"]
    below = max(widget["y"] + widget["height"] for widget in off)
    assert (added["x"], added["y"]) == (0, below), "it lies on another widget"
    [alarms] = [widget["properties"]["alarms"] for widget in on if widget["type"] == "alarm"]
    assert {f"${{{name}.Arn}}" for name in ALARMS} <= set(alarms)
