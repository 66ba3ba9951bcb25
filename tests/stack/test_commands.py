"""The commands that need AWS, as make builds them. What else they do is tested with the binaries that `make test` builds."""

import os
import subprocess

import pytest
from conftest import PROJECT, REGION


@pytest.mark.parametrize("command, words", [
    ("tables", "lake: Athena did not take the call: InvalidRequestException: WorkGroup does not exist."),
    ("merge", "There is no workgroup none-merge, in which the stack merges: deploy it with MergeCadence hourly or daily."),
])
def test_what_make_builds_asks_athena(aws, command, words):
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION, "AWS_ENDPOINT_URL": aws.endpoint}
    said = subprocess.run(["make", command, "STACK=none"], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=900)
    assert said.returncode != 0 and words in said.stdout + said.stderr, said
