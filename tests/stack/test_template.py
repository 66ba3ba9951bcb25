"""Facts that the template must keep, asserted on what the SAM transform makes of it."""

import json
import re

from auth0_log_lake import statements
import pytest
import resolved
import sqlglot
from conftest import PROJECT
from translated import NOTHING, TOPIC, of_type, only, text

SETTINGS = {"LAKE_URL", "TOKEN_DIGESTS", "COMPRESSION", "SOURCE_CIDRS", "SOURCE_CIDRS_MODE", "STACK_NAME", "QUEUE_URL", "S3_SSE", "S3_SSE_KMS_KEY_ID", "S3_BUCKET_OWNER"}
LOCAL = {"PORT", "GROUP_WAIT_MS"}  # those that matter only where one process serves many requests


# The function and its URL


def test_the_url_is_public_and_has_both_permissions_once(stack):
    assert only(of_type(stack, "AWS::Lambda::Url"))["AuthType"] == "NONE"
    permissions = list(of_type(stack, "AWS::Lambda::Permission").values())
    assert all(p["FunctionName"] == {"Ref": "Receiver"} and p["Principal"] == "*" for p in permissions)
    conditions = {p["Action"]: (p.get("FunctionUrlAuthType"), p.get("InvokedViaFunctionUrl")) for p in permissions}
    assert len(permissions) == 2
    assert conditions == {"lambda:InvokeFunctionUrl": ("NONE", None), "lambda:InvokeFunction": (None, True)}


def test_the_function_runs_our_binary_and_logs_json_into_its_own_group(stack, template):
    function = stack["Resources"]["Receiver"]["Properties"]
    assert (function["Runtime"], function["Handler"], function["Timeout"]) == ("provided.al2023", "bootstrap", 30)
    assert function["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": {"Ref": "ReceiverLogs"}}
    assert function["Architectures"] == [{"Ref": "Architecture"}]
    assert stack["Parameters"]["Architecture"]["Default"] == "arm64"
    assert template["Resources"]["Receiver"]["Metadata"]["SkipBuild"] is True


def test_the_environment_is_the_settings_of_the_receiver(stack):
    assert set(stack["Resources"]["Receiver"]["Properties"]["Environment"]["Variables"]) == SETTINGS


def test_settings_are_spelled_as_in_config_rs():
    source = (PROJECT / "src/config.rs").read_text()
    assert set(re.findall(r'name: "([A-Z_]+)"', source)) == SETTINGS | LOCAL


@pytest.mark.parametrize("name", ["README.md", "RUNBOOK.md", "docs/AUTH0.md", "docs/OPERATING.md"])
def test_documents_name_no_other_setting(name):
    words = set(re.findall(r"\b(?:(?:LAKE|TOKEN|COMPRESSION|SOURCE|PORT|STACK_NAME)(?:_[A-Z]+)*|(?:QUEUE|GROUP|S3)_[A-Z_]+)\b", (PROJECT / name).read_text()))
    assert words <= SETTINGS | LOCAL | {"TOKEN", "SOURCE", "LAKE"}  # the others are variables of make
    assert name != "docs/OPERATING.md" or SETTINGS | LOCAL <= words


def test_the_role_can_create_objects_and_write_its_logs_and_nothing_else(stack):
    role = stack["Resources"]["ReceiverRole"]["Properties"]
    others = {"MergeRole", "DetectionsRole", "DetectionsScheduleRole", "DetectionsPagesRole", "GapsRole", "GapsScheduleRole"}
    assert set(of_type(stack, "AWS::IAM::Role")) == {"ReceiverRole", "WriterRole"} | others
    assert stack["Resources"]["Receiver"]["Properties"]["Role"] == {"Fn::GetAtt": ["ReceiverRole", "Arn"]}
    assert "ManagedPolicyArns" not in role
    objects, logs, key, *of_the_buffered_mode = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert [s["Fn::If"][0] for s in of_the_buffered_mode] == ["HasBuffer", "HasEncryptedBuffer"]
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


def statements(stack):
    """Each statement of each role, by the role's and its own name, as it is where its condition holds."""
    for role, properties in of_type(stack, "AWS::IAM::Role").items():
        for policy in properties["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                statement = statement["Fn::If"][1] if "Fn::If" in statement else statement
                actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                yield f"{role}.{statement.get('Sid', '')}", actions, statement


OWNER = {"Fn::If": ["HasBucketOwner", {"Ref": "ExistingBucketOwner"}, {"Ref": "AWS::AccountId"}]}


def test_a_bucket_of_another_account_is_never_read_or_written_unless_that_account_is_named(stack):
    assert stack["Conditions"]["HasBucketOwner"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "ExistingBucketOwner"}, ""]}]}
    of_s3 = {name: s for name, actions, s in statements(stack) if actions[0].startswith("s3:")}
    assert len(of_s3) == 14 and {role.split(".")[0] for role in of_s3} == {"ReceiverRole", "WriterRole", "MergeRole", "DetectionsRole", "DetectionsPagesRole", "GapsRole"}
    for name, statement in of_s3.items():
        assert statement["Condition"]["StringEquals"] == {"aws:ResourceAccount": OWNER}, name
    for function in ("Receiver", "Writer"):
        assert stack["Resources"][function]["Properties"]["Environment"]["Variables"]["S3_BUCKET_OWNER"] == OWNER


def test_every_key_is_used_through_one_service_alone(stack):
    keys = {name: s for name, actions, s in statements(stack) if actions[0].startswith("kms:")}
    assert len(keys) == 9
    for name, statement in keys.items():
        [(_, through)] = statement["Condition"].items()
        service = {"Batches": "sqs.${AWS::Region}", "TopicKey": "sns.*"}.get(re.sub(r".*\.(Encrypt|Decrypt|Use)", "", name), "s3.${AWS::Region}")
        assert through == {"kms:ViaService": {"Fn::Sub": service + ".${AWS::URLSuffix}"}}, name


def test_a_bucket_is_listed_below_prefixes_alone_and_results_lie_apart_for_each_role(stack):
    listing = {name: s for name, actions, s in statements(stack) if "s3:ListBucket" in actions}
    assert {name.split(".")[0] for name in listing} == {"MergeRole", "DetectionsRole", "GapsRole"}
    for name, statement in listing.items():
        prefixes = [prefix["Fn::Sub"] for prefix in statement["Condition"]["StringLike"]["s3:prefix"]]
        assert prefixes and all(re.fullmatch(r"\$\{LakePrefix\}[a-z/-]+/\*", prefix) for prefix in prefixes), name
    results = {"Workgroup": "", "MergeWorkgroup": "merge/", "UpkeepWorkgroup": "merge/", "DetectionsWorkgroup": "detections/"}
    groups = of_type(stack, "AWS::Athena::WorkGroup")
    places = {name: g["WorkGroupConfiguration"]["ResultConfiguration"]["OutputLocation"]["Fn::Sub"][0] for name, g in groups.items()}
    assert places == {name: f"s3://${{Bucket}}/${{LakePrefix}}athena-results/{folder}" for name, folder in results.items()}
    used = {name.split(".")[0]: set(re.findall(r"athena-results/([^\"]*)", text(s))) for name, _, s in statements(stack) if "athena-results" in text(s)}
    assert used == {"MergeRole": {"merge/*"}, "DetectionsRole": {"detections/*"}, "DetectionsPagesRole": {"detections/*"}}


def test_a_role_is_taken_by_its_own_schedules_and_state_machine_alone(stack):
    group = "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule-group/${Schedules}"
    trusted = {name: r["AssumeRolePolicyDocument"]["Statement"] for name, r in of_type(stack, "AWS::IAM::Role").items()}
    for role in ("MergeRole", "DetectionsScheduleRole", "GapsScheduleRole"):
        [trust] = trusted[role]
        assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}, "aws:SourceArn": {"Fn::Sub": group}}}
    for role, machine in (("DetectionsRole", "DetectionsRun"), ("DetectionsPagesRole", "DetectionsPages")):
        [trust] = trusted[role]
        assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        [pattern] = trust["Condition"]["ArnLike"]["aws:SourceArn"].values()
        assert pattern.startswith("arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:") and pattern.endswith(f":*{machine}*")
    for name, schedule in of_type(stack, "AWS::Scheduler::Schedule").items():
        assert schedule["GroupName"] == {"Ref": "Schedules"}, name
    assert {k: stack["Resources"]["Schedules"][k] for k in ("Type", "Condition")} == {"Type": "AWS::Scheduler::ScheduleGroup", "Condition": "HasSchedules"}


def test_what_a_policy_of_the_bucket_asks_for_is_sent_with_each_object(stack):
    for function in ("Receiver", "Writer"):
        variables = stack["Resources"][function]["Properties"]["Environment"]["Variables"]
        assert variables["S3_SSE"] == {"Fn::If": ["HasKmsKey", "aws:kms", {"Fn::If": ["HasHeader", "AES256", NOTHING]}]}
        assert variables["S3_SSE_KMS_KEY_ID"] == {"Fn::If": ["HasKmsKey", {"Ref": "KmsKeyArn"}, NOTHING]}


def test_the_topic_is_encrypted_where_hits_go_to_it(stack):
    key = {"Fn::If": ["MakesTopicKey", {"Fn::GetAtt": ["TopicKey", "Arn"]}, NOTHING]}
    topic = stack["Resources"]["AlarmTopic"]["Properties"]
    assert topic["KmsMasterKeyId"] == {"Fn::If": ["HasTopicKey", {"Ref": "AlarmTopicKmsKeyArn"}, key]}
    assert stack["Conditions"]["MakesTopicKey"]["Fn::And"] == [
        {"Condition": "HasDetections"},
        {"Condition": "HasNewTopic"},
        {"Fn::Not": [{"Condition": "HasTopicKey"}]},
        {"Fn::Not": [{"Condition": "HasDetectionsTopic"}]},
    ]
    made = stack["Resources"]["TopicKey"]
    assert made["Condition"] == "MakesTopicKey" and made["Properties"]["EnableKeyRotation"] is True
    account, alarms = made["Properties"]["KeyPolicy"]["Statement"]
    assert account["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_logs_outlive_the_stack_and_a_stack_of_the_same_name_can_be_made_again(stack):
    group = stack["Resources"]["ReceiverLogs"]
    assert (group["DeletionPolicy"], group["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    name, parts = group["Properties"]["LogGroupName"]["Fn::Sub"]
    assert (name, parts) == ("/aws/lambda/${AWS::StackName}/${Id}", {"Id": {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}})


def test_rules_refuse_what_no_parameter_alone_shows(stack):
    assert set(stack["Rules"]) == {"CheckHasItsSecret", "OneWayToEncrypt", "TopicOfTheKey", "OwnerOfTheBucket"}
    for name, rule in stack["Rules"].items():
        [assertion] = rule["Assertions"]
        assert len(assertion["AssertDescription"]) > 40 and rule["RuleCondition"] and assertion["Assert"], name


def test_what_companies_ask_for_is_a_parameter_and_nothing_where_it_is_empty(stack):
    properties = {name: r.get("Properties", {}) for name, r in stack["Resources"].items()}
    for role in of_type(stack, "AWS::IAM::Role"):
        assert properties[role]["PermissionsBoundary"] == {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundaryArn"}, NOTHING]}
        assert properties[role]["Path"] == {"Ref": "RolePath"}
    assert properties["ReceiverLogs"]["KmsKeyId"] == {"Fn::If": ["HasLogsKey", {"Ref": "LogsKmsKeyArn"}, NOTHING]}
    assert properties["AlarmTopic"]["KmsMasterKeyId"] == {
        "Fn::If": ["HasTopicKey", {"Ref": "AlarmTopicKmsKeyArn"}, {"Fn::If": ["MakesTopicKey", {"Fn::GetAtt": ["TopicKey", "Arn"]}, NOTHING]}]
    }
    assert stack["Resources"]["AlarmTopic"]["Condition"] == "HasNewTopic"
    assert stack["Outputs"]["AlarmTopic"]["Value"] == TOPIC
    conditions = {"HasBoundary": "PermissionsBoundaryArn", "HasLogsKey": "LogsKmsKeyArn", "HasTopicKey": "AlarmTopicKmsKeyArn"}
    for condition, parameter in conditions.items():
        assert stack["Parameters"][parameter]["Default"] == ""
        assert stack["Conditions"][condition] == {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]}
    assert stack["Conditions"]["HasNewTopic"] == {"Fn::Equals": [{"Ref": "AlarmTopicArn"}, ""]}
    assert (stack["Parameters"]["AlarmTopicArn"]["Default"], stack["Parameters"]["RolePath"]["Default"]) == ("", "/")


def test_every_name_is_of_the_stack_and_those_of_the_whole_account_of_the_region_too(stack):
    named = {
        "ReceiverLogs": "LogGroupName",
        "Dashboard": "DashboardName",
        "Workgroup": "Name",
        "MergeWorkgroup": "Name",
        "UpkeepWorkgroup": "Name",
        "DetectionsWorkgroup": "Name",
    }
    names = {name: stack["Resources"][name]["Properties"][key] for name, key in named.items()}
    assert names == {
        "ReceiverLogs": {"Fn::Sub": ["/aws/lambda/${AWS::StackName}/${Id}", {"Id": {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}}]},
        "Dashboard": {"Fn::Sub": "${AWS::StackName}-${AWS::Region}"},
        "Workgroup": {"Ref": "AWS::StackName"},
        "MergeWorkgroup": {"Fn::Sub": "${AWS::StackName}-merge"},
        "UpkeepWorkgroup": {"Fn::Sub": "${AWS::StackName}-upkeep"},
        "DetectionsWorkgroup": {"Fn::Sub": "${AWS::StackName}-detections"},
    }
    database = stack["Resources"]["Database"]["Properties"]["DatabaseInput"]["Name"]
    from_stack = {"Fn::Join": ["_", {"Fn::Split": ["-", {"Ref": "AWS::StackName"}]}]}
    assert database == {"Fn::If": ["HasDatabaseName", {"Ref": "DatabaseName"}, from_stack]}
    assert stack["Parameters"]["DatabaseName"]["Default"] == ""
    for name, resource in stack["Resources"].items():
        key = NAMED_BY_AWS.get(resource["Type"])
        assert key is None or key not in resource["Properties"], name


# CloudFormation makes up names for these, so that two stacks never meet.
NAMED_BY_AWS = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}


def test_no_arn_and_no_link_holds_in_one_partition_alone(stack):
    assert not re.search(r"arn:aws[:-]", text({**stack["Resources"], **stack["Outputs"]}))
    link, domains = stack["Outputs"]["DashboardLink"]["Value"]["Fn::Sub"]
    assert link == "https://${AWS::Region}.console.${Domain}/cloudwatch/home?region=${AWS::Region}#dashboards/dashboard/${Dashboard}"
    others = {"Fn::If": ["InGovCloud", "amazonaws-us-gov.com", "aws.amazon.com"]}
    assert domains["Domain"] == {"Fn::If": ["InChina", "amazonaws.cn", others]}
    partitions = {"InChina": "aws-cn", "InGovCloud": "aws-us-gov"}
    for condition, partition in partitions.items():
        assert stack["Conditions"][condition] == {"Fn::Equals": [{"Ref": "AWS::Partition"}, partition]}


# The bucket


def test_the_bucket_outlives_the_stack_and_is_private(stack):
    for name in ["LakeBucket", "LakeBucketPolicy"]:
        resource = stack["Resources"][name]
        # A first deployment that fails leaves no bucket behind.
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
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
    # In one rule with the transition, so that S3 refuses an expiry that is not after it.
    assert cold[0]["ExpirationInDays"] == {"Fn::If": ["HasExpiry", {"Ref": "ExpireAfterDays"}, NOTHING]}
    readable = {"STANDARD_IA", "GLACIER_IR", "INTELLIGENT_TIERING"}
    assert set(stack["Parameters"]["ColdStorageClass"]["AllowedValues"]) == readable


def test_both_bucket_policies_say_tls_only_and_create_never_overwrite(stack):
    ours = only(of_type(stack, "AWS::S3::BucketPolicy"))["PolicyDocument"]["Statement"]
    written, parts = stack["Outputs"]["ExistingBucketPolicy"]["Value"]["Fn::Sub"]
    condition, erase, otherwise = parts["EraseOnly"]["Fn::If"]
    assert (condition, otherwise) == ("HasEraseRole", "")
    theirs = json.loads(written.replace("${EraseOnly}", erase["Fn::Sub"]))
    assert json.loads(written.replace("${EraseOnly}", "")) == theirs[:2]
    assert ours[2]["Fn::If"][::2] == ["HasEraseRole", NOTHING]
    ours[2] = ours[2]["Fn::If"][1]
    ours = json.loads(re.sub(r'\{"Fn::Sub": ("[^"]*")\}', r"\1", text(ours)).replace("${LakeBucket}", "${ExistingBucketName}").replace('{"Ref": "EraseRoleArn"}', '"${EraseRoleArn}"'))
    assert ours == theirs
    tls, create, delete = theirs
    assert delete["Action"] == ["s3:DeleteObject", "s3:DeleteObjectVersion"] and delete["Resource"] == create["Resource"]
    assert delete["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": "${EraseRoleArn}"}}
    assert all(s["Effect"] == "Deny" and s["Principal"] == "*" for s in theirs)
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert create["Action"] == "s3:PutObject"
    assert create["Condition"] == {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
    assert [r.rpartition("${LakePrefix}")[2] for r in create["Resource"]] == ["events/*", "rejects/*"]


def test_query_results_expire_in_an_existing_bucket_as_in_a_new_one(stack):
    rules = stack["Resources"]["LakeBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    [ours] = [r for r in rules if r.get("Id") == "expire-query-results"]
    [theirs] = json.loads(stack["Outputs"]["ExistingBucketLifecycle"]["Value"]["Fn::Sub"])["Rules"]
    assert ours == {"Id": theirs["ID"], "Status": "Enabled", "Prefix": {"Fn::Sub": theirs["Filter"]["Prefix"]}, "ExpirationInDays": 7}
    assert theirs["Expiration"] == {"Days": 7}
    results = stack["Resources"]["Workgroup"]["Properties"]["WorkGroupConfiguration"]["ResultConfiguration"]["OutputLocation"]
    assert results["Fn::Sub"][0] == "s3://${Bucket}/" + theirs["Filter"]["Prefix"]


def test_the_largest_bodies_are_as_the_documents_say():
    limit = 6 * 1024 * 1024  # of the event, in which the body is one JSON string
    samples = [path.read_text("utf-8") for path in (PROJECT / "events").glob("*.json")]
    growth = len(json.dumps("".join(samples), ensure_ascii=False).encode()) / len("".join(samples).encode())
    assert len(samples) > 5 and 5.6e6 < limit / growth < 5.7e6
    assert 4.7e6 < limit * 3 / 4 < 4.75e6
    for document in ["docs/AUTH0.md", "docs/OPERATING.md", "RUNBOOK.md"]:
        words = " ".join((PROJECT / document).read_text().split())
        assert "4.7 MB" in words and "about 5.6 MB" in words


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


def test_the_workgroup_of_people_limits_scans(stack):
    configuration = stack["Resources"]["Workgroup"]["Properties"]["WorkGroupConfiguration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert configuration["BytesScannedCutoffPerQuery"] == {"Ref": "ScanLimitBytes"}


# Parameters and exceptions


def test_parameters_are_described_and_refuse_wrong_values(stack):
    for name, parameter in stack["Parameters"].items():
        assert parameter["Description"], name
        if parameter["Type"] == "String" and "AllowedValues" not in parameter:
            assert parameter["AllowedPattern"] and parameter["ConstraintDescription"], name


def test_every_scanner_exception_has_its_reason(template):
    skips = [s for r in template["Resources"].values() for s in r.get("Metadata", {}).get("checkov", {}).get("skip", [])]
    assert len(skips) == 19
    assert all(len(s["comment"]) > 40 for s in [*skips, *resolved.MADE_BY_SAM["ReceiverUrl"]])
