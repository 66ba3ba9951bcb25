"""The detections of sql/detections/: read and checked, rendered with their parameters, and brought into one view.

A file is a header of comments and one query in Athena's dialect over events_live, or over events for what happened before.
The query gives the events that make a hit: source, subject, event_time, row_id, and where it has them `counted` (how many
events the hit stands for), `shown` (what the column named by `shows` holds) and `named` (the name in a subject that has more).
"""

import dataclasses
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent / "detections"
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
NOW = "CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp)"
# What a change in the Management API is made of.
WORDS = {
    "method": "lower(json_extract_scalar(details, '$.request.method'))",
    "path": "json_extract_scalar(details, '$.request.path')",
    "actor": (
        "coalesce(json_extract_scalar(details, '$.request.auth.user.email'), json_extract_scalar(details, '$.request.auth.user.user_id'),"
        " nullif(user_id, ''), nullif(client_id, ''), 'unknown')"
    ),
}


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
    parameters: dict
    meanings: dict
    sql: str

    def render(self, given=(), now=NOW):
        """The query, with its parameters and words filled in."""
        given = dict(given)
        for name in given.keys() - self.parameters.keys():
            has = ", ".join(self.parameters) or "none"
            raise Unfit(f"{self.id} has no parameter {name}; it has: {has}")
        values = {name: value_of(self.id, name, given.get(name, default)) for name, default in self.parameters.items()}
        words = {**WORDS, "now": now, **values}
        return re.sub(r"\{(\w+)\}", lambda found: words[found[1]], self.sql)


def value_of(id, name, text):
    """A parameter as SQL: a whole number, or an interval such as 1 hour."""
    text = str(text).strip()
    if re.fullmatch(r"\d{1,9}", text):
        return text
    interval = re.fullmatch(r"(\d{1,4}) (minute|hour|day)s?", text)
    if not interval:
        raise Unfit(f"{id}: the parameter {name} needs a whole number, or a time such as 15 minutes, 1 hour or 30 days; got {text!r}")
    return f"INTERVAL '{interval[1]}' {interval[2].upper()}"


def parse(name, text):
    """One detection of the text of its file."""
    head, body = [], []
    for line in text.splitlines():
        (head if line.startswith("--") and not body else body).append(line)
    fields, parameters, meanings, last = {}, {}, {}, None
    for line in head:
        words = line.removeprefix("--").strip()
        parameter = re.fullmatch(r"param (\w+) = ([^:]+): (.+)", words)
        field = re.fullmatch(r"(id|title|severity|do|attack|key|shows): (.+)", words)
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


def checked(name, fields, parameters, meanings, sql):
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
    used = set(re.findall(r"\{(\w+)\}", sql))
    for unknown in sorted(used - parameters.keys() - WORDS.keys() - {"now"}):
        raise Unfit(f"{name}: the query has {{{unknown}}}, which is no parameter of the header")
    for unused in sorted(parameters.keys() - used):
        raise Unfit(f"{name}: the parameter {unused} is not in the query")
    if ";" in sql or not re.match(r"(SELECT|WITH)\b", sql):
        raise Unfit(f"{name}: after the header it needs one query that starts with SELECT or WITH, without a semicolon")
    return Detection(**{**fields, "shows": fields.get("shows", "")}, parameters=parameters, meanings=meanings, sql=sql)


def all_of(folder=HERE):
    """Every detection by its id, the gravest first."""
    found = [parse(path.stem, path.read_text("utf-8")) for path in sorted(folder.glob("*.sql"))]
    return {d.id: d for d in sorted(found, key=lambda d: (SEVERITIES.index(d.severity), d.id))}


def chosen(ids, folder=HERE):
    """The detections of these ids, or all."""
    known = all_of(folder)
    for id in ids:
        if id not in known:
            raise Unfit(f"there is no detection {id}; there are: {', '.join(sorted(known))}")
    return {id: known[id] for id in ids} if ids else known


def branch(detection, given, now):
    """The events of one detection's hits, with what makes one hit another."""
    sql = detection.render(given, now)
    counted = "counted" if re.search(r"\bAS counted\b", sql) else "1"
    shown = "shown" if re.search(r"\bAS shown\b", sql) else "subject"
    named = "named" if re.search(r"\bAS named\b", sql) else "subject"
    return (
        f"SELECT '{detection.id}' AS detection, source, subject, {KEYS[detection.key]} AS period, event_time, row_id,"
        f" CAST({counted} AS bigint) AS counted, CAST({shown} AS varchar) AS shown, {named} AS named FROM (\n{sql}\n) AS {detection.id}"
    )


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def meta(detection):
    """What is known of a detection before it runs: the column that its page compares, and how far back the page looks."""
    spans = {"MINUTE": 60, "HOUR": 3600, "DAY": 86400}
    window = value_of(detection.id, "window", detection.parameters.get("window", "1 day"))
    count, unit = re.fullmatch(r"INTERVAL '(\d+)' (\w+)", window).groups()
    back = int(count) * spans[unit] if detection.shows else 0
    return f"({quoted(detection.id)}, {quoted(detection.severity)}, {quoted(detection.title)}, {quoted(detection.do)}, {quoted(detection.attack)}, {quoted(detection.shows)}, {back})"


def clean(column):
    """One line of at most 100 characters that is no link: who logs in chooses the name that is paged."""
    return f"substr(trim(replace(regexp_replace({column}, '[\\p{{C}}\\p{{Z}}]+', ' '), '://', ':/ /')), 1, 100)"


def query(detections, given=None, now=NOW):
    """Every hit of these detections: one row each, with the query that shows its events."""
    branches = "\nUNION ALL\n".join(branch(d, (given or {}).get(d.id, {}), now) for d in detections.values())
    known = ",\n  ".join(meta(d) for d in detections.values())
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
    max(found.shown) AS shown,
    max(found.named) AS named,
    greatest(count(*), max(found.counted)) AS events,
    min(found.event_time) AS first_event,
    max(found.event_time) AS last_event,
    array_join(slice(array_agg(found.row_id ORDER BY found.event_time, found.row_id), 1, 20), ''', ''') AS row_ids
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


def catalogue():
    """The table of docs/DETECTIONS.md."""
    lines = ["| detection | severity | finds | parameters | one hit for |", "|---|---|---|---|---|"]
    for d in all_of().values():
        parameters = ", ".join(f"`{name}` {default}" for name, default in d.parameters.items())
        once = {"row_id": "each event"}.get(d.key, "each " + d.key.replace(", ", " a "))
        lines.append(f"| `{d.id}` | {d.severity} | {d.title[:-1]} ([{d.attack}](https://attack.mitre.org/techniques/{d.attack.replace('.', '/')}/)) | {parameters} | {once} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(catalogue())
