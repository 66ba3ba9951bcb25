"""What the schedules of template.yaml send to Athena. The SAM transform leaves them as they are, which the stack's checks hold."""

import json
import re

import deployed
import yaml


class Template(yaml.SafeLoader):
    """Reads CloudFormation's YAML, with its functions in their long form."""


def function(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        return {f"Fn::{suffix}": loader.construct_scalar(node)}
    construct = loader.construct_sequence if isinstance(node, yaml.SequenceNode) else loader.construct_mapping
    return {f"Fn::{suffix}": construct(node, deep=True)}


Template.add_multi_constructor("!", function)


def inputs(database):
    """The input of each schedule in a stack `a-stack`, as Scheduler sends it at noon."""
    names = {"MergeWorkgroup": "a-stack-merge", "UpkeepWorkgroup": "a-stack-upkeep", "Database": database, "Stack": "of-a-stack"}
    resources = yaml.load((deployed.PROJECT / "template.yaml").read_text("utf-8"), Template)["Resources"]
    targets = {name: r["Properties"]["Target"] for name, r in resources.items() if r["Type"] == "AWS::Scheduler::Schedule"}
    texts = {name: t["Input"]["Fn::Sub"][0] for name, t in targets.items() if "athena" in json.dumps(t["Arn"])}
    filled = {name: re.sub(r"\$\{(\w+)\}", lambda found: names[found[1]], text) for name, text in texts.items()}
    return {name: json.loads(text.replace("<aws.scheduler.scheduled-time>", "2026-07-01T12:00:00Z")) for name, text in filled.items()}
