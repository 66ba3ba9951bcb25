"""The SQL of this folder on other engines: what to fill in, and what sqlglot makes of it."""

import csv
import functools
import pathlib

import sqlglot
from sqlglot import exp

PACKAGE = pathlib.Path(__file__).resolve().parent
# In a wheel beside this file, in a clone beside analysis/.
SQL = next(folder for folder in (PACKAGE / "sql", PACKAGE.parents[1] / "sql") if folder.is_dir())
# A copy that was received earlier wins; what ties here came in one object and differs in its other columns.
ORDER = ["parse_time", "request_id", "event_time"]
VIEWS = ["event_types", "events_landed", "events_once"]
# Those of OCSF, over `events`, each after what it reads.
OCSF = ["ocsf/ocsf_types", "ocsf/ocsf_events", *sorted(f"ocsf/{path.stem}" for path in SQL.glob("ocsf/ocsf_*.sql") if path.stem not in ("ocsf_types", "ocsf_events"))]


def statement(name: str, **filled: str) -> str:
    """One statement of this folder, in Athena's dialect."""
    text = (SQL / f"{name}.sql").read_text("utf-8")
    for key, value in filled.items():
        text = text.replace("{" + key + "}", value)
    return text.strip()


def merge(window: str, **filled: str) -> str:
    """The MERGE of a window of windows.tsv; the window `range` takes from and to, as dates."""
    landing, since = windows()[window]
    return statement("merge", landing=landing.format(**filled), since=since.format(**filled))


def windows() -> dict[str, tuple[str, str]]:
    return {row["window"]: (row["landing"], row["since"]) for row in table("windows.tsv")}


def table(name: str) -> list[dict[str, str]]:
    with (SQL / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def quoted_name(column: str) -> str:
    """A column of `events` in SQL."""
    return f'"{column}"' if column in ("date", "references") else column


NAMES = [quoted_name(row["column"]) for row in table("columns.tsv")]


@functools.cache
def transpiled(sql: str, dialect: str) -> str:
    """Translates a statement from Athena's dialect."""
    return sqlglot.transpile(sql, read="athena", write=dialect)[0]


@functools.cache
def landing_columns(landing: str, dialect: str) -> dict[str, str]:
    """The columns of a landing table, by name, with their types in a dialect."""
    return {row["column"]: as_type(row["type"], dialect) for row in table("landing.tsv") if row["table"] == landing}


def as_type(hive: str, dialect: str) -> str:
    """Translates a Hive type."""
    return exp.DataType.build(hive, dialect="hive").sql(dialect)
