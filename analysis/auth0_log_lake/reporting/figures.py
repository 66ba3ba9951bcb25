"""Every figure of the report, each from one question to the tables that load.py made. docs/REPORT.md defines them."""

from datetime import timedelta
from typing import Any

import duckdb

from auth0_log_lake.reporting.load import COUNTRY, PERSON, rows
from auth0_log_lake.reporting.options import Asked

TOP = 10
FAILED_LOGIN = "category = 'login' AND outcome = 'failure'"
# From which length of the window on a bar holds six hours, and a day.
SIX_HOURS, DAY = timedelta(days=8), timedelta(days=45)
OUTCOMES = ["failure", "notice", "success", "unknown"]


def one(db: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    return rows(db, sql)[0]


def step_of(asked: Asked) -> timedelta:
    """How much time one bar holds."""
    length = asked.until - asked.since
    if length > DAY:
        return timedelta(days=1)
    return timedelta(hours=6) if length > SIX_HOURS else timedelta(hours=1)


def totals(db: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    return one(db, f"""
        SELECT count(*) AS events, count(*) FILTER ({FAILED_LOGIN}) AS failed, count(*) FILTER (category = 'login' AND outcome = 'success') AS logins,
            count(DISTINCT (source, {PERSON})) FILTER ({PERSON} IS NOT NULL) AS persons, count(DISTINCT source) AS sources,
            count(*) FILTER (outcome IS NULL) AS unknown, min(event_time) AS earliest, max(event_time) AS latest
        FROM report.events""")


def bucket(step: timedelta) -> str:
    """SQL for the start of the bar that an event lies in."""
    return f"time_bucket(INTERVAL '{step.total_seconds():.0f} seconds', event_time, TIMESTAMP '2000-01-01')"


def by_time(db: duckdb.DuckDBPyConnection, step: timedelta, what: str = "TRUE") -> list[dict[str, Any]]:
    """Events of each bar and outcome; bars without an event are not there."""
    return rows(db, f"""
        SELECT {bucket(step)} AS start, coalesce(outcome, 'unknown') AS outcome, count(*) AS events
        FROM report.events WHERE {what} GROUP BY ALL ORDER BY ALL""")


def failed_by_country(db: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    return rows(db, f"""
        SELECT {COUNTRY} AS country, count(*) AS events, count(DISTINCT ip) AS addresses, count(DISTINCT (source, {PERSON})) FILTER ({PERSON} IS NOT NULL) AS persons
        FROM report.events WHERE {FAILED_LOGIN} GROUP BY ALL ORDER BY events DESC, country LIMIT {TOP}""")


def failed_by_address(db: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    return rows(db, f"""
        SELECT nullif(ip, '') AS ip, count(*) AS events, count(DISTINCT (source, {PERSON})) FILTER ({PERSON} IS NOT NULL) AS persons,
            arg_max({COUNTRY}, event_time) AS country, max(event_time) AS latest
        FROM report.events WHERE {FAILED_LOGIN} GROUP BY 1 ORDER BY events DESC, latest DESC, ip LIMIT {TOP}""")


def top_persons(db: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    return rows(db, f"""
        SELECT source, {PERSON} AS person, arg_max(nullif(user_name, ''), event_time) AS name, count(*) AS events,
            count(*) FILTER (outcome = 'failure') AS failures
        FROM report.events WHERE {PERSON} IS NOT NULL GROUP BY source, person ORDER BY events DESC, failures DESC, person LIMIT {TOP}""")


def top_clients(db: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    return rows(db, f"""
        SELECT source, coalesce(nullif(client_id, ''), nullif(client_name, '')) AS client, arg_max(nullif(client_name, ''), event_time) AS name,
            count(*) AS events, count(*) FILTER (outcome = 'failure') AS failures
        FROM report.events WHERE coalesce(nullif(client_id, ''), nullif(client_name, '')) IS NOT NULL
        GROUP BY source, client ORDER BY events DESC, failures DESC, client LIMIT {TOP}""")


def new_countries(db: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Persons who acted with success from a country for the first time, after they had from another."""
    seen = f"""
        WITH seen AS (
            SELECT source, person, country, first_success AS first FROM report.before WHERE first_success IS NOT NULL
            UNION ALL
            SELECT source, {PERSON}, {COUNTRY}, min(event_time) FROM report.events WHERE outcome = 'success' GROUP BY ALL
        ), firsts AS (
            SELECT source, person, country, min(first) AS first FROM seen WHERE person IS NOT NULL AND country IS NOT NULL GROUP BY ALL
        ), new AS (
            SELECT *, arg_min(country, first) OVER whole AS home, count(*) OVER whole AS countries
            FROM firsts WINDOW whole AS (PARTITION BY source, person)
            QUALIFY first > min(first) OVER whole AND first >= (SELECT since FROM report.asked)
        )"""
    return {
        "count": one(db, f"{seen} SELECT count(*) AS pairs, count(DISTINCT (source, person)) AS persons FROM new"),
        "rows": rows(db, f"""{seen}
            SELECT new.source, new.person, new.country, new.home, new.first, arg_max(nullif(user_name, ''), event_time) AS name,
                count(*) AS events, arg_min(nullif(ip, ''), event_time) AS ip
            FROM new JOIN report.events AS e ON e.source = new.source AND {PERSON} = new.person AND {COUNTRY} = new.country AND outcome = 'success'
            GROUP BY ALL ORDER BY new.first DESC, new.person LIMIT {2 * TOP}"""),
        "known": one(db, "SELECT count(*) > 0 AS known FROM report.before")["known"],
    }


def lag(db: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Seconds from the time of an event to its receipt, of events that have a time of their own."""
    lag = "date_diff('millisecond', event_time, parse_time) / 1000"
    timed = "FILTER (time_source <> 'received')"
    return one(db, f"""
        SELECT count(*) {timed} AS events, quantile_cont({lag}, 0.5) {timed} AS p50, quantile_cont({lag}, 0.99) {timed} AS p99,
            max({lag}) {timed} AS max, count(*) FILTER (time_source <> 'received' AND {lag} < 0) AS ahead,
            count(*) FILTER (time_source = 'received') AS untimed
        FROM report.events""")


def drift(db: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    return {
        "events": one(db, "SELECT count(*) AS n FROM report.events WHERE len(drift) > 0")["n"],
        "rows": rows(db, f"SELECT line, count(*) AS events FROM (SELECT unnest(drift) AS line FROM report.events) GROUP BY ALL ORDER BY events DESC, line LIMIT {TOP}"),
    }


def rejects(db: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    return {
        "records": one(db, "SELECT count(DISTINCT p_row_id) AS n FROM report.rejects")["n"],
        "rows": rows(db, """
            SELECT source, reason, count(DISTINCT p_row_id) AS records, count(*) AS copies, max(received_at) AS latest
            FROM report.rejects GROUP BY ALL ORDER BY records DESC, source, reason LIMIT 50"""),
    }


def copies(db: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    return one(db, "SELECT copies, events FROM report.copies")


def silence(db: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Each source with its last event, and the longest time without one. A source that sent before the window counts from its start."""
    return rows(db, """
        WITH known AS (SELECT source, max(last_seen) AS last_seen FROM report.before GROUP BY ALL),
        marks AS (
            SELECT source, event_time AS moment, TRUE AS event FROM report.events
            UNION ALL SELECT source, since, FALSE FROM known, report.asked
            UNION ALL SELECT source, ending, FALSE FROM (SELECT source FROM known UNION SELECT source FROM report.events), report.asked
        ),
        gaps AS (SELECT *, lag(moment) OVER (PARTITION BY source ORDER BY moment, event) AS before FROM marks)
        SELECT source, count(*) FILTER (event) AS events,
            coalesce(max(moment) FILTER (event), any_value(known.last_seen)) AS last,
            (SELECT ending FROM report.asked) - coalesce(max(moment) FILTER (event), any_value(known.last_seen)) AS silent,
            max(moment - before) AS gap, arg_max(before, moment - before) AS gap_from, arg_max(moment, moment - before) AS gap_to
        FROM gaps LEFT JOIN known USING (source) GROUP BY source ORDER BY silent DESC, source""")


def activity(db: duckdb.DuckDBPyConnection, step: timedelta, sources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events of each bar and source, of the sources that have been silent the longest."""
    some = [row["source"] for row in sources if row["events"]][:2 * TOP]
    counted = f"SELECT source, {bucket(step)} AS start, count(*) AS events FROM report.events WHERE list_contains($1, source) GROUP BY ALL ORDER BY ALL"
    return rows(db, counted, [some])


def all_of(db: duckdb.DuckDBPyConnection, asked: Asked) -> dict[str, Any]:
    """The figures by the names that the page has for them."""
    db.execute("CREATE OR REPLACE TABLE report.asked AS SELECT ?::TIMESTAMP AS since, ?::TIMESTAMP AS until, ?::TIMESTAMP AS ending", [asked.since, asked.until, asked.end])
    step, sources = step_of(asked), silence(db)
    return {
        "step": step,
        "totals": totals(db),
        "by_time": by_time(db, step),
        "failed_by_time": by_time(db, step, FAILED_LOGIN),
        "failed_by_country": failed_by_country(db),
        "failed_by_address": failed_by_address(db),
        "top_persons": top_persons(db),
        "top_clients": top_clients(db),
        "new_countries": new_countries(db),
        "lag": lag(db),
        "drift": drift(db),
        # The table holds neither.
        "rejects": rejects(db) if asked.lake else None,
        "copies": copies(db) if asked.lake else None,
        "silence": sources,
        "activity": activity(db, step, sources),
    }
