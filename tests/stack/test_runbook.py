"""The commands of RUNBOOK.md, run as they are written: by the AWS CLI against moto's server, in each shell that is here."""

import json
import os
import re
import shutil
import subprocess
import sys
import time

import pytest
from conftest import PROJECT
from test_deployed import creatable

REGION = "eu-west-1"  # a place of its own in moto, which all modules share
RUNBOOK = (PROJECT / "RUNBOOK.md").read_text()
SHELLS = [shell for shell in ["bash", "zsh"] if shutil.which(shell)]
# Sections whose commands other tests run.
ELSEWHERE = ["Replay rejected records", "Erase one person's events"]


# What moto cannot answer: the CLI itself checks the command then, and makes up the answer.
CHECKED_ONLY = {"aws lambda get-account-settings --query AccountLimit": " --generate-cli-skeleton output"}
# Stands before the AWS CLI. Version 1 takes the variable of the endpoint for every service but SQS, and moto moves no messages.
CLI = '''#!/bin/sh
case "$1 $2" in
"sqs "*-message-move-task*) printf '%s\\n' "$*" >> moves; set -- "$@" --generate-cli-skeleton output ;;
"sqs "*) set -- "$@" --endpoint-url "$AWS_ENDPOINT_URL" ;;
esac
exec {aws} "$@"
'''
QUEUES = ["unstarted", "batches", "dead"]


def sections():
    """The text of each section, by its heading."""
    parts = re.split(r"^#{2,3} (.+)$", RUNBOOK, flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def blocks(text):
    """The fenced blocks of shell commands."""
    return [re.sub("^ {3}", "", block, flags=re.MULTILINE) for block in re.findall(r"^ *```sh\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)]


def spans(text):
    """The commands that stand in a line of text."""
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
    names = ("aws", "out", "logs", "HOURS=6 logs", "printf", "sam")
    return [span + CHECKED_ONLY.get(span, "") for span in re.findall(r"`([^`]+)`", prose) if re.match(rf"({'|'.join(names)}) ", span)]


[PREAMBLE] = blocks(sections()[""])
COMMANDS = [
    pytest.param(command, id=f"{heading or 'top'}-{number}")
    for heading, text in sections().items()
    if heading not in ELSEWHERE
    for number, command in enumerate(blocks(text) + spans(text))
    if command not in (PREAMBLE, "out NAME", "logs PATTERN", "sam deploy --tags")  # words about the commands
]


@pytest.fixture(scope="module")
def runs(aws, stack, tmp_path_factory):
    """Runs a command in a shell, where the stack is deployed with a bucket and a key that were there before."""
    folder = tmp_path_factory.mktemp("desk")
    bucket = "runbook-bucket"
    aws("s3", region=REGION).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    aws("s3", region=REGION).create_bucket(Bucket="packages-of-runbook", CreateBucketConfiguration={"LocationConstraint": REGION})
    aws("s3", region=REGION).put_object(Bucket="packages-of-runbook", Key="receiver.zip", Body=b"PK\5\6" + bytes(18))
    aws("s3", region=REGION).put_bucket_policy(Bucket=bucket, Policy='{"Version": "2012-10-17", "Statement": []}')
    key = aws("kms", region=REGION).create_key()["KeyMetadata"]["KeyId"]  # the ARN is right too, but not all of moto takes it
    aws("kms", region=REGION).schedule_key_deletion(KeyId=key)
    body = json.dumps(creatable(stack)).replace('"S3Bucket": "packages"', '"S3Bucket": "packages-of-runbook"')
    body = json.loads(body)
    lacking = set(stack["Outputs"]) - set(body["Outputs"])
    body["Outputs"] |= {name: {"Value": {"Workgroup": "lake", "MergeWorkgroup": "lake-merge", "Database": "lake"}.get(name, "https://example.com/")} for name in lacking}
    # moto's queues lie at its endpoint alone, whatever their URL says.
    for output, queue in zip(["UnstartedStatements", "Batches", "DeadBatches"], QUEUES, strict=True):
        body["Outputs"][output]["Value"] = f"{aws.endpoint}/123456789012/{queue}"
    aws("cloudformation", region=REGION).create_stack(
        StackName="auth0-log-lake",
        TemplateBody=json.dumps(body),
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in {
                "TokenDigests": f"acme={'0' * 64}",
                "ExistingBucketName": bucket,
                "ReservedConcurrency": "9",
                "BufferSeconds": "60",
                "GapsAuth0Domain": "acme.eu.auth0.com",
                "GapsSecretArn": f"arn:aws:secretsmanager:{REGION}:123456789012:secret:auth0-AbCdEf",
            }.items()
        ],
        Capabilities=["CAPABILITY_IAM"],
    )
    for workgroup in ("lake", "lake-merge"):
        aws("athena", region=REGION).create_work_group(Name=workgroup, Configuration={})
    aws("athena", region=REGION).start_query_execution(QueryString="MERGE", WorkGroup="lake-merge")
    aws("cloudtrail", region=REGION).create_trail(Name="audit", S3BucketName="packages-of-runbook")
    (folder / "target/lambda/receiver").mkdir(parents=True)
    (folder / "target/lambda/receiver/bootstrap.zip").write_bytes(b"PK\5\6" + bytes(18))
    (folder / "bin").mkdir()
    for tool in ["lake", "make", "sam"]:
        (folder / "bin" / tool).write_text('#!/bin/sh\necho "$(basename "$0") $*" >> calls\n')
        (folder / "bin" / tool).chmod(0o755)
    (folder / "bin/aws").write_text(CLI.format(aws=shutil.which("aws", path=os.path.dirname(sys.executable))))
    (folder / "bin/aws").chmod(0o755)
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "HOME": str(folder),
        "KEY": key,
        "QUEUE": f"{aws.endpoint}/123456789012/batches",
        "TOKEN": "local-development-token",
        "PATH": f"{folder / 'bin'}:{os.path.dirname(sys.executable)}:/usr/bin:/bin",
    }

    def run(shell, command):
        # As typed into a terminal: from standard input, the lines of the top first.
        start = [shell, "-f", "-e", "-s"] if shell == "zsh" else [shell, "--norc", "-e", "-s"]
        done = subprocess.run(start, input=f"{PREAMBLE}\n{command}\n", env=environment, cwd=folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    run.folder = folder
    run.bucket = bucket
    yield run


def test_both_shells_are_tried_where_they_are_and_there_is_one():
    assert SHELLS


def make_the_queues_again(aws):
    """A queue can be purged once in 60 seconds, and one that was deleted is gone."""
    client = aws("sqs", region=REGION)
    for name in QUEUES:
        for url in client.list_queues(QueueNamePrefix=name).get("QueueUrls", []):
            client.delete_queue(QueueUrl=url)
        client.create_queue(QueueName=name)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_runbook_runs_as_it_is_written(runs, aws, shell, command):
    forget_the_function_without_sam(aws)
    make_the_queues_again(aws)
    runs(shell, command)


@pytest.mark.parametrize("shell", SHELLS)
def test_logs_prints_the_lines_of_the_last_hours_and_ago_counts_them(runs, aws, shell):
    client, group = aws("logs", region=REGION), runs(shell, "out LogGroup").strip()
    now = int(time.time() * 1000)
    client.create_log_stream(logGroupName=group, logStreamName=shell)
    lines = [(now - 2 * 3_600_000, '{"error.code": "long_ago"}'), (now, '{"error.code": "now"}')]
    client.put_log_events(logGroupName=group, logStreamName=shell, logEvents=[{"timestamp": at, "message": line} for at, line in lines])
    assert runs(shell, "logs '\"error.code\"'").splitlines() == [lines[1][1]]
    assert runs(shell, "HOURS=6 logs '\"error.code\"'").splitlines() == [line for _, line in lines]
    assert abs(int(runs(shell, "ago 3")) - now // 1000 + 3 * 3600) < 60
    client.delete_log_stream(logGroupName=group, logStreamName=shell)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_dead_batch_is_looked_at_and_stays_and_all_are_put_back_from_the_right_queue(runs, aws, shell):
    make_the_queues_again(aws)
    client = aws("sqs", region=REGION)
    dead = client.get_queue_url(QueueName="dead")["QueueUrl"]
    text = '{"source":"acme","request_id":"r","received_at":1795403527123}\n[{"log_id":"1"}]'
    client.send_message(QueueUrl=dead, MessageBody=text)
    look, move, _, sender, purge = spans(sections()["Dead batches"])
    assert runs(shell, look) == runs(shell, look) == text + "\n"
    assert set(json.loads(runs(shell, sender))) == {"SenderId", "SentTimestamp"}
    left = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert left["ApproximateNumberOfMessages"] == "1"
    runs(shell, move)
    source = runs(shell, "out DeadBatchesArn").strip()
    assert re.fullmatch(rf"arn:aws:sqs:{REGION}:123456789012:auth0-log-lake-?DeadBatches.*", source), source
    assert (runs.folder / "moves").read_text().splitlines()[-1] == f"sqs start-message-move-task --source-arn {source}"
    runs(shell, purge)
    assert runs(shell, look) == "None\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_queue_that_was_left_behind_becomes_a_dead_letter_queue_from_which_sqs_moves(runs, aws, shell):
    make_the_queues_again(aws)
    client = aws("sqs", region=REGION)
    [block] = blocks(sections()["The buffered mode"])
    runs(shell, block)
    mover = client.get_queue_url(QueueName="auth0-log-lake-mover")["QueueUrl"]
    redrive = json.loads(client.get_queue_attributes(QueueUrl=mover, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"])
    left_behind = f"arn:aws:sqs:{REGION}:123456789012:batches"
    assert redrive["deadLetterTargetArn"] == left_behind
    new = runs(shell, "out BatchesArn").strip()
    moved = (runs.folder / "moves").read_text().splitlines()[-1]
    assert moved == f"sqs start-message-move-task --source-arn {left_behind} --destination-arn {new}"
    client.delete_queue(QueueUrl=mover)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_bucket_that_exists_gets_the_policy_and_the_rule_and_keeps_its_own_rules(runs, aws, shell):
    client = aws("s3", region=REGION)
    client.delete_bucket_policy(Bucket=runs.bucket)
    client.delete_bucket_lifecycle(Bucket=runs.bucket)
    policy, rule, more_rules = blocks(sections()["Use a bucket that exists"])
    runs(shell, policy)
    statements = json.loads(client.get_bucket_policy(Bucket=runs.bucket)["Policy"])["Statement"]
    assert [s["Sid"] for s in statements] == ["TlsOnly", "CreateNeverOverwrite"]
    assert f"arn:aws:s3:::{runs.bucket}/events/*" in statements[1]["Resource"]
    runs(shell, rule)
    runs(shell, more_rules)
    [kept] = client.get_bucket_lifecycle_configuration(Bucket=runs.bucket)["Rules"]
    assert (kept["Filter"]["Prefix"], kept["Expiration"]["Days"], kept["Status"]) == ("athena-results/", 7, "Enabled")


@pytest.mark.parametrize("shell", SHELLS)
def test_without_sam_there_is_a_function_with_its_settings_and_a_public_url(runs, aws, shell):
    forget_the_function_without_sam(aws)
    [block] = blocks(sections()["Deploy without SAM"])
    runs(shell, block)
    client = aws("lambda", region=REGION)
    function = client.get_function_configuration(FunctionName="receiver")
    assert function["Environment"]["Variables"] == {"LAKE_URL": "s3://my-bucket", "TOKEN_DIGESTS": f"acme={'0' * 64}"}
    assert (function["Architectures"], function["Role"]) == (["arm64"], "arn:aws:iam::123456789012:role/auth0-log-lake")
    assert client.get_function_url_config(FunctionName="receiver")["AuthType"] == "NONE"
    statements = json.loads(client.get_policy(FunctionName="receiver")["Policy"])["Statement"]
    assert {s["Action"] for s in statements} == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
    policy = aws("iam").get_role_policy(RoleName="auth0-log-lake", PolicyName="receiver")["PolicyDocument"]
    assert [s["Resource"] for s in policy["Statement"]] == [
        ["arn:aws:s3:::my-bucket/events/*", "arn:aws:s3:::my-bucket/rejects/*"],
        "arn:aws:logs:*:123456789012:log-group:/aws/lambda/receiver:*",
    ]
    assert "make build ARCH=arm64" in (runs.folder / "calls").read_text()


def forget_the_function_without_sam(aws):
    """Deletes what "Deploy without SAM" makes, so that another shell can make it."""
    client = aws("lambda", region=REGION)
    if any(f["FunctionName"] == "receiver" for f in client.list_functions()["Functions"]):
        client.delete_function(FunctionName="receiver")
        aws("iam").delete_role_policy(RoleName="auth0-log-lake", PolicyName="receiver")
        aws("iam").delete_role(RoleName="auth0-log-lake")
        aws("logs", region=REGION).delete_log_group(logGroupName="/aws/lambda/receiver")
