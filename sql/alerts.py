"""The SQL of what the detections look at, of the hits that they found, and of the pages of those."""

import upkeep

from auth0_log_lake import detections, relations

# Hits that one run pages one by one: somebody who makes up user names must not flood a pager.
PAGES = 50
# Of a hit: the column, its Athena type, what it is.
COLUMNS = [
    ("hit_key", "string", "What makes it another hit; one row each"),
    ("detection", "string", "Which one"),
    ("severity", "string", "critical, high, medium, low or info"),
    ("title", "string", "What happened, in a sentence"),
    ("what_to_do", "string", "What to do about it"),
    ("attack", "string", "MITRE ATT&CK technique"),
    ("source", "string", "Source (tenant)"),
    ("subject", "string", "User, address or application that it is about; one line"),
    ("events", "bigint", "How many events, when it was found"),
    ("first_event", "timestamp", "The first of them, UTC"),
    ("last_event", "timestamp", "The last of them, UTC"),
    ("shows", "string", "The query that shows them"),
    ("detected_at", "timestamp", "When it was found, UTC"),
    ("told_by", "string", "The run that pages it"),
    ("told_at", "timestamp", "When it was paged, UTC; null until then"),
    ("name", "string", "The subject alone and as it was sent, by which a person is erased"),
]


def events_recent(columns):
    """What came lately, read once. Athena chooses the folder, which expires with its results.

    A Hive table: its times have milliseconds, and none of its names may want quotes.
    """
    times = [c["column"] for c in columns if c["type"] == "timestamp"]
    names = [c["column"] for c in columns if c["column"] not in detections.LEFT_OUT]
    selected = ", ".join(f"CAST({name} AS timestamp(3)) AS {name}" if name in times else name for name in names)
    arrived = f"parse_time >= {detections.NOW} - INTERVAL '{{hours}}' HOUR"
    fresh = f"{arrived} AND event_time >= {detections.NOW} - INTERVAL '35' DAY"
    past = f"NOT ({arrived}) AND event_time >= {detections.NOW} - {relations.REMEMBERED}"
    # What is no change is a setting of its own.
    setting = f"CASE WHEN {relations.SETS} THEN {relations.SETTING} ELSE row_id END"
    return f"""\
CREATE TABLE events_recent WITH (format = 'PARQUET') AS
SELECT {selected}, details_before
FROM {relations.remembered(names, "events_live", fresh, past, setting)}
"""


def view():
    return "CREATE OR REPLACE VIEW detections AS\n" + detections.query(detections.all_of())


def alerts():
    columns = ",\n  ".join(f"`{name}` {kind} COMMENT '{comment}'" for name, kind, comment in COLUMNS)
    return f"""\
CREATE TABLE IF NOT EXISTS alerts (
  {columns}
)
PARTITIONED BY (month(detected_at))
LOCATION '{{location}}'
TBLPROPERTIES (
  {upkeep.properties({"table_type": "ICEBERG", "format": "parquet", "write_compression": "zstd", **upkeep.UPKEEP})}
)
"""


def alerts_found():
    """Brings in each hit that is not there. {muted} are ids, comma-separated."""
    names = [name for name, _, _ in COLUMNS if name not in ("detected_at", "told_by", "told_at")]
    times = {"first_event", "last_event"}
    values = ",\n  ".join(f"CAST(hit.{name} AS timestamp(6))" if name in times else f"hit.{name}" for name in names)
    return f"""\
INSERT INTO alerts (
  {", ".join([*names, "detected_at"])}
)
SELECT
  {values},
  CAST({detections.NOW} AS timestamp(6))
FROM detections AS hit
LEFT JOIN alerts AS known ON known.hit_key = hit.hit_key
WHERE known.hit_key IS NULL AND NOT contains(split('{{muted}}', ','), hit.detection)
"""


def alert_messages():
    """The pages of the hits that a run claimed, the gravest first; past the last one a page says how many more there are."""
    rank = " ".join(f"WHEN '{severity}' THEN {place}" for place, severity in enumerate(detections.SEVERITIES))
    return MESSAGES.format(rank=rank, pages=PAGES, rest=PAGES + 1)


MESSAGES = """\
CREATE OR REPLACE VIEW alert_messages AS
SELECT
  told_by,
  place,
  CASE WHEN place <= {pages} THEN severity ELSE 'more' END AS severity,
  CASE WHEN place <= {pages} THEN detection ELSE 'hits' END AS detection,
  CASE WHEN place <= {pages} THEN source ELSE 'alerts' END AS source,
  CASE WHEN place <= {pages} THEN concat(
    title, chr(10), chr(10),
    'Severity:  ', severity, chr(10),
    'Detection: ', detection, ' (MITRE ATT&CK ', attack, ')', chr(10),
    'Source:    ', source, chr(10),
    'Subject:   ', subject, chr(10),
    'Events:    ', CAST(events AS varchar), ', ',
    date_format(first_event, '%Y-%m-%d %H:%i:%s'), ' to ', date_format(last_event, '%Y-%m-%d %H:%i:%s'), ' UTC', chr(10), chr(10),
    what_to_do, chr(10), chr(10),
    'The events, in Athena:', chr(10), shows
  ) ELSE concat(
    CAST(hits - {pages} AS varchar), ' more hits of this run are not paged one by one. All of them, in Athena:', chr(10),
    'SELECT severity, detection, source, subject, events, first_event, last_event, shows FROM alerts WHERE told_by = ''', told_by, ''''
  ) END AS message
FROM (
  SELECT
    alerts.*,
    row_number() OVER (PARTITION BY told_by ORDER BY CASE severity {rank} END, first_event, hit_key) AS place,
    count(*) OVER (PARTITION BY told_by) AS hits
  FROM alerts
  WHERE told_at IS NULL AND told_by IS NOT NULL
) AS claimed
WHERE place <= {rest}
"""
STATEMENTS = {
    # One run claims what is untold, so that two runs at once do not both page it, and a run that failed is caught up.
    "alerts_claim": "UPDATE alerts SET told_by = '{run}' WHERE told_at IS NULL AND severity <> 'info' AND NOT contains(split('{muted}', ','), detection)",
    "alerts_told": f"UPDATE alerts SET told_at = CAST({detections.NOW} AS timestamp(6)) WHERE told_by = '{{run}}' AND told_at IS NULL",
    "alerts_read": "SELECT severity, detection, source, message FROM alert_messages WHERE told_by = '{run}' ORDER BY place",
}
