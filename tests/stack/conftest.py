"""What the checks of the stack share: the template, what the SAM transform makes of it, and where the project is."""

import os
import pathlib
import subprocess
import sys

import boto3
import pytest
from moto.server import ThreadedMotoServer
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

PROJECT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # the transform asks for one
REGION = "us-east-1"
sys.path.insert(0, str(PROJECT / "sql"))
TOKEN = "local-development-token"  # the one that the samples carry


class NoManagedPolicies:
    """The transform asks AWS for managed policies; the template uses none."""

    def load(self):
        return {}


def stack_of():
    """Returns the template as CloudFormation gets it, after the SAM transform."""
    packaged = yaml_parse((PROJECT / "template.yaml").read_text())
    for function in ("Receiver", "Writer", "GapsCheck"):
        packaged["Resources"][function]["Properties"]["CodeUri"] = "s3://packages/receiver.zip"
    return transform(packaged, {}, NoManagedPolicies())


@pytest.fixture(scope="session")
def template():
    return yaml_parse((PROJECT / "template.yaml").read_text())


@pytest.fixture(scope="session")
def stack():
    return stack_of()


@pytest.fixture(scope="session")
def receiver():
    """The Lambda binary: RECEIVER_BIN, or built here."""
    if "RECEIVER_BIN" in os.environ:
        return pathlib.Path(os.environ["RECEIVER_BIN"]).resolve()
    subprocess.run(["cargo", "build", "--locked", "--quiet", "--bin", "receiver"], cwd=PROJECT, check=True, timeout=900)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")) / "debug" / "receiver"


@pytest.fixture(scope="session")
def gaps_check():
    """The Lambda binary of the comparison with Auth0's log: GAPS_CHECK_BIN, or built here as scripts/deploy has it built."""
    if "GAPS_CHECK_BIN" in os.environ:
        return pathlib.Path(os.environ["GAPS_CHECK_BIN"]).resolve()
    build = ["cargo", "build", "--locked", "--quiet", "-p", "lake", "--no-default-features", "--features", "check", "--bin", "gaps-check"]
    subprocess.run(build, cwd=PROJECT, check=True, timeout=900)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")) / "debug" / "gaps-check"


@pytest.fixture(scope="module")
def aws():
    """Gives clients of a moto server on loopback, where calls of administrators are not checked."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"

    def client(service, region=REGION, **credentials):
        given = credentials or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, region_name=region, endpoint_url=endpoint, **given)

    client.endpoint = endpoint
    yield client
    server.stop()
