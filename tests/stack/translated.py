"""What the SAM transform makes of the template, asked."""

import json
import re

from conftest import PROJECT

NOTHING = {"Ref": "AWS::NoValue"}
TOPIC = {"Fn::If": ["HasNewTopic", {"Ref": "AlarmTopic"}, {"Ref": "AlarmTopicArn"}]}
STACK = {"Name": "stack", "Value": {"Ref": "AWS::StackName"}}


def metrics(table):
    """The names of the metrics that the receiver reports, of the stack alone (STACK) or also of the source (SOURCE)."""
    rows = re.search(rf"{table}_METRICS: .*?= \[(.*?)\];", (PROJECT / "src/metrics.rs").read_text(), re.DOTALL)[1]
    return set(re.findall(r'\("(\w+)", "\w+"\)', rows))


def all_metrics():
    return metrics("STACK") | metrics("SOURCE")


def of_type(stack, kind):
    return {name: r["Properties"] for name, r in stack["Resources"].items() if r["Type"] == kind}


def only(mapping):
    assert len(mapping) == 1, sorted(mapping)
    return next(iter(mapping.values()))


def text(value):
    """A CloudFormation value as one string, with its functions spelled out."""
    return json.dumps(value, sort_keys=True)
