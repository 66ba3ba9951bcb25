"""What the template's patterns take, held against the start of the receiver: what is deployed must start.

A pattern may refuse more than the start, where the value would be of no use; each such value has its reason here.
"""

import os
import re
import subprocess

import pytest

A, B, UPPER = "a" * 64, "b" * 64, "A" * 64
PUBLISHED = "ccee612f8893b4f3cb54856a9473e1a832fb452187aa6ed7caa6d68ce4a1ffc2"
LONG = "x" * 300

# Parameter → the setting that it becomes, the values taken, and the values refused by pattern and start.
SETTINGS = {
    "TokenDigests": (
        "TOKEN_DIGESTS",
        "{}",
        [f"a={A}", f"a-1={A},b={B}", f"acme={A},acme={B}", f"acme={A},acme={A}", f"acme={UPPER}", f"{'x' * 32}={A}", f"-={A}"]
        + [f" acme={A} , acme-dev={B} ", ",".join(f"tenant-{i}={i:064x}" for i in range(1, 50))],
        ["", "a", "a=", f"={A}", f"a={A[1:]}", f"a={A}0", f"a={'g' * 64}", f"A={A}", f"a b={A}", f"a_b={A}", f"{'x' * 33}={A}"]
        + [f"a={A},", f",a={A}", f"a={A},,b={B}", f"a={A};b={B}", f"a = {A}", f"a= {A}", f"a={A} b={B}"]
        + [f"a={A},b={A}", f"a={A},b={B},c={UPPER}", f"acme={A},acme-dev={A}", f"acme-dev={A}, acme={A}", f"ab={A},b={A}"],
    ),
    "ExistingBucketName": (
        "LAKE_URL",
        "s3://{}/",
        ["my-bucket", "my.bucket", "abc", "x" * 63, "0-0"],
        ["s3://my-bucket", "My", "arn:aws:s3:::x", "ab", "x" * 64, "-ab", "ab-", ".ab", "ab.", "a_b", "a b"],
    ),
    "LakePrefix": (
        "LAKE_URL",
        "s3://bucket/{}",
        ["", "auth0/", "a/b/", ".a/", "..a/", ".../", "_a-b.c/", f"{LONG}/{LONG}/{'x' * 298}/"],
        ["/auth0/", "a//b/", "./", "../", "a/../b/", "a/./", "a b/", "a?/", "ä/", "a&b/", f"{LONG}/{LONG}/{'x' * 299}/"],
    ),
    "SourceCidrs": (
        "SOURCE_CIDRS",
        "{}",
        ["", "192.0.2.0/24", "192.0.2.1/32", "0.0.0.0/0", "255.255.255.255/9", "192.0.2.0/24,2001:db8::/32", "192.0.2.0/24, 198.51.100.0/24"]
        + ["::/0", "2001:DB8::/128", "1::/16", "1:2:3:4:5:6:7:8/127", "1:2:3:4:5:6:7::/64", "1::3:4:5:6:7:8/64", "fe80::1:2/0", "1:0::/99"],
        ["192.0.2.1", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/024", "192.0.2.0/-1", "256.0.0.0/8", "1.2.3/8", "1.2.3.4.5/8", "x", "192.0.2.0/24,"]
        + [",192.0.2.0/24", "192.0.2.0/24 198.51.100.0/24", "192.0.2.0/24;198.51.100.0/24", "192.0.2.0 /24", "2001:db8::/129", "2001:db8::/1000"]
        + ["2001:db8::1::/64", "1:2:3:4:5:6:7/64", "1:2:3:4:5:6:7:8:9/64", "12345::/16", "g::/16", ":/0", "1:/16", "2001:db8:::/32", "/24"]
        # IPv4 in IPv6's clothes, which would match nobody.
        + ["::ffff:192.0.2.0/120", "::ffff:c000:200/120", "0:0:0:0:0:FFFF:c000:200/120", "0000::ffff:c000:200/120"],
    ),
}
# Parameter → values that only the pattern refuses, and why.
STRICTER = {
    "TokenDigests": {
        f"a={PUBLISHED}": "the start refuses the published digest on Lambda itself",
        f"a={A}, b={PUBLISHED.upper()}": "the same, in capitals",
    },
    "ExistingBucketName": {"my-bucket/": "a name, not a place in the bucket"},
    "LakePrefix": {
        "/": "keys would start with a slash in the ARNs alone",
        "auth0": "the ARNs of the policies are written with what follows it",
        "a*/": "a star in an ARN of a policy stands for anything",
        "a(1)/": "kept to what every query engine takes",
    },
    "SourceCidrs": {
        "010.0.0.0/8": "some read 8.0.0.0/8",
        "192.0.2.0/08": "no one writes it so on purpose",
        "::1/128": "reserved, as all below 1::",
        "::/8": "the same",
    },
}
# Parameter → values taken and refused, where no setting is made of it.
OTHERS = {
    "KmsKeyArn": (
        ["", "arn:aws:kms:eu-west-1:123456789012:key/abc-1", "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/mrk-1"],
        ["arn:aws:kms:eu-west-1:123456789012:alias/x", "abc"],
    ),
    "AlarmTopicArn": (
        ["", "arn:aws:sns:eu-west-1:123456789012:on-call", "arn:aws-cn:sns:cn-north-1:123456789012:on_call"],
        ["on-call", "arn:aws:sns:eu-west-1:123456789012:on-call.fifo", "arn:aws:sqs:eu-west-1:123456789012:on-call"],
    ),
    "PermissionsBoundaryArn": (
        ["", "arn:aws:iam::123456789012:policy/boundary", "arn:aws-cn:iam::aws:policy/a/b"],
        ["boundary", "arn:aws:iam::123456789012:role/x"],
    ),
    "RolePath": (["/", "/service/", "/a/b/"], ["", "service", "/service", "service/", "//", "/a b/"]),
    "ColdAfterDays": (["0", "30", "365", "9999"], ["1", "29", "-1", "", "00", "030", "30.5"]),
    "ReservedConcurrency": (["", "10"], ["0", "-1", "01", "10000"]),
    "AlarmEmail": (["", "a@example.com"], ["a", "a@b", "a@b@example.com", "a @example.com"]),
    "SilenceSources": (["", "NONE", "acme", "acme,acme-dev"], ["none,", "Acme", "acme, acme-dev", "acme=1", "x" * 33]),
    "DetectionsMuted": (["", "role_created", "role_created,member_invited"], ["role_created, member_invited", "role-created", ",a", "a,", "a','b"]),
    "DatabaseName": (["", "auth0_log_lake"], ["auth0-log-lake", "0a", "Auth0"]),
}
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret"
OTHERS |= {
    "GapsAuth0Domain": (
        ["", "acme.eu.auth0.com", "a-1.auth0.com", "login.example.com"],
        ["acme", "https://acme.eu.auth0.com", "acme.eu.auth0.com/", "Acme.eu.auth0.com", "acme..com", ".com", "a.b:443", "a b.com"],
    ),
    "GapsSecretArn": (
        ["", f"{SECRET}:auth0-AbCdEf", f"{SECRET}:a/b_c+d=e.f@g!h-AbCdEf", f"{SECRET.replace('aws', 'aws-cn', 1)}:x"],
        ["auth0", f"{SECRET}:", f"{SECRET}:a b", f"{SECRET}:x:y", "arn:aws:ssm:eu-west-1:123456789012:parameter/x"],
    ),
    "GapsSource": (["", "acme", "acme-dev", "x" * 32], ["Acme", "a,b", "a_b", "x" * 33, " a"]),
}
OTHERS["DetectionsTopicArn"] = OTHERS["AlarmTopicArn"]
OTHERS["AlarmTopicKmsKeyArn"] = OTHERS["LogsKmsKeyArn"] = OTHERS["KmsKeyArn"]
OTHERS["DetectionsTopicKmsKeyArn"] = OTHERS["KmsKeyArn"]
OTHERS["ExistingBucketOwner"] = (["", "123456789012"], ["12345678901", "1234567890123", "acme", " 123456789012"])
OTHERS["EraseRoleArn"] = (
    ["", "arn:aws:iam::123456789012:role/erase", "arn:aws-cn:iam::123456789012:role/a/b+c=d"],
    ["erase", "arn:aws:iam::123456789012:user/x", "arn:aws:iam::123456789012:role/*", "arn:aws:iam::12:role/x"],
)


def takes(stack, parameter, value):
    """Says whether CloudFormation takes a value; its patterns are Java's, of which these use only what Python has too."""
    return re.fullmatch(stack["Parameters"][parameter]["AllowedPattern"], value) is not None


def starts(receiver, setting, value):
    """Says whether the receiver starts with a setting; it then fails for want of a Runtime API."""
    settings = {"LAKE_URL": "s3://bucket/", "TOKEN_DIGESTS": f"a={A}", setting: value}
    runtime = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1", "AWS_LAMBDA_FUNCTION_NAME": "receiver", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128"}
    environment = {**runtime, "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_REGION": "us-east-1", "PATH": os.environ["PATH"], **settings}
    done = subprocess.run([receiver], env=environment, capture_output=True, text=True, timeout=20)
    assert done.returncode != 0
    refused = f"{setting} must be" in done.stderr
    assert refused or "Connect" in done.stderr, done.stderr
    return not refused


def test_every_pattern_is_in_a_table(stack):
    assert set(SETTINGS) | set(OTHERS) == {n for n, p in stack["Parameters"].items() if "AllowedPattern" in p}


@pytest.mark.parametrize("parameter", SETTINGS)
def test_a_pattern_takes_what_the_start_takes(stack, receiver, parameter):
    setting, form, good, bad = SETTINGS[parameter]
    for value in good:
        assert takes(stack, parameter, value) and starts(receiver, setting, form.format(value)), value
    for value in bad:
        assert not takes(stack, parameter, value) and not starts(receiver, setting, form.format(value)), value


@pytest.mark.parametrize("parameter", STRICTER)
def test_a_pattern_refuses_also_what_would_start_to_no_use(stack, parameter):
    for value, why in STRICTER[parameter].items():
        assert not takes(stack, parameter, value), (value, why)


@pytest.mark.parametrize("parameter", OTHERS)
def test_patterns_take_good_values_and_refuse_bad_ones(stack, parameter):
    good, bad = OTHERS[parameter]
    assert [value for value in good if not takes(stack, parameter, value)] == []
    assert [value for value in bad if takes(stack, parameter, value)] == []
