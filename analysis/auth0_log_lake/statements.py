"""The SQL of this folder on other engines: what to fill in, and what sqlglot makes of it."""

import csv
import functools
import pathlib
import re

import sqlglot
import yaml
from sqlglot import exp

PACKAGE = pathlib.Path(__file__).resolve().parent
# In a wheel beside this file, in a clone beside analysis/.
SQL = next(folder for folder in (PACKAGE / "sql", PACKAGE.parents[1] / "sql") if folder.is_dir())
TEMPLATE = SQL.parent / "template.yaml"
# The Glue tables of template.yaml by their names in SQL.
LANDING = {"events_landing": "EventsLanding", "rejects": "Rejects"}
# A copy that was received earlier wins; what ties here came in one object and differs in its other columns.
ORDER = ["parse_time", "request_id", "event_time"]
VIEWS = ["event_types", "events_landed", "events_once"]
# Those of OCSF, over `events`, each after what it reads.
OCSF = ["ocsf/ocsf_types", "ocsf/ocsf_events", *sorted(f"ocsf/{path.stem}" for path in SQL.glob("ocsf/ocsf_*.sql") if path.stem not in ("ocsf_types", "ocsf_events"))]


def statement(name, **filled):
    """One statement of this folder, in Athena's dialect."""
    text = (SQL / f"{name}.sql").read_text("utf-8")
    for key, value in filled.items():
        text = text.replace("{" + key + "}", value)
    return text.strip()


def merge(window, **filled):
    """The MERGE of a window of windows.tsv; the window `range` takes from and to, as dates."""
    landing, since = windows()[window]
    return statement("merge", landing=landing.format(**filled), since=since.format(**filled))


def windows():
    return {row["window"]: (row["landing"], row["since"]) for row in table("windows.tsv")}


def table(name):
    with open(SQL / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def quoted_name(column):
    """A column of `events` in SQL."""
    return f'"{column}"' if column in ("date", "references") else column


NAMES = [quoted_name(row["column"]) for row in table("columns.tsv")]


def transpiled(sql, dialect):
    """Says a statement of Athena's in another dialect."""
    return sqlglot.transpile(sql, read="athena", write=dialect)[0]


class Template(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Reads CloudFormation's YAML; what its functions give is not needed here."""


Template.add_multi_constructor("!", lambda loader, suffix, node: None)


def landing_columns(table):
    """The columns of a landing table as template.yaml declares them: {name: Hive type}."""
    return {column["Name"]: re.sub(r"\s", "", column["Type"]) for column in glue_table(table)["StorageDescriptor"]["Columns"]}


def glue_table(table):
    """What template.yaml tells Glue of a landing table."""
    return resources()[LANDING[table]]["Properties"]["TableInput"]


@functools.cache
def resources():
    return yaml.load(TEMPLATE.read_text("utf-8"), Template)["Resources"]


def as_type(hive, dialect):
    """Says a Hive type in another dialect."""
    return exp.DataType.build(hive, dialect="hive").sql(dialect)
