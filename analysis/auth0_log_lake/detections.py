"""The detections of sql/detections/: read and checked, rendered with their parameters, and brought into one view.

A file is a header of comments and one query in Athena's dialect over events_live, or over events for what happened before.
The query gives the events that make a hit: source, subject, event_time, row_id, and where it has them `counted` (how many
events the hit stands for), `shown` (what the column named by `shows` holds) and `named` (the name in a subject that has more).
"""

import dataclasses
import pathlib
import re
from collections.abc import Mapping

from auth0_log_lake import relations
from auth0_log_lake.relations import FUNCTIONS, NOW, WORD, WORDS
from auth0_log_lake.statements import SQL

FOLDER = SQL / "detections"
# Columns that events_recent does without, since their names are reserved words.
LEFT_OUT = ["date", "references"]
SEVERITIES = ["critical", "high", "medium", "low", "info"]
# What makes a hit another hit: the event itself, or who it is about and when.
KEYS = {
    "row_id": "row_id",
    "subject, day": "date_format(event_time, '%Y-%m-%d')",
    "subject, hour": "date_format(event_time, '%Y-%m-%d %H')",
}
# Columns that tell whose events they are; the query of a page compares one of them.
SHOWS = ["ip", "user_id", "client_id", "type"]
REQUIRED = ["id", "title", "severity", "do", "attack", "key"]
class Unfit(Exception):
    """A sentence for the person who wrote a detection, or asked for one."""


@dataclasses.dataclass(frozen=True)
class Detection:
    """One file, its header checked."""

    id: str
    title: str
    severity: str
    do: str
    attack: str
    key: str
    shows: str
    silent: str
    parameters: dict[str, str]
    meanings: dict[str, str]
    sql: str

    def render(self, given: Mapping[str, str] | None = None, now: str = NOW) -> str:
        """The query, with its parameters and words filled in."""
        given = dict(given or {})
        for name in given.keys() - self.parameters.keys():
            has = ", ".join(self.parameters) or "none"
            raise Unfit(f"{self.id} has no parameter {name}; it has: {has}")
        values = {name: value_of(self.id, name, given.get(name, default)) for name, default in self.parameters.items()}
        words = {**WORDS, "now": now, **values}
        return WORD.sub(lambda found: FUNCTIONS[found[1]](found[2]) if found[1] else words[found[2]], self.sql)


Known = dict[str, Detection]
# Parameters of detections that are not as in the file, by id.
Settings = dict[str, dict[str, str]]


def value_of(id: str, name: str, text: str) -> str:
    """A parameter as SQL: a whole number, or an interval such as 1 hour."""
    text = str(text).strip()
    if re.fullmatch(r"\d{1,9}", text):
        return text
    interval = re.fullmatch(r"(\d{1,4}) (minute|hour|day)s?", text)
    if not interval:
        raise Unfit(f"{id}: the parameter {name} needs a whole number, or a time such as 15 minutes, 1 hour or 30 days; got {text!r}")
    return f"INTERVAL '{interval[1]}' {interval[2].upper()}"


def parse(name: str, text: str) -> Detection:
    """One detection of the text of its file."""
    head: list[str] = []
    body: list[str] = []
    for line in text.splitlines():
        (head if line.startswith("--") and not body else body).append(line)
    fields: dict[str, str] = {}
    parameters: dict[str, str] = {}
    meanings: dict[str, str] = {}
    last = None
    for line in head:
        words = line.removeprefix("--").strip()
        parameter = re.fullmatch(r"param (\w+) = ([^:]+): (.+)", words)
        field = re.fullmatch(r"(id|title|severity|do|silent|attack|key|shows): (.+)", words)
        if parameter:
            parameters[parameter[1]], meanings[parameter[1]] = parameter[2].strip(), parameter[3]
        elif field:
            if field[1] in fields:
                raise Unfit(f"{name}: {field[1]} stands twice in the header")
            last = field[1]
            fields[last] = field[2]
        elif line.startswith("--   ") and last:
            fields[last] += " " + words
        else:
            raise Unfit(f"{name}: the header has a line that is no field: {line!r}; a field is `-- name: value`, or `-- param name = default: what it is`")
    return checked(name, fields, parameters, meanings, "\n".join(body).strip())


def checked(name: str, fields: dict[str, str], parameters: dict[str, str], meanings: dict[str, str], sql: str) -> Detection:
    for field in REQUIRED:
        if field not in fields:
            raise Unfit(f"{name}: the header needs `-- {field}: …`")
    rules = [
        ("id", fields["id"] == name and re.fullmatch(r"[a-z][a-z0-9_]{2,39}", name), "the name of the file: 3 to 40 of a-z, 0-9 and _"),
        ("title", re.fullmatch(r"[A-Z].{9,119}\.", fields["title"]), "a sentence of 11 to 121 characters that ends with a full stop"),
        ("severity", fields["severity"] in SEVERITIES, "one of " + ", ".join(SEVERITIES)),
        ("do", 20 <= len(fields["do"]) <= 400, "what to do, in 20 to 400 characters"),
        ("attack", re.fullmatch(r"T\d{4}(\.\d{3})?", fields["attack"]), "a MITRE ATT&CK technique, such as T1110.003"),
        ("key", fields["key"] in KEYS, "one of " + "; ".join(KEYS)),
        ("shows", fields.get("shows", "ip") in SHOWS, "one of " + ", ".join(SHOWS)),
    ]
    for field, good, needs in rules:
        if not good:
            raise Unfit(f"{name}: {field} needs {needs}; got {fields.get(field)!r}")
    for parameter, default in parameters.items():
        value_of(name, parameter, default)
    used = {word for function, word in WORD.findall(sql) if not function}
    for unknown in sorted(used - parameters.keys() - WORDS.keys() - {"now"}):
        raise Unfit(f"{name}: the query has {{{unknown}}}, which is no parameter of the header")
    for unused in sorted(parameters.keys() - used):
        raise Unfit(f"{name}: the parameter {unused} is not in the query")
    if ";" in sql or not re.match(r"(SELECT|WITH)\b", sql):
        raise Unfit(f"{name}: after the header it needs one query that starts with SELECT or WITH, without a semicolon")
    return Detection(**{"shows": "", "silent": "", **fields}, parameters=parameters, meanings=meanings, sql=sql)


def all_of(folder: pathlib.Path = FOLDER) -> Known:
    """Every detection by its id, the gravest first."""
    found = [parse(path.stem, path.read_text("utf-8")) for path in sorted(folder.glob("*.sql"))]
    return {d.id: d for d in sorted(found, key=lambda d: (SEVERITIES.index(d.severity), d.id))}


def chosen(ids: list[str], severity: str = SEVERITIES[-1], folder: pathlib.Path = FOLDER) -> Known:
    """The detections of these ids, or all, that are at least so severe."""
    known = all_of(folder)
    for id in ids:
        if id not in known:
            raise Unfit(f"there is no detection {id}; there are: {', '.join(sorted(known))}")
    least = SEVERITIES.index(severity)
    return {id: known[id] for id in ids or known if SEVERITIES.index(known[id].severity) <= least}


def branch(detection: Detection, given: Mapping[str, str], now: str) -> str:
    """The events of one detection's hits, with what makes one hit another."""
    sql = detection.render(given, now)
    counted = "counted" if re.search(r"(?<!\)) AS counted\b", sql) else "1"
    shown = "shown" if re.search(r"(?<!\)) AS shown\b", sql) else "subject"
    named = "named" if re.search(r"\bAS named\b", sql) else "subject"
    return (
        f"SELECT '{detection.id}' AS detection, source, subject, {KEYS[detection.key]} AS period, event_time, row_id,"
        f" CAST({counted} AS bigint) AS counted, CAST({shown} AS varchar) AS shown, {named} AS named FROM (\n{sql}\n) AS {detection.id}"
    )


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def meta(detection: Detection) -> str:
    """What is known of a detection before it runs: the column that its page compares, and how far back the page looks."""
    spans = {"MINUTE": 60, "HOUR": 3600, "DAY": 86400}
    window = value_of(detection.id, "window", detection.parameters.get("window", "1 day"))
    count, unit = window.removeprefix("INTERVAL '").split("' ")
    back = int(count) * spans[unit] if detection.shows else 0
    return f"({quoted(detection.id)}, {quoted(detection.severity)}, {quoted(detection.title)}, {quoted(detection.do)}, {quoted(detection.attack)}, {quoted(detection.shows)}, {back})"


def clean(column: str) -> str:
    """One line of at most 100 characters that is no link: who logs in chooses the name that is paged."""
    return f"substr(trim(replace(regexp_replace({column}, '[\\p{{C}}\\p{{Z}}]+', ' '), '://', ':/ /')), 1, 100)"


def query(detections: Known, given: Settings | None = None, now: str = NOW, made: bool = False) -> str:
    """Every hit of these detections: one row each, with the query that shows its events. `made`: the relations are tables."""
    branches = "\nUNION ALL\n".join(branch(d, (given or {}).get(d.id, {}), now) for d in detections.values())
    known = ",\n  ".join(meta(d) for d in detections.values())
    branches = branches if made else relations.inlined(branches, now)
    return QUERY.format(branches=branches.replace("events_live", "events_recent"), known=known, subject=clean("found.subject"), shown=clean("grouped.shown"))


QUERY = r"""WITH found AS (
{branches}
), known (detection, severity, title, what_to_do, attack, shows, seconds_back) AS (VALUES
  {known}
), grouped AS (
  SELECT
    lower(to_hex(md5(to_utf8(concat(found.detection, '|', found.source, '|', coalesce(found.subject, ''), '|', found.period))))) AS hit_key,
    found.detection,
    found.source,
    max({subject}) AS subject,
    CASE WHEN min(coalesce(found.shown, '')) = max(coalesce(found.shown, '')) THEN max(found.shown) END AS shown,
    max(found.named) AS named,
    greatest(count(DISTINCT found.row_id), max(found.counted)) AS events,
    min(found.event_time) AS first_event,
    max(found.event_time) AS last_event,
    array_join(slice(array_agg(found.row_id ORDER BY found.event_time, found.row_id), 1, 100), ''', ''') AS row_ids
  FROM found
  GROUP BY found.detection, found.source, found.subject, found.period
)
SELECT
  grouped.hit_key,
  grouped.detection,
  known.severity,
  known.title,
  known.what_to_do,
  known.attack,
  grouped.source,
  coalesce(nullif(grouped.subject, ''), 'unknown') AS subject,
  grouped.events,
  grouped.first_event,
  grouped.last_event,
  concat(
    'SELECT event_time, type, code_name, user_id, user_name, ip, country_code, client_id, client_name, description, row_id FROM events_live WHERE event_time BETWEEN TIMESTAMP ''',
    date_format(grouped.first_event - known.seconds_back * INTERVAL '1' SECOND, '%Y-%m-%d %H:%i:%s'),
    ''' AND TIMESTAMP ''',
    date_format(grouped.last_event + INTERVAL '1' SECOND, '%Y-%m-%d %H:%i:%s'),
    ''' AND source = ''',
    grouped.source,
    ''' AND ',
    CASE WHEN known.shows <> '' AND grouped.shown <> '' AND grouped.shown = {shown}
      THEN concat(known.shows, ' = ''', replace(grouped.shown, '''', ''''''), '''')
      ELSE concat('row_id IN (''', grouped.row_ids, ''')')
    END,
    ' ORDER BY event_time'
  ) AS shows,
  grouped.named AS name
FROM grouped
JOIN known ON known.detection = grouped.detection
"""


def catalogue() -> str:
    """The tables of docs/DETECTIONS.md: what each finds, where it must be silent, and what to do."""
    finds = ["| detection | severity | finds | parameters | one hit for |", "|---|---|---|---|---|"]
    silent = ["| detection | silent on | what to do |", "|---|---|---|"]
    for d in all_of().values():
        parameters = ", ".join(f"`{name}` {default}" for name, default in d.parameters.items())
        once = {"row_id": "each event"}.get(d.key, "each " + d.key.replace(", ", " a "))
        finds.append(f"| `{d.id}` | {d.severity} | {d.title[:-1]} ([{d.attack}](https://attack.mitre.org/techniques/{d.attack.replace('.', '/')}/)) | {parameters} | {once} |")
        silent.append(f"| `{d.id}` | {d.silent} | {d.do} |")
    return "\n".join([*finds, "", *silent])


if __name__ == "__main__":
    print(catalogue())
