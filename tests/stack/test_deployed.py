"""The stack, created through CloudFormation's API in moto's server, and the receiver run inside it.

The receiver is the real binary. It takes its environment from the deployed function and its credentials from the deployed role,
and moto then checks each of its calls against that role's policy.
"""

import ast
import contextlib
import gzip
import hashlib
import json
import os
import re
import subprocess
import tempfile

import boto3
import pytest
from botocore.exceptions import ClientError
from conftest import PROJECT, REGION, TOKEN
from lambda_runtime import RuntimeApi
from moto.cloudformation.parsing import get_model_map

# Resource types that moto cannot create, or that name one which it cannot; and the test that holds each instead, in
# another file of this folder.
NOT_IN_MOTO = {
    "AWS::Athena::NamedQuery": "test_saved_queries_are_athena_sql_over_columns_that_exist_and_name_a_partition",
    "AWS::Athena::WorkGroup": "test_the_workgroup_of_people_limits_scans",
    "AWS::CloudWatch::Alarm": "test_every_alarm_tells_the_topic_and_has_a_runbook_section",
    "AWS::CloudWatch::Dashboard": "test_alarms_name_metrics_that_exist_of_this_stack_and_the_dashboard_shows_each",
    "AWS::Glue::Database": "test_tables_need_no_crawler",
    "AWS::Glue::Table": "test_tables_need_no_crawler",
    "AWS::Lambda::EventInvokeConfig": "test_a_check_is_started_each_hour_over_four_and_not_again_at_once",
    "AWS::Lambda::Url": "test_the_url_is_public_and_has_both_permissions_once",
    "AWS::Scheduler::Schedule": "test_scheduler_keeps_each_schedule_as_it_is_written",
    "AWS::Scheduler::ScheduleGroup": "test_a_role_is_taken_by_its_own_schedules_and_state_machine_alone",
    "AWS::SNS::Subscription": "test_the_operator_is_subscribed_when_there_is_an_address",
    "AWS::S3::BucketPolicy": "test_both_bucket_policies_say_tls_only_and_create_never_overwrite",
}
DIGEST = hashlib.sha256(TOKEN.encode()).hexdigest()


def creatable(stack):
    """The stack without what moto lacks, whose names stand for it in ARNs, and without the outputs that need it."""
    resources = {n: r for n, r in stack["Resources"].items() if r["Type"] not in NOT_IN_MOTO}
    resources = json.loads(re.sub(rf'\$\{{({"|".join(set(stack["Resources"]) - set(resources))})\}}', r"\1", json.dumps(resources)))
    gone = set(stack["Resources"]) - set(resources)
    outputs = {n: o for n, o in stack["Outputs"].items() if not re.search(rf'["{{]({"|".join(gone)})["}}]', json.dumps(o))}
    return {**stack, "Resources": resources, "Outputs": outputs}


@pytest.fixture(scope="module")
def deployed(aws, stack):
    """What is deployed: outputs, the function's environment, and credentials of its role."""
    aws("s3").create_bucket(Bucket="packages")
    aws("s3").put_object(Bucket="packages", Key="receiver.zip", Body=b"PK\5\6" + bytes(18))
    cloudformation = aws("cloudformation")
    cloudformation.create_stack(
        StackName="auth0-log-lake",
        TemplateBody=json.dumps(creatable(stack)),
        Parameters=[
            {"ParameterKey": "TokenDigests", "ParameterValue": f"example={DIGEST}"},
            {"ParameterKey": "LakePrefix", "ParameterValue": "auth0/"},
        ],
        Capabilities=["CAPABILITY_IAM"],
    )
    described = cloudformation.describe_stacks(StackName="auth0-log-lake")["Stacks"][0]
    assert described["StackStatus"] == "CREATE_COMPLETE"
    outputs = {o["OutputKey"]: o["OutputValue"] for o in described["Outputs"]}
    function = aws("lambda").get_function_configuration(FunctionName=outputs["FunctionName"])
    return {
        "outputs": outputs,
        "environment": function["Environment"]["Variables"],
        "credentials": credentials_of(aws, function["Role"].split("/")[-1]),
        "credentials_of_merges": credentials_of(aws, made(cloudformation, "auth0-log-lake")["MergeRole"]),
    }


def made(cloudformation, stack):
    """The physical name of each resource of a stack. moto lists some that are not there, without one."""
    resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in resources if "PhysicalResourceId" in r}


def credentials_of(aws, role):
    make_policy_checkable(aws("iam"), role)
    assumed = aws("sts").assume_role(RoleArn=f"arn:aws:iam::123456789012:role/{role}", RoleSessionName="test")["Credentials"]
    return {
        "aws_access_key_id": assumed["AccessKeyId"],
        "aws_secret_access_key": assumed["SecretAccessKey"],
        "aws_session_token": assumed["SessionToken"],
    }


def make_policy_checkable(iam, role):
    """Stores the role's policy again, as JSON: moto keeps what came by CloudFormation in Python's spelling, and cannot check that."""
    [name] = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = ast.literal_eval(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
    document["Statement"] = [s for s in document["Statement"] if s]  # without AWS::NoValue
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


@contextlib.contextmanager
def policies_enforced(aws):
    """Has moto check signatures and policies of every call until the end."""
    reset = boto3.session.botocore.httpsession.URLLib3Session()

    def set_count(count):
        request = boto3.session.botocore.awsrequest.AWSRequest("POST", f"{aws.endpoint}/moto-api/reset-auth", data=count)
        assert reset.send(request.prepare()).status_code == 200

    set_count("0")
    try:
        yield
    finally:
        set_count("inf")


def lambda_environment(environment, aws, credentials, runtime):
    return {
        **environment,
        **{name.upper(): value for name, value in credentials.items()},
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL_S3": aws.endpoint,
        "AWS_LAMBDA_RUNTIME_API": runtime.address,
        "AWS_LAMBDA_FUNCTION_NAME": "receiver",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "PATH": os.environ["PATH"],
    }


def invoke(receiver, environment, aws, credentials, *events):
    """Runs the receiver as Lambda does; gives its answers to the events, and the lines that it logged."""
    with RuntimeApi() as runtime, tempfile.TemporaryFile("w+") as log:
        environment = lambda_environment(environment, aws, credentials, runtime)
        process = subprocess.Popen([receiver], stdout=log, stderr=log, env=environment)
        try:
            answers = [runtime.invoke(event) for event in events]
        finally:
            process.kill()
            process.wait(timeout=10)
            log.seek(0)
            lines = log.read().splitlines()
            print("\n".join(lines))
        return answers, [json.loads(line) for line in lines]


def sample(name):
    return json.loads((PROJECT / "events/function-url" / name).read_text())


def test_the_list_of_what_moto_lacks_is_short_and_each_is_held_otherwise(stack):
    source = "".join(path.read_text() for path in (PROJECT / "tests/stack").glob("test_*.py"))
    for kind, test in NOT_IN_MOTO.items():
        assert kind not in get_model_map() or kind == "AWS::CloudWatch::Dashboard", f"moto can create {kind} now"
        assert any(r["Type"] == kind for r in stack["Resources"].values()), kind
        assert f"def {test}(" in source, kind


def test_deploying_gives_the_receiver_its_settings(deployed):
    bucket = deployed["outputs"]["Bucket"]
    assert deployed["environment"] == {
        "LAKE_URL": f"s3://{bucket}/auth0/",
        "TOKEN_DIGESTS": f"example={DIGEST}",
        "COMPRESSION": "gzip",
        "SOURCE_CIDRS": "",
        "SOURCE_CIDRS_MODE": "refuse",
        "STACK_NAME": "auth0-log-lake",
        "S3_BUCKET_OWNER": "123456789012",
    }


def test_a_second_stack_beside_the_first_has_what_a_company_asks_for_and_shares_no_name(aws, stack, deployed):
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    aws("iam").create_policy(PolicyName="boundary", PolicyDocument=json.dumps(everything))
    given = {
        "TokenDigests": f"example={DIGEST}",
        "AlarmTopicArn": f"arn:aws:sns:{REGION}:123456789012:on-call",
        "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/boundary",
        "RolePath": "/service/",
    }
    cloudformation = aws("cloudformation")
    cloudformation.create_stack(
        StackName="lake-two",
        TemplateBody=json.dumps(creatable(stack)),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    [described] = cloudformation.describe_stacks(StackName="lake-two")["Stacks"]
    assert described["StackStatus"] == "CREATE_COMPLETE"
    outputs = {o["OutputKey"]: o["OutputValue"] for o in described["Outputs"]}
    assert outputs["AlarmTopic"] == given["AlarmTopicArn"]
    shared = set(outputs.items()) & set(deployed["outputs"].items())
    assert shared == set()
    function = aws("lambda").get_function_configuration(FunctionName=outputs["FunctionName"])
    assert function["Environment"]["Variables"]["STACK_NAME"] == "lake-two"
    role = aws("iam").get_role(RoleName=function["Role"].split("/")[-1])["Role"]
    assert role["Path"] == "/service/" and ":role/service/" in role["Arn"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == given["PermissionsBoundaryArn"]


def test_a_batch_that_comes_in_by_the_url_is_in_the_stacks_bucket(aws, stack, deployed, receiver):
    event = sample("array.json")
    records = json.loads(event["body"])
    with policies_enforced(aws):
        (first, again), log = invoke(receiver, deployed["environment"], aws, deployed["credentials"], event, event)
    assert first["statusCode"] == again["statusCode"] == 200, first
    assert json.loads(first["body"]) == {"received": len(records), "accepted": len(records), "rejected": 0}

    bucket = deployed["outputs"]["Bucket"]
    keys = [o["Key"] for o in aws("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert all(re.fullmatch(r"auth0/events/dt=\d{4}-\d\d-\d\d/hour=\d\d/\d{8}T\d{9}Z-[0-9a-f]{32}\.ndjson\.gz", k) for k in keys), keys
    bodies = [aws("s3").get_object(Bucket=bucket, Key=k)["Body"].read() for k in keys]
    rows = [json.loads(line) for body in bodies for line in gzip.decompress(body).splitlines()]
    assert sorted(r["log_id"] for r in rows) == sorted(r["log_id"] for r in records)
    columns = {c["Name"]: c["Type"] for c in stack["Resources"]["EventsLanding"]["Properties"]["TableInput"]["StorageDescriptor"]["Columns"]}
    assert all(set(row) <= set(columns) for row in rows)
    assert all(set(row["data"]) <= set(re.findall(r"(\w+):", columns["data"])) for row in rows)

    reported = [line for line in log if "_aws" in line]
    assert [line["EventsStored"] for line in reported] == [len(records)] * 2
    assert [(line["ObjectsWritten"], line["ObjectsAlreadyThere"]) for line in reported] == [(len(keys), 0), (0, len(keys))]
    assert reported[0]["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Auth0LogLake"
    written = next(line for line in log if "_aws" not in line)
    assert {"level", "message"} <= set(written)

    stated = re.search(r"measured for our two lines: ([\d,]+)", (PROJECT / "COSTS.md").read_text())[1]
    size = sum(len(json.dumps(line, separators=(",", ":"))) for line in (reported[0], written))
    assert abs(size - int(stated.replace(",", ""))) < 150, size


def test_the_deployed_role_may_not_read_list_delete_or_write_elsewhere(aws, deployed):
    s3 = aws("s3", **deployed["credentials"])
    bucket = deployed["outputs"]["Bucket"]
    refused = [
        lambda: s3.put_object(Bucket=bucket, Key="auth0/elsewhere/x", Body=b""),
        lambda: s3.put_object(Bucket=bucket, Key="events/x", Body=b""),
        lambda: s3.put_object(Bucket="packages", Key="auth0/events/x", Body=b""),
        lambda: s3.get_object(Bucket=bucket, Key="auth0/events/x"),
        lambda: s3.list_objects_v2(Bucket=bucket),
        lambda: s3.delete_object(Bucket=bucket, Key="auth0/events/x"),
    ]
    with policies_enforced(aws):
        s3.put_object(Bucket=bucket, Key="auth0/rejects/x", Body=b"")
        for call in refused:
            with pytest.raises(ClientError) as raised:
                call()
            assert raised.value.response["Error"]["Code"] == "AccessDenied"


def test_the_role_of_the_schedules_reads_events_writes_its_tables_and_touches_nothing_else(aws, deployed):
    s3, bucket = aws("s3", **deployed["credentials_of_merges"]), deployed["outputs"]["Bucket"]
    for key in ["auth0/events/a", "auth0/rejects/a", "auth0/other"]:
        aws("s3").put_object(Bucket=bucket, Key=key, Body=b"")
    queue = deployed["outputs"]["UnstartedStatements"]
    refused = [
        lambda: s3.put_object(Bucket=bucket, Key="auth0/events/b", Body=b""),
        lambda: s3.put_object(Bucket=bucket, Key="tables/events/b", Body=b""),
        lambda: s3.delete_object(Bucket=bucket, Key="auth0/events/a"),
        lambda: s3.delete_object(Bucket=bucket, Key="auth0/athena-results/merge/a"),
        lambda: s3.get_object(Bucket=bucket, Key="auth0/athena-results/a"),
        lambda: s3.put_object(Bucket=bucket, Key="auth0/athena-results/detections/a", Body=b""),
        lambda: s3.get_object(Bucket=bucket, Key="auth0/rejects/a"),
        lambda: s3.get_object(Bucket=bucket, Key="auth0/other"),
        lambda: s3.list_objects_v2(Bucket="packages"),
        lambda: aws("sqs", **deployed["credentials_of_merges"]).receive_message(QueueUrl=queue),
        lambda: aws("athena", **deployed["credentials_of_merges"]).list_query_executions(),
        lambda: s3.put_object(Bucket=bucket, Key="auth0/tables/other/b", Body=b""),
        lambda: aws("glue", **deployed["credentials_of_merges"]).delete_table(DatabaseName="lake", Name="events"),
    ]
    with policies_enforced(aws):
        s3.get_object(Bucket=bucket, Key="auth0/events/a")
        for folder in ["tables/events", "tables/alerts", "athena-results/merge"]:
            s3.put_object(Bucket=bucket, Key=f"auth0/{folder}/a", Body=b"")
            s3.get_object(Bucket=bucket, Key=f"auth0/{folder}/a")
        for table in ["events", "alerts"]:
            s3.delete_object(Bucket=bucket, Key=f"auth0/tables/{table}/a")
        aws("sqs", **deployed["credentials_of_merges"]).send_message(QueueUrl=queue, MessageBody="{}")
        for call in refused:
            with pytest.raises(ClientError) as raised:
                call()
            assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403, raised.value


@pytest.mark.parametrize(("lake", "kind"), [("s3://packages", "denied"), ("s3://not-there", "not_found")])
def test_a_lake_that_cannot_be_written_costs_a_503_and_a_clear_line(aws, deployed, receiver, lake, kind):
    elsewhere = {**deployed["environment"], "LAKE_URL": lake}
    with policies_enforced(aws) if kind == "denied" else contextlib.nullcontext():
        [answer], log = invoke(receiver, elsewhere, aws, deployed["credentials"], sample("array.json"))
    assert answer["statusCode"] == 503
    assert json.loads(answer["body"]) == {"error": "store_unavailable"}
    assert [line["error.kind"] for line in log if line.get("level") == "ERROR"] == [kind]
    assert [line["StoreFailures"] for line in log if "_aws" in line] == [1]


def test_a_wrong_setting_stops_the_start_with_a_sentence(aws, deployed, receiver):
    with RuntimeApi() as runtime:
        wrong = {**deployed["environment"], "TOKEN_DIGESTS": "example=12"}
        environment = lambda_environment(wrong, aws, deployed["credentials"], runtime)
        done = subprocess.run([receiver], env=environment, capture_output=True, text=True, timeout=20)
    assert done.returncode != 0
    assert "TOKEN_DIGESTS must be" in json.loads(done.stderr)["message"]
