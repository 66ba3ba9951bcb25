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


def filled(sub, chosen):
    """The text of a Fn::Sub with its own variables, where these conditions hold; those of the stack stay as they are."""
    if isinstance(sub, str):
        return sub
    written, variables = sub if isinstance(sub, list) else (sub, {})
    for name, value in variables.items():
        if "Fn::If" in value:
            condition, then, otherwise = value["Fn::If"]
            value = then if condition in chosen else otherwise
        inner = value.get("Fn::Sub") if isinstance(value, dict) else value
        if inner is not None:
            written = written.replace(f"${{{name}}}", filled(inner, chosen))
    return written


def text(value):
    """A CloudFormation value as one string, with its functions spelled out."""
    return json.dumps(value, sort_keys=True)
