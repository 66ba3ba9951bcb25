#!/usr/bin/env python3
"""Writes landing.tsv from template.yaml, the SQL of this folder from columns.tsv, event_types.tsv, windows.tsv, detections/ and ocsf/types.tsv, and the
schedules of template.yaml; --check says whether anything would change.

Athena's dialect. In braces stands what a caller fills in: {location}, {landing}, {since}, {row_ids}, {digests}, {hours}, {muted},
{run}.
"""

import sys

import alerts
import generate_ocsf
import glue
import schedules
import upkeep
from writing import HERE, listed, literal

from auth0_log_lake.statements import NAMES, ORDER, table
from auth0_log_lake.statements import quoted_name as name


def earlier(a, b):
    """SQL for: row a was received before row b."""
    parse, request, event = ORDER
    return (
        f"({a}.{parse} < {b}.{parse} OR ({a}.{parse} = {b}.{parse} AND ({a}.{request} < {b}.{request}"
        f" OR ({a}.{request} = {b}.{request} AND {a}.{event} < {b}.{event}))))"
    )


COLUMNS = table("columns.tsv")
WINDOWS = {w["window"]: w for w in table("windows.tsv")}


def events():
    columns = listed(f"`{c['column']}` {c['type']} COMMENT {literal(c['comment'])}" for c in COLUMNS)
    return f"""\
CREATE TABLE IF NOT EXISTS events (
  {columns}
)
PARTITIONED BY (day(event_time))
LOCATION '{{location}}'
TBLPROPERTIES (
  {upkeep.properties({"table_type": "ICEBERG", "format": "parquet", "write_compression": "zstd", **upkeep.UPKEEP})}
)
"""


def event_types():
    rows = listed("(" + ", ".join(literal(v) for v in row.values()) + ")" for row in table("event_types.tsv"))
    return f"""\
CREATE OR REPLACE VIEW event_types AS
SELECT code, name, category, outcome FROM (VALUES
  {rows}
) AS types (code, name, category, outcome)
"""


def events_landed():
    columns = listed(f"{c['landing'] if c['landing'].startswith('types.') else 'landing.' + c['landing']} AS {name(c['column'])}" for c in COLUMNS)
    return f"""\
CREATE OR REPLACE VIEW events_landed AS
SELECT
  {columns},
  landing.dt,
  landing.hour
FROM events_landing AS landing
LEFT JOIN event_types AS types ON types.code = landing.data.type
"""


def once(rows):
    """One row of each row_id: the earliest received."""
    rest = [n for n in NAMES if n not in ORDER]
    return f"""\
SELECT
  {listed(NAMES)}
FROM (
  SELECT
    landed.*,
    row_number() OVER (PARTITION BY landed.row_id ORDER BY {", ".join("landed." + n for n in ORDER + rest)}) AS copy
  FROM {rows}
) AS copies
WHERE copy = 1
"""


def unmerged():
    """Landed rows less those that the table has at the same time: the join reads the table's days of the window alone."""
    return f"""\
events_landed AS landed
  LEFT JOIN (SELECT row_id, event_time, parse_time, request_id FROM events WHERE event_time >= {{since}}) AS merged
    ON merged.row_id = landed.row_id AND merged.event_time = landed.event_time
  WHERE {{landing}}
    AND (merged.row_id IS NULL OR {earlier("landed", "merged")})"""


def indented(text, by):
    return text.rstrip().replace("\n", "\n" + " " * by)


def merge():
    cast = {c["column"] for c in COLUMNS if c["type"] == "timestamp"}
    values = {n: f"CAST(fresh.{n} AS timestamp(6))" if n.strip('"') in cast else f"fresh.{n}" for n in NAMES}
    return f"""\
MERGE INTO events AS kept
USING (
  {indented(once(unmerged()), 2)}
) AS fresh
ON kept.row_id = fresh.row_id
WHEN MATCHED AND {earlier("fresh", "kept")} THEN UPDATE SET
  {listed(f"{n} = {v}" for n, v in values.items())}
WHEN NOT MATCHED THEN INSERT (
  {listed(NAMES)}
) VALUES (
  {listed(values.values())}
)
"""


def events_live():
    live = WINDOWS["daily"]
    fresh = once(unmerged()).format(landing=live["landing"], since=live["since"])
    return f"""\
CREATE OR REPLACE VIEW events_live AS
SELECT
  {listed(NAMES)}
FROM events
UNION ALL
SELECT
  {listed("fresh." + n for n in NAMES)}
FROM (SELECT row_id AS known FROM events) AS kept
RIGHT JOIN (
  {indented(fresh, 2)}
) AS fresh ON kept.known = fresh.row_id
WHERE kept.known IS NULL
"""


def scheduled():
    """The statement of each schedule."""
    windows = {"MergeHourly": "hourly", "MergeDaily": "daily", "MergeWeekly": "weekly"}
    merges = {name: merge().format(landing=WINDOWS[window]["landing"], since=WINDOWS[window]["since"]) for name, window in windows.items()}
    kept = {"OptimizeDaily": "optimize", "VacuumDaily": "vacuum", "OptimizeAlertsDaily": "alerts_optimize", "VacuumAlertsDaily": "alerts_vacuum"}
    return {**merges, **{name: upkeep.STATEMENTS[f"{file}.sql"] for name, file in kept.items()}}


FILES = {
    "landing.tsv": glue.landing,
    "events.sql": events,
    "event_types.sql": event_types,
    "events_landed.sql": events_landed,
    "events_once.sql": lambda: "CREATE OR REPLACE VIEW events AS\n" + once("events_landed AS landed"),
    "events_live.sql": events_live,
    "merge.sql": merge,
    "events_recent.sql": lambda: alerts.events_recent(COLUMNS),
    "detections.sql": alerts.view,
    "alerts.sql": alerts.alerts,
    "alerts_found.sql": alerts.alerts_found,
    "alert_messages.sql": alerts.alert_messages,
    **{f"{name}.sql": lambda text=text: text + "\n" for name, text in alerts.STATEMENTS.items()},
    **{file: lambda text=text: text for file, text in upkeep.STATEMENTS.items()},
    "../template.yaml": lambda: schedules.written(scheduled()),
    **generate_ocsf.FILES,
}


def main():
    stale = []
    for file, text in FILES.items():
        path = HERE / file
        if "--check" in sys.argv[1:]:
            stale += [file] if not path.exists() or path.read_text("utf-8") != text() else []
        else:
            path.write_text(text(), "utf-8")
    if stale:
        sys.exit(f"analysis/run generate would change {', '.join(stale)}; run it, and review the difference")


if __name__ == "__main__":
    main()
