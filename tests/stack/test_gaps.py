"""The scheduled comparison with Auth0's own log: what the template makes of it, and the real binary run in the deployed stack."""

import hashlib
import http.server
import json
import re
import subprocess
import threading

import pytest
from botocore.exceptions import ClientError
from conftest import TOKEN
from lambda_runtime import RuntimeApi
from test_deployed import creatable, credentials_of, lambda_environment, policies_enforced
from translated import NOTHING, STACK, all_metrics

DIGEST = hashlib.sha256(TOKEN.encode()).hexdigest()
OURS = {"GapsCheck", "GapsCheckEventInvokeConfig", "GapsRole", "GapsSchedule", "GapsScheduleRole", "MissingEventsAlarm", "PartialAnswersAlarm", "MissedChecksAlarm"}
DAY = {"since": "2024-03-01", "until": "2024-03-01"}


# The template


def test_the_check_is_off_and_makes_nothing_unless_it_is_asked_for(stack):
    assert [stack["Parameters"][f"Gaps{name}"]["Default"] for name in ("Auth0Domain", "SecretArn", "Source")] == ["", "", ""]
    assert stack["Conditions"]["HasGaps"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "GapsAuth0Domain"}, ""]}]}
    assert {name for name, r in stack["Resources"].items() if r.get("Condition") == "HasGaps"} == OURS
    assert stack["Outputs"]["GapsCheck"]["Condition"] == "HasGaps"


def test_the_secret_is_in_no_parameter_and_no_variable_but_its_arn(stack):
    variables = stack["Resources"]["GapsCheck"]["Properties"]["Environment"]["Variables"]
    assert set(variables) == {"AUTH0_DOMAIN", "AUTH0_SECRET_ARN", "LAKE_URL", "SOURCE", "STACK_NAME"}
    assert variables["AUTH0_SECRET_ARN"] == {"Ref": "GapsSecretArn"}
    # Who may start it must not be able to send the application's secret elsewhere.
    assert not set(json.loads(stack["Resources"]["GapsSchedule"]["Properties"]["Target"]["Input"])) - {"since", "until"}


def test_a_check_is_started_each_hour_over_four_and_not_again_at_once(stack):
    schedule = stack["Resources"]["GapsSchedule"]["Properties"]
    assert (schedule["ScheduleExpression"], schedule["FlexibleTimeWindow"]) == ("rate(1 hour)", {"Mode": "OFF"})
    window = {name: int(value.removesuffix("h")) for name, value in json.loads(schedule["Target"]["Input"]).items()}
    hours = window["since"] - window["until"]
    # Where so many checks are missed that the next no longer sees all, it is an alarm.
    assert (hours, window["until"]) == (stack["Resources"]["MissedChecksAlarm"]["Properties"]["EvaluationPeriods"], 1)
    assert stack["Resources"]["GapsCheckEventInvokeConfig"]["Properties"]["MaximumRetryAttempts"] == 0
    function = stack["Resources"]["GapsCheck"]["Properties"]
    assert (function["MemorySize"], stack["Parameters"]["GapsMemorySize"]["Default"]) == ({"Ref": "GapsMemorySize"}, 512)
    assert (function["Timeout"], function["Runtime"], function["Handler"]) == (900, "provided.al2023", "bootstrap")
    assert function["LoggingConfig"] == stack["Resources"]["Receiver"]["Properties"]["LoggingConfig"]
    arn = {"Fn::GetAtt": ["GapsCheck", "Arn"]}
    statements = stack["Resources"]["GapsScheduleRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert statements == [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn}]
    assert schedule["Target"]["Arn"] == arn


def test_the_role_of_the_check_reads_two_prefixes_and_one_secret(stack):
    role = stack["Resources"]["GapsRole"]["Properties"]
    assert "ManagedPolicyArns" not in role and len(role["Policies"]) == 1
    listing, reading, secret, logs, key = role["Policies"][0]["PolicyDocument"]["Statement"]
    prefixes = [prefix["Fn::Sub"] for prefix in listing["Condition"]["StringLike"]["s3:prefix"]]
    assert (listing["Action"], prefixes) == ("s3:ListBucket", ["${LakePrefix}events/*", "${LakePrefix}rejects/*"])
    assert [r["Fn::Sub"][0].rpartition("${Bucket}/")[2] for r in reading["Resource"]] == prefixes
    assert reading["Action"] == "s3:GetObject"
    read = {"Sid": "ReadSecret", "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": {"Ref": "GapsSecretArn"}}
    assert secret == {"Fn::If": ["HasGapsSecret", read, NOTHING]}
    assert logs["Resource"] == {"Fn::GetAtt": ["ReceiverLogs", "Arn"]}
    condition, when_given, otherwise = key["Fn::If"]
    assert (condition, when_given["Action"], when_given["Resource"], otherwise) == ("HasKmsKey", "kms:Decrypt", {"Ref": "KmsKeyArn"}, NOTHING)


def test_missing_events_are_an_alarm_and_so_are_checks_that_fail_or_stay_away(stack):
    missing, missed = (stack["Resources"][f"{name}Alarm"]["Properties"] for name in ("MissingEvents", "MissedChecks"))
    assert (missing["MetricName"], missing["Dimensions"], missing["Statistic"], missing["Threshold"]) == ("MissingEvents", [STACK], "Maximum", 1)
    assert (missing["ComparisonOperator"], missing["Period"], missing["EvaluationPeriods"]) == ("GreaterThanOrEqualToThreshold", 3600, 1)
    assert "FILL=1" in missing["AlarmDescription"]
    partial = dict(stack["Resources"]["PartialAnswersAlarm"]["Properties"])
    assert (partial.pop("MetricName"), partial.pop("AlarmDescription").startswith("Auth0 gave no record")) == ("PartialAnswers", True)
    assert partial == {name: value for name, value in missing.items() if name in partial}
    expression, *metrics = missed["Metrics"]
    assert expression["Expression"] == "FILL(made, 0) - FILL(failed, 0)"
    stats = {m["Id"]: (m["MetricStat"]["Metric"]["MetricName"], m["MetricStat"]["Stat"], m["MetricStat"]["Period"]) for m in metrics}
    assert stats == {"made": ("CheckFailures", "SampleCount", 3600), "failed": ("CheckFailures", "Sum", 3600)}
    assert (missed["Threshold"], missed["ComparisonOperator"]) == (1, "LessThanThreshold")
    assert not {"MissingEvents", "PartialAnswers", "CheckFailures"} & all_metrics()  # the receiver's own


# The deployed stack


RECORDS = [
    {"_id": i, "log_id": i, "date": "2024-03-01T12:00:00.000Z", "type": "s"} for i in (f"90020240301120000000{n:036}" for n in range(3))
]


class Auth0(http.server.BaseHTTPRequestHandler):
    """A tenant with three records, which counts who asked."""

    asked = []
    records = RECORDS

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer({"access_token": "hidden-token"})

    def do_GET(self):
        Auth0.asked.append(self.path)
        after = re.search("from=([0-9]+)", self.path)[1]
        self.answer([record for record in Auth0.records if record["log_id"] > after])

    def answer(self, body):
        body = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def tenant():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Auth0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def deployed(aws, stack):
    aws("s3").create_bucket(Bucket="packages")
    aws("s3").put_object(Bucket="packages", Key="receiver.zip", Body=b"PK\5\6" + bytes(18))
    text = json.dumps({"AUTH0_CLIENT_ID": "lake-check", "AUTH0_CLIENT_SECRET": "hidden-secret"})
    secret = aws("secretsmanager").create_secret(Name="auth0", SecretString=text)["ARN"]
    given = {"TokenDigests": f"example={DIGEST}", "LakePrefix": "auth0/", "GapsAuth0Domain": "acme.eu.auth0.com", "GapsSecretArn": secret}
    cloudformation = aws("cloudformation")
    cloudformation.create_stack(
        StackName="lake-gaps",
        TemplateBody=json.dumps(creatable(stack)),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    [described] = cloudformation.describe_stacks(StackName="lake-gaps")["Stacks"]
    assert described["StackStatus"] == "CREATE_COMPLETE"
    outputs = {o["OutputKey"]: o["OutputValue"] for o in described["Outputs"]}
    function = aws("lambda").get_function_configuration(FunctionName=outputs["GapsCheck"])
    role = function["Role"].split("/")[-1]
    credentials = credentials_of(aws, role)
    # Moto knows no resource of a call to Secrets Manager; that it is this secret alone, the test of the template holds.
    policy = aws("iam").get_role_policy(RoleName=role, PolicyName="gaps")["PolicyDocument"]
    [read] = [s for s in policy["Statement"] if s["Sid"] == "ReadSecret"]
    assert read["Resource"] == secret
    read["Resource"] = "*"
    aws("iam").put_role_policy(RoleName=role, PolicyName="gaps", PolicyDocument=json.dumps(policy))
    return {
        "bucket": outputs["Bucket"],
        "secret": secret,
        "environment": function["Environment"]["Variables"],
        "credentials": credentials,
    }


def test_deploying_gives_the_check_its_settings(deployed):
    assert deployed["environment"] == {
        "AUTH0_DOMAIN": "acme.eu.auth0.com",
        "AUTH0_SECRET_ARN": deployed["secret"],
        "LAKE_URL": f"s3://{deployed['bucket']}/auth0/",
        "SOURCE": "",
        "STACK_NAME": "lake-gaps",
    }


def check(binary, environment, aws, credentials, *events):
    """Runs the check as Lambda does; gives its answers and its lines."""
    with RuntimeApi() as runtime:
        environment = lambda_environment(environment, aws, credentials, runtime) | {"AWS_ENDPOINT_URL_SECRETS_MANAGER": aws.endpoint}
        process = subprocess.Popen([binary], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
        try:
            answers = [runtime.invoke(event) for event in events]
        finally:
            process.kill()
            said = process.communicate(timeout=10)[0]
        assert "hidden" not in said + json.dumps(answers), said
        return answers, [json.loads(line) for line in said.splitlines()]


def test_the_check_counts_what_the_stacks_bucket_lacks_with_its_role_and_its_secret(aws, deployed, gaps_check, tenant):
    row = {"log_id": RECORDS[0]["log_id"], "p_source_label": "example", "ingest": {"time_source": "date"}}
    key = f"auth0/events/dt=2024-03-01/hour=12/20240301T120000000Z-{'0' * 32}.ndjson"
    aws("s3").put_object(Bucket=deployed["bucket"], Key=key, Body=json.dumps(row).encode() + b"\n")
    environment = deployed["environment"] | {"AUTH0_DOMAIN": tenant}
    with policies_enforced(aws):
        [answer], lines = check(gaps_check, environment, aws, deployed["credentials"], DAY)
    assert answer == {"compared": 3, "missing": 2, "failed": None}, lines
    [metrics] = [line for line in lines if "_aws" in line]
    assert (metrics["MissingEvents"], metrics["CheckFailures"], metrics["PartialAnswers"], metrics["stack"]) == (2, 0, 0, "lake-gaps")


def test_no_answer_for_a_time_of_which_the_bucket_holds_events_sets_the_alarm_off(aws, stack, deployed, gaps_check, tenant, monkeypatch):
    monkeypatch.setattr(Auth0, "records", [])
    environment = deployed["environment"] | {"AUTH0_DOMAIN": tenant}
    with policies_enforced(aws):
        [answer], lines = check(gaps_check, environment, aws, deployed["credentials"], DAY)
    assert answer["failed"].startswith("what is missing cannot be said: Auth0 gave no record from 2024-03-01 00:00:00 UTC"), lines
    [metrics] = [line for line in lines if "_aws" in line]
    alarm = stack["Resources"]["PartialAnswersAlarm"]["Properties"]
    assert metrics[alarm["MetricName"]] >= alarm["Threshold"] and "MissingEvents" not in metrics and metrics["CheckFailures"] == 1


def test_a_secret_that_is_not_there_is_a_failure_and_auth0_is_not_asked(aws, deployed, gaps_check, tenant):
    Auth0.asked.clear()
    environment = deployed["environment"] | {"AUTH0_DOMAIN": tenant, "AUTH0_SECRET_ARN": deployed["secret"] + "-gone"}
    with policies_enforced(aws):
        [answer], lines = check(gaps_check, environment, aws, deployed["credentials"], DAY)
    assert "cannot be read: there is none of this name, or it has no value (ResourceNotFoundException)" in answer["failed"]
    assert [line["CheckFailures"] for line in lines if "_aws" in line] == [1] and not Auth0.asked


def test_the_deployed_role_of_the_check_may_write_nothing_and_read_nothing_else(aws, deployed):
    s3, bucket = aws("s3", **deployed["credentials"]), deployed["bucket"]
    for key in ["auth0/events/a", "auth0/rejects/a", "auth0/tables/a"]:
        aws("s3").put_object(Bucket=bucket, Key=key, Body=b"")
    refused = [
        lambda: s3.put_object(Bucket=bucket, Key="auth0/events/b", Body=b""),
        lambda: s3.delete_object(Bucket=bucket, Key="auth0/events/a"),
        lambda: s3.get_object(Bucket=bucket, Key="auth0/tables/a"),
        lambda: s3.get_object(Bucket=bucket, Key="events/a"),
        lambda: s3.list_objects_v2(Bucket="packages"),
        lambda: aws("secretsmanager", **deployed["credentials"]).list_secrets(),
        lambda: aws("secretsmanager", **deployed["credentials"]).put_secret_value(SecretId=deployed["secret"], SecretString="x"),
    ]
    with policies_enforced(aws):
        for folder in ["events", "rejects"]:
            s3.get_object(Bucket=bucket, Key=f"auth0/{folder}/a")
        aws("secretsmanager", **deployed["credentials"]).get_secret_value(SecretId=deployed["secret"])
        for call in refused:
            with pytest.raises(ClientError) as raised:
                call()
            assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403, raised.value
