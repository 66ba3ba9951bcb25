"""Facts that the template must keep, asserted on what the SAM transform makes of it."""

import json
import re
import subprocess
import sys

import pytest
import sqlglot
from conftest import PROJECT

SETTINGS = {"LAKE_URL", "TOKEN_DIGESTS", "COMPRESSION", "SOURCE_CIDRS", "SOURCE_CIDRS_MODE"}


def metrics():
    """The names of the metrics that the receiver reports."""
    table = re.search(r"METRICS: .*?= \[(.*?)\];", (PROJECT / "src/metrics.rs").read_text(), re.DOTALL)[1]
    return set(re.findall(r'\("(\w+)", "\w+"\)', table))


def of_type(stack, kind):
    return {name: r["Properties"] for name, r in stack["Resources"].items() if r["Type"] == kind}


def only(mapping):
    assert len(mapping) == 1, sorted(mapping)
    return next(iter(mapping.values()))


def text(value):
    """A CloudFormation value as one string, with its functions spelled out."""
    return json.dumps(value, sort_keys=True)


# The function and its URL


def test_the_url_is_public_and_has_both_permissions_once(stack):
    assert only(of_type(stack, "AWS::Lambda::Url"))["AuthType"] == "NONE"
    permissions = list(of_type(stack, "AWS::Lambda::Permission").values())
    assert all(p["FunctionName"] == {"Ref": "Receiver"} and p["Principal"] == "*" for p in permissions)
    conditions = {p["Action"]: (p.get("FunctionUrlAuthType"), p.get("InvokedViaFunctionUrl")) for p in permissions}
    assert len(permissions) == 2
    assert conditions == {"lambda:InvokeFunctionUrl": ("NONE", None), "lambda:InvokeFunction": (None, True)}


def test_the_function_runs_our_binary_and_logs_json_into_its_own_group(stack, template):
    function = only(of_type(stack, "AWS::Lambda::Function"))
    assert (function["Runtime"], function["Handler"], function["Timeout"]) == ("provided.al2023", "bootstrap", 30)
    assert function["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": {"Ref": "ReceiverLogs"}}
    metadata = template["Resources"]["Receiver"]["Metadata"]
    assert metadata["BuildMethod"] == "rust-cargolambda"
    assert metadata["BuildProperties"] == {"Binary": "receiver"}
    assert stack["Parameters"]["Architecture"]["Default"] == "arm64"


def test_the_environment_is_the_settings_of_the_receiver(stack):
    assert set(only(of_type(stack, "AWS::Lambda::Function"))["Environment"]["Variables"]) == SETTINGS


def test_settings_are_spelled_as_in_config_rs():
    source = (PROJECT / "src/config.rs").read_text()
    assert set(re.findall(r'name: "([A-Z_]+)"', source)) == SETTINGS | {"PORT"}  # PORT is the local receiver's


@pytest.mark.parametrize("name", ["README.md", "RUNBOOK.md"])
def test_documents_name_no_other_setting(name):
    words = set(re.findall(r"\b(?:LAKE|TOKEN|COMPRESSION|SOURCE|PORT)(?:_[A-Z]+)*\b", (PROJECT / name).read_text()))
    assert words <= SETTINGS | {"PORT", "TOKEN"}  # TOKEN is what `make doctor` and `make replay` read
    assert name != "README.md" or SETTINGS <= words


def test_the_role_can_create_objects_and_write_its_logs_and_nothing_else(stack):
    role = only(of_type(stack, "AWS::IAM::Role"))
    assert "ManagedPolicyArns" not in role
    objects, logs, key = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert len(role["Policies"]) == 1
    assert objects["Action"] == "s3:PutObject"
    assert [r["Fn::Sub"][0].rpartition("${Bucket}/")[2] for r in objects["Resource"]] == [
        "${LakePrefix}events/*",
        "${LakePrefix}rejects/*",
    ]
    assert logs["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert logs["Resource"] == {"Fn::GetAtt": ["ReceiverLogs", "Arn"]}
    condition, when_given, otherwise = key["Fn::If"]
    assert (condition, otherwise) == ("HasKmsKey", {"Ref": "AWS::NoValue"})
    assert (when_given["Action"], when_given["Resource"]) == ("kms:GenerateDataKey", {"Ref": "KmsKeyArn"})


# The bucket


def test_the_bucket_outlives_the_stack_and_is_private(stack):
    for name in ["LakeBucket", "LakeBucketPolicy"]:
        resource = stack["Resources"][name]
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
    bucket = stack["Resources"]["LakeBucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    _, with_key, without = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["Fn::If"]
    assert with_key["BucketKeyEnabled"] is True
    assert with_key["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert without["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_only_objects_above_128_kb_move_to_cold_storage(stack):
    rules = stack["Resources"]["LakeBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    cold = [r["Fn::If"][1] for r in rules if r.get("Fn::If", [""])[0] == "HasCold"]
    assert len(cold) == 1
    assert int(cold[0]["ObjectSizeGreaterThan"]) == 128 * 1024
    readable = {"STANDARD_IA", "GLACIER_IR", "INTELLIGENT_TIERING"}
    assert set(stack["Parameters"]["ColdStorageClass"]["AllowedValues"]) == readable


def test_both_bucket_policies_say_tls_only_and_create_never_overwrite(stack):
    ours = only(of_type(stack, "AWS::S3::BucketPolicy"))["PolicyDocument"]["Statement"]
    theirs = json.loads(stack["Outputs"]["ExistingBucketPolicy"]["Value"]["Fn::Sub"])
    ours = json.loads(re.sub(r'\{"Fn::Sub": ("[^"]*")\}', r"\1", text(ours)).replace("${LakeBucket}", "${ExistingBucketName}"))
    assert ours == theirs
    tls, create = theirs
    assert all(s["Effect"] == "Deny" and s["Principal"] == "*" for s in theirs)
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert create["Action"] == "s3:PutObject"
    assert create["Condition"] == {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
    assert [r.rpartition("${LakePrefix}")[2] for r in create["Resource"]] == ["events/*", "rejects/*"]


# Alarms and dashboard


def test_every_alarm_tells_the_topic_and_has_a_runbook_section(stack):
    runbook = (PROJECT / "RUNBOOK.md").read_text()
    alarms = of_type(stack, "AWS::CloudWatch::Alarm")
    assert len(alarms) == 9
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}], name
        section = re.search(r'RUNBOOK\.md, "(.+)"', alarm["AlarmDescription"])
        assert section, name
        assert f"### {section[1]}\n" in runbook, section[1]


def test_the_operator_is_subscribed_when_there_is_an_address(stack):
    subscription = stack["Resources"]["AlarmSubscription"]
    assert subscription["Condition"] == "HasAlarmEmail"
    assert subscription["Properties"] == {"TopicArn": {"Ref": "AlarmTopic"}, "Protocol": "email", "Endpoint": {"Ref": "AlarmEmail"}}


def test_silence_is_an_alarm_even_without_any_data(stack):
    alarms = of_type(stack, "AWS::CloudWatch::Alarm")
    silence = alarms.pop("SilenceAlarm")
    assert silence["TreatMissingData"] == "breaching"
    assert silence["EvaluationPeriods"] == {"Ref": "SilenceHours"}
    stored, filled = silence["Metrics"]
    assert stored["MetricStat"]["Metric"] == {"Namespace": "Auth0LogLake", "MetricName": "EventsStored"}
    assert stored["MetricStat"]["Period"] == 3600
    assert filled["Expression"] == "FILL(stored, 0)"
    assert {a["TreatMissingData"] for a in alarms.values()} == {"notBreaching"}


def test_alarms_name_metrics_that_exist_and_the_dashboard_shows_each(stack):
    for name, alarm in of_type(stack, "AWS::CloudWatch::Alarm").items():
        if alarm.get("Namespace") == "Auth0LogLake":
            assert alarm["MetricName"] in metrics(), name
            assert "Dimensions" not in alarm, name
    body = only(of_type(stack, "AWS::CloudWatch::Dashboard"))["DashboardBody"]["Fn::Sub"][0]
    namespace, metric, shown = None, None, set()
    for widget in json.loads(body)["widgets"]:
        for row in widget["properties"].get("metrics", []):
            if isinstance(row[0], str):
                namespace = row[0] if row[0] not in (".", "...") else namespace
                metric = row[1] if row[0] != "..." else metric
                shown |= {metric} if namespace == "Auth0LogLake" else set()
    assert shown == metrics()


# Tables and queries


def columns(table):
    return {c["Name"]: c["Type"] for c in table["TableInput"]["StorageDescriptor"]["Columns"]}


@pytest.mark.parametrize(("name", "folder"), [("EventsLanding", "events"), ("Rejects", "rejects")])
def test_tables_need_no_crawler(stack, name, folder):
    table = stack["Resources"][name]["Properties"]["TableInput"]
    p = table["Parameters"]
    assert p["projection.enabled"] == "true"
    assert (p["projection.dt.type"], p["projection.dt.format"]) == ("date", "yyyy-MM-dd")
    assert p["projection.dt.range"] == "2010-01-01,NOW+1DAYS"
    assert (p["projection.hour.type"], p["projection.hour.range"], p["projection.hour.digits"]) == ("integer", "0,23", "2")
    template = p["storage.location.template"]["Fn::Sub"][0]
    assert template == "s3://${Bucket}/${LakePrefix}" + folder + "/dt=${!dt}/hour=${!hour}"
    assert table["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"] == "org.apache.hive.hcatalog.data.JsonSerDe"
    assert table["PartitionKeys"] == [{"Name": "dt", "Type": "string"}, {"Name": "hour", "Type": "int"}]


def test_table_types_are_well_formed(stack):
    for name in ["EventsLanding", "Rejects"]:
        for column, kind in columns(stack["Resources"][name]["Properties"]).items():
            assert not re.search(r"\s", kind), column
            assert sqlglot.exp.DataType.build(kind, dialect="hive").this != sqlglot.exp.DataType.Type.UNKNOWN, column


def test_saved_queries_are_athena_sql_over_columns_that_exist_and_name_a_partition(stack):
    queries = of_type(stack, "AWS::Athena::NamedQuery")
    assert len(queries) == 3
    known = columns(stack["Resources"]["EventsLanding"]["Properties"])
    fields = set(re.findall(r"(\w+):", known["data"] + known["ingest"]))
    for query in queries.values():
        parsed = sqlglot.parse_one(query["QueryString"], dialect="athena")
        aliases = {a.alias for a in parsed.find_all(sqlglot.exp.Alias)} | {"drift", "line"}
        names = {part for c in parsed.find_all(sqlglot.exp.Column) for part in c.output_name.split(".")}
        assert names <= set(known) | fields | aliases | {"dt", "hour"}, names
        assert "dt" in names, query["Name"]
        assert query["WorkGroup"] == {"Ref": "Workgroup"}


def test_the_workgroup_limits_scans(stack):
    configuration = only(of_type(stack, "AWS::Athena::WorkGroup"))["WorkGroupConfiguration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert configuration["BytesScannedCutoffPerQuery"] == {"Ref": "ScanLimitBytes"}


# Parameters and exceptions


def test_parameters_are_described_and_refuse_wrong_values(stack):
    for name, parameter in stack["Parameters"].items():
        assert parameter["Description"], name
        if parameter["Type"] == "String" and "AllowedValues" not in parameter:
            assert parameter["AllowedPattern"] and parameter["ConstraintDescription"], name


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("TokenDigests", ["a=" + "0" * 64, "a-1=" + "f" * 64 + ",b=" + "0" * 64], ["", "a=" + "0" * 63, "A=" + "0" * 64, "a=" + "g" * 64]),
        ("ExistingBucketName", ["", "my-bucket"], ["s3://my-bucket", "My", "arn:aws:s3:::x"]),
        ("LakePrefix", ["", "auth0/", "a/b/"], ["auth0", "/auth0/", "a//b/"]),
        ("KmsKeyArn", ["", "arn:aws:kms:eu-west-1:123456789012:key/abc-1"], ["arn:aws:kms:eu-west-1:123456789012:alias/x", "abc"]),
        ("ColdAfterDays", ["0", "30", "365"], ["1", "29", "-1", ""]),
        ("ReservedConcurrency", ["", "10"], ["0", "-1"]),
        ("SourceCidrs", ["", "192.0.2.0/24", "192.0.2.0/24,2001:db8::/32"], ["192.0.2.1", "192.0.2.0/24, 198.51.100.0/24"]),
        ("AlarmEmail", ["", "a@example.com"], ["a", "a@b"]),
        ("DatabaseName", ["auth0_log_lake"], ["auth0-log-lake", ""]),
    ],
)
def test_patterns_take_good_values_and_refuse_bad_ones(stack, name, good, bad):
    pattern = stack["Parameters"][name]["AllowedPattern"]
    assert all(re.fullmatch(pattern, value) for value in good)
    assert not any(re.fullmatch(pattern, value) for value in bad)


def test_every_scanner_exception_has_its_reason(template):
    skips = [s for r in template["Resources"].values() for s in r.get("Metadata", {}).get("checkov", {}).get("skip", [])]
    assert len(skips) == 7
    assert all(len(s["comment"]) > 40 for s in skips)


def test_the_cost_sheet_is_what_its_script_prints():
    printed = subprocess.run([sys.executable, PROJECT / "tests/stack/cost.py"], capture_output=True, text=True, check=True, timeout=30)
    sheet = (PROJECT / "COSTS.md").read_text()
    assert all(table.strip() in sheet for table in printed.stdout.split("\n\n"))
