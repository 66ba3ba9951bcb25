"""The detections on Trino, and the SQL that turns what they find into alerts and pages."""

import deployed
import pytest
import scenarios
from test_detections import KNOWN, counted, received

sql = deployed.sql
HIT = ["hit_key", "detection", "source", "subject", "events", "first_event", "last_event"]


def make(tables):
    """What `make tables` makes for the detections."""
    tables.iceberg(deployed.alerts_ddl(f"local:///{tables.name}/alerts"))
    look(tables)
    tables.sql(sql.statement("detections"))
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


def test_each_scenario_fires_on_trino_what_it_fires_on_duckdb(invented):
    assert counted(hits(invented)) == scenarios.expected()
