"""The landing tables as template.yaml declares them to Glue."""

import functools
import re

import yaml
from schedules import TEMPLATE

# The Glue tables of template.yaml by their names in SQL.
LANDING = {"events_landing": "EventsLanding", "rejects": "Rejects"}


class Template(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Reads CloudFormation's YAML without its functions."""


Template.add_multi_constructor("!", lambda loader, suffix, node: None)


@functools.cache
def resources():
    return yaml.load(TEMPLATE.read_text("utf-8"), Template)["Resources"]


def table(name):
    """What template.yaml tells Glue about a landing table."""
    return resources()[LANDING[name]]["Properties"]["TableInput"]


def columns(name):
    """The columns of a landing table: {name: Hive type}."""
    return {column["Name"]: re.sub(r"\s", "", column["Type"]) for column in table(name)["StorageDescriptor"]["Columns"]}


def landing():
    """landing.tsv: the same for readers that have no template."""
    rows = [("table", "column", "type"), *((name, column, kind) for name in LANDING for column, kind in columns(name).items())]
    return "".join("\t".join(row) + "\n" for row in rows)
