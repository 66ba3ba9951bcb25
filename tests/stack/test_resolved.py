"""What Checkov reads: the template as CloudFormation makes it of some parameters."""

import re

import pytest
import resolved
from translated import text


@pytest.mark.parametrize("name", resolved.SETS)
def test_no_condition_is_left_for_a_scanner_to_overlook(stack, name):
    made = resolved.resolved(stack, resolved.SETS[name])
    assert not re.search(r'"Fn::If"|"AWS::NoValue"|"Condition": "Has', text(made))
    assert made["Resources"]["Receiver"]["Properties"]["Environment"]["Variables"]["TOKEN_DIGESTS"].startswith("acme=")


def test_together_the_sets_have_every_resource_and_each_side_of_every_condition_that_a_finding_hangs_on(stack):
    made = {name: resolved.resolved(stack, given)["Resources"] for name, given in resolved.SETS.items()}
    assert set().union(*made.values()) == set(stack["Resources"])
    assert "ReservedConcurrentExecutions" in made["keys"]["Receiver"]["Properties"]
    assert "ReservedConcurrentExecutions" not in made["default"]["Receiver"]["Properties"]
    keys = {name: made[name].get("AlarmTopic", {}).get("Properties", {}).get("KmsMasterKeyId") for name in made}
    assert keys == {"default": None, "everything": {"Fn::GetAtt": ["TopicKey", "Arn"]}, "keys": resolved.KEY, "existing": None}
    assert "LakeBucket" in made["default"] and "LakeBucket" not in made["existing"]
    assert len(made["keys"]["LakeBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]) == 3
