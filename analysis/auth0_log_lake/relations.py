"""What detections ask beside events: words for parts of an event, and two relations that many of them share.

`changes` has each change of a setting through the Management API that worked, with what the setting was before. `attempts`
has each attempt to log in, with since when the person is known there. On a laptop each is a table that is made once. In
Athena they are subqueries over events_recent.
"""

import re
from collections.abc import Callable

NOW = "CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp)"
# A value that a stream masked is nobody's name: no letter or digit at all, asterisks among them, or a word in brackets.
MASK = r"^[^\p{L}\p{N}]*$|^[<\[(].*[>\])]$|\*\*|(?i:xxxx)|[•●█∗＊]|^\W*(?i:redacted|masked|hidden|removed|obfuscated|anonymi[sz]ed|pii|private|null|none|undefined)\W*$"


def unmasked(column: str) -> str:
    """A column where it names somebody, else null. A hash does."""
    return f"CASE WHEN NOT regexp_like({column}, '{MASK}') THEN {column} END"


def scalar(path: str) -> str:
    return f"json_extract_scalar(details, '$.{path}')"


# What detections say of an event.
WORDS = {
    "method": f"lower({scalar('request.method')})",
    "path": scalar("request.path"),
    "actor": (
        f"coalesce({unmasked(scalar('request.auth.user.email'))}, nullif({scalar('request.auth.user.user_id')}, ''),"
        " nullif(user_id, ''), nullif(client_id, ''), 'unknown')"
    ),
    # Auth0 logs some refused calls as of type sapi.
    "worked": f"coalesce(try_cast(coalesce({scalar('response.statusCode')}, {scalar('response.status')}, {scalar('response.body.statusCode')}) AS double), 0) < 400",
    "person": f"coalesce({unmasked('user_id')}, {unmasked('user_name')})",
    "name": f"coalesce({unmasked('user_name')}, {unmasked('user_id')})",
    # Of a change: it wrote what was there. A secret that an answer leaves out may be another one.
    "same": (
        "(coalesce(asked = asked_before, false) OR coalesce(answered = answered_before AND length(answered) > 2"
        " AND NOT regexp_like(concat(answered, coalesce(asked, '')), '(?i)[*][*]|secret|token|password|authorization|_key'), false))"
    ),
    # An IPv4 address, also where it is written as IPv6; of IPv6 the /64, which one customer has.
    "network": (
        "coalesce(nullif(regexp_extract(lower(ip), '^::ffff:([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)$', 1), ''),"
        " CASE WHEN strpos(ip, ':') > 0 THEN regexp_extract(concat(split_part(lower(ip), '::', 1), ':0:0:0:0'), '^[^:]*:[^:]*:[^:]*:[^:]*') ELSE ip END)"
    ),
}
# What is written to: a new object is known by its id from its first change on.
SETTING = f"CASE WHEN {WORDS['method']} = 'post' THEN concat({WORDS['path']}, '/', coalesce({scalar('response.body.id')}, '')) ELSE {WORDS['path']} END"
# Events that change a setting, and how long back the state before is looked for.
SETS = f"type = 'sapi' AND {WORDS['worked']}"
REMEMBERED = "INTERVAL '90' DAY"


def body(column: str, part: str) -> str:
    return f"json_format(json_extract({column}, '$.{part}.body'))"


def changes(events: str) -> str:
    """What each change asked for and got, and what the one before did, of changes that have `details_before`."""
    return f"""SELECT
    source, event_time, row_id, tenant_name, client_id, description, {WORDS["actor"]} AS actor, {scalar("request.auth.user.user_id")} AS admin,
    {WORDS["method"]} AS method, regexp_extract({WORDS["path"]}, '^[^?#]*[^?#/]') AS path,
    {body("details", "request")} AS asked, {body("details", "response")} AS answered,
    {body("details_before", "request")} AS asked_before, {body("details_before", "response")} AS answered_before
  FROM {events}"""


# The columns of events that changes() reads.
CHANGED = ["source", "event_time", "row_id", "tenant_name", "client_id", "user_id", "description", "type", "details"]


def remembered(columns: list[str], table: str, fresh: str, past: str, setting: str) -> str:
    """The fresh events of a table with `details_before`, the details of the change before of the same setting; past ones are only remembered."""
    names = ", ".join(columns)
    kept = ", ".join(c if c in ("event_time", "row_id", "source", "details") else f"NULL AS {c}" for c in columns)
    return f"""\
(
  SELECT {names}, fresh, lag(details) OVER (PARTITION BY source, setting ORDER BY event_time, row_id) AS details_before
  FROM (
    SELECT {names}, true AS fresh, {setting} AS setting
    FROM {table}
    WHERE {fresh}
    UNION ALL
    SELECT {kept}, false AS fresh, {SETTING} AS setting
    FROM events
    WHERE {SETS} AND {past}
  ) AS written
) AS remembered
WHERE fresh"""


# Events that are attempts to log in or sign up, and those that got in.
FAILED = "'f', 'fp', 'fu', 'fs', 'fcoa', 'fepft', 'fepotpft'"
GOT_IN = "'s', 'scoa', 'sens', 'sepft'"
# How long back an address or a place is remembered as one that a person logged in from.
FAMILIAR = "INTERVAL '14' DAY"


def attempts(now: str) -> str:
    """Each attempt to log in: who from where, and since when this person is known to log in from this network, and this place."""
    seen = f"source, {WORDS['network']} AS network, {WORDS['person']} AS person, event_time, country_code, city_name"
    return f"""SELECT *
  FROM (
    SELECT
      *, min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, network) AS network_since,
      min(CASE WHEN got_in THEN event_time END) OVER (PARTITION BY source, person, country_code, city_name) AS place_since,
      dense_rank() OVER (PARTITION BY source, network, got_in ORDER BY person) AS sharer
    FROM (
      SELECT {seen}, {WORDS["name"]} AS name, ip, row_id, type, latitude, longitude, type IN ({GOT_IN}) AS got_in, true AS fresh
      FROM events_recent
      WHERE type IN ({FAILED}, {GOT_IN})
      UNION ALL
      SELECT {seen}, NULL, NULL, NULL, NULL, NULL, NULL, true, false
      FROM events
      WHERE type IN ({GOT_IN}) AND event_time >= {now} - {FAMILIAR} AND event_time < {now}
    ) AS tried
  ) AS known
  WHERE fresh"""


def inlined(sql: str, now: str) -> str:
    """A query with each relation as a subquery, over events_recent as Athena makes it, with `details_before`."""
    made = {"changes": changes(f"events_recent WHERE {SETS}"), "attempts": attempts(now)}
    return re.sub(rf"\bFROM ({'|'.join(made)})\b( AS \w+)?", lambda found: f"FROM ({made[found[1]]}){found[2] or ' AS ' + found[1]}", sql)


def tables(now: str) -> dict[str, str]:
    """Each relation as a query, over an events_recent without `details_before`, where `events` holds what came before it."""
    written = remembered(CHANGED, "events_recent", SETS, f"event_time < {now}", SETTING)
    return {"changes": changes(f"(SELECT * FROM {written}) AS changed"), "attempts": attempts(now)}


def state(of: str) -> Callable[[str], str]:
    """What a field of a setting is or was: what the API answered, or else what it was asked for."""
    return lambda field: f"coalesce(json_extract_scalar(answered{of}, '{field}'), json_extract_scalar(asked{of}, '{field}'))"


def state_json(of: str) -> Callable[[str], str]:
    return lambda field: f"coalesce(json_format(json_extract(answered{of}, '{field}')), json_format(json_extract(asked{of}, '{field}')), '')"


# {is:$.enabled} in a query over `changes`, and {unmasked:column} in any.
FUNCTIONS = {"is": state(""), "was": state("_before"), "is_json": state_json(""), "was_json": state_json("_before"), "unmasked": unmasked}
WORD = re.compile(r"\{(?:(" + "|".join(FUNCTIONS) + r"):)?([^{}]+)\}")
