"""What scripts/deploy makes of the template and of its parameters, read by the tools that it hands them to."""

import copy
import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys

import pytest
from conftest import PROJECT, REGION
from samcli.cli.types import CfnParameterOverridesType, CfnTags
from samtranslator.yaml_helper import yaml_parse

DIGESTS = f"acme={'0' * 64},acme-dev={'1' * 64}"


def load(name, path):
    spec = importlib.util.spec_from_loader(name, importlib.machinery.SourceFileLoader(name, str(path)))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def scripts():
    """The two scripts as modules."""
    sys.path.insert(0, str(PROJECT / "scripts"))
    sys.dont_write_bytecode = True
    return load("template", PROJECT / "scripts/template.py"), load("deploy", PROJECT / "scripts/deploy")


@pytest.fixture(scope="module")
def written():
    return (PROJECT / "template.yaml").read_text()


def test_the_script_reads_the_parameters_as_yaml_has_them(scripts, written, template):
    read, _ = scripts
    texts = {
        name: {k: [str(v) for v in value] if isinstance(value, list) else str(value) for k, value in parameter.items()}
        for name, parameter in template["Parameters"].items()
    }
    assert read.parameters_of(written) == texts


def test_every_default_but_that_of_the_digests_is_a_value_that_the_script_takes(scripts, written):
    read, _ = scripts
    for name, parameter in read.parameters_of(written).items():
        fault = read.value_fault(name, parameter.get("Default", ""), parameter)
        assert (fault is None) == (name != "TokenDigests"), fault


SOURCES = ["acme", "acme-dev", "-", "123", "null", "no", "x" * 32]


@pytest.fixture(scope="module")
def with_alarms(scripts, written):
    return scripts[0].with_silence_alarms(written, SOURCES)


def test_a_silence_alarm_of_a_source_is_that_of_all_with_its_dimension(template, with_alarms):
    deployed = yaml_parse(with_alarms)
    added = {name: deployed["Resources"].pop(name) for name in set(deployed["Resources"]) - set(template["Resources"])}
    assert len(added) == len(SOURCES)
    for source in SOURCES:
        [alarm] = [a for a in added.values() if f"of the source {source} was" in a["Properties"]["AlarmDescription"]]
        metric = alarm["Properties"]["Metrics"][0]["MetricStat"]["Metric"]
        assert metric["Dimensions"].pop() == {"Name": "source", "Value": source}
        description = alarm["Properties"]["AlarmDescription"]
        alarm["Properties"]["AlarmDescription"] = description.replace(f"No event of the source {source} was", "No event was")
        assert alarm == template["Resources"]["SilenceAlarm"]
    expected = copy.deepcopy(template["Resources"])
    for function in ("Receiver", "Writer"):
        assert expected[function]["Properties"]["CodeUri"] == "target/deploy/receiver"
        expected[function]["Properties"]["CodeUri"] = "receiver"
    assert deployed["Resources"] == expected


def test_the_template_with_alarms_of_sources_is_valid(with_alarms, tmp_path):
    (tmp_path / "template.yaml").write_text(with_alarms)
    subprocess.run(["cfn-lint", tmp_path / "template.yaml"], check=True, timeout=120)


@pytest.mark.parametrize("value", ["", "a", "a b", DIGESTS, "192.0.2.0/24, 2001:db8::/32", "/service/", "a=b", 'a"b@example.com', "x" * 3000])
def test_sam_reads_each_parameter_as_it_was_given(scripts, value):
    _, deploy = scripts
    arguments = (deploy.quoted("First", value), deploy.quoted("Second", "2"))
    assert CfnParameterOverridesType().convert(arguments, None, None) == {"First": value, "Second": "2"}


@pytest.mark.parametrize(("key", "value"), [("team", "security"), ("cost center", "47 11"), ("aws:x/y", "a=b"), ("a.b+c-d_e@f", "")])
def test_sam_reads_each_tag_as_it_was_given(scripts, key, value):
    _, deploy = scripts
    arguments = (deploy.quoted(f'"{key}"', value), deploy.quoted('"second"', "2"))
    assert CfnTags().convert(arguments, None, None) == {key: value, "second": "2"}


def test_the_aws_cli_says_whether_the_stack_is_new_and_which_digests_it_has(aws, tmp_path):
    """`make digests` and `make deploy DRY_RUN=1` with the AWS CLI itself, before and after the stack is there."""
    (tmp_path / "bin").mkdir()
    for tool in ["sam", "cargo-lambda"]:
        (tmp_path / "bin" / tool).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "bin" / tool).chmod(0o755)
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": aws.endpoint, "AWS_REGION": REGION}
    path = f"{tmp_path / 'bin'}:{os.path.dirname(sys.executable)}:{os.environ['PATH']}"

    def make(*arguments):
        environment = {**os.environ, **credentials, "PATH": path}
        done = subprocess.run(["make", "-s", "STACK=lake-dev", *arguments], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    code, out, error = make("deploy", f"TOKEN_DIGESTS={DIGESTS}", "DRY_RUN=1")
    assert (code, error) == (0, "")
    assert out.startswith(f"account 123456789012, as arn:aws:sts::123456789012:user/moto\nregion {REGION}\nstack lake-dev, new\n")
    code, _, error = make("digests")
    assert code != 0 and error.startswith("deploy: there is no stack lake-dev in us-east-1")

    parameters = {"TokenDigests": DIGESTS, "SilenceHours": "12"}
    body = {"Parameters": {n: {"Type": "String"} for n in parameters}, "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    aws("cloudformation").create_stack(
        StackName="lake-dev",
        TemplateBody=json.dumps(body),
        Parameters=[{"ParameterKey": n, "ParameterValue": v} for n, v in parameters.items()],
        Tags=[{"Key": "cost center", "Value": "47 11"}],
    )
    assert make("digests") == (0, f"{DIGESTS}\n", "")
    code, out, error = make("deploy", "DRY_RUN=1")
    assert (code, error) == (0, "")
    assert "stack lake-dev, deployed, CREATE_COMPLETE\nsource acme: 1 kept\nsource acme-dev: 1 kept\n" in out
    assert "tag cost center=47 11\n" in out
