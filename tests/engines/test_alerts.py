"""The detections on Trino, and the SQL that turns what they find into alerts and pages."""

import deployed
import pytest
import scenarios
import sqlglot
from test_detections import KNOWN, counted, database, detect, detections, received

sql = deployed.sql
HIT = ["hit_key", "detection", "severity", "title", "what_to_do", "attack", "source", "subject", "events", "first_event", "last_event", "shows", "name"]


def make(tables, known=KNOWN):
    """What `make tables` makes for the detections, or for some of them."""
    tables.iceberg(deployed.alerts_ddl(f"local:///{tables.name}/alerts"))
    look(tables)
    tables.sql("CREATE OR REPLACE VIEW detections AS\n" + detections.query(known))
    tables.sql(sql.statement("alert_messages"))


def look(tables, hours=26):
    tables.sql("DROP TABLE IF EXISTS events_recent")
    tables.sql(sql.statement("events_recent", hours=str(hours)))


@pytest.fixture(scope="module")
def invented(server, receiver):
    """Tables over the lake of every scenario: what is older than a day is merged, the rest only landed."""
    tables = deployed.Deployed(server, "invented", receiver)
    received(receiver, tables.folder)
    days = tables.range()
    tables.merge(**{**days, "to": scenarios.BASE.strftime("%Y-%m-%d")})
    make(tables)
    return tables


def hits(tables):
    return [dict(zip(HIT, row, strict=True)) for row in tables.sql(f"SELECT {', '.join(HIT)} FROM detections")]


def test_each_scenario_fires_on_trino_what_it_must_and_nothing_else(invented):
    assert counted(hits(invented)) == scenarios.expected()


def test_a_hit_is_the_same_on_trino_as_on_duckdb_to_the_last_letter(invented):
    db, _ = database.opened(str(invented.folder))
    detect.look(db)
    of_duckdb = [{name: hit[name] for name in HIT} for hit in detect.run(db, KNOWN)]
    assert sorted(hits(invented), key=str) == sorted(of_duckdb, key=str)


def test_the_query_of_each_hit_runs_on_trino_and_shows_its_events(invented):
    for hit in hits(invented)[::7]:
        assert invented.sql(hit["shows"]), hit


def test_a_statement_of_alerts_is_one_that_athena_takes():
    # The longest query string: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html
    for name in ("detections", "alerts", "alerts_found", "alerts_claim", "alerts_read", "alerts_told", "alert_messages", "events_recent"):
        text = sql.statement(name)
        assert len(text.encode()) < 262_144 and len(sqlglot.parse(text, read="athena")) == 1, name
    # CTAS takes no name that wants quotes, nor a format of times but milliseconds:
    # https://docs.aws.amazon.com/athena/latest/ug/ctas-considerations-limitations.html
    made = sql.statement("events_recent")
    assert '"' not in made and "AS timestamp(3)) AS event_time" in made and "AS timestamp(3)) AS parse_time" in made
    assert "external_location" not in made  # which a workgroup that enforces its settings refuses
