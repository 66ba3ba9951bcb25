"""Every detection on DuckDB, the whole way: records as Auth0 sends them, received, read and found."""

import collections
import re

import deployed
import pytest
import scenarios
from auth0_log_lake import database, detect, detections, relations
from sqlglot import exp, parse_one

KNOWN = detections.all_of()
# What the samples of events/ show, and they do: attacks.json has the leaked password and seven limits, odd-shapes.jsonl a
# blocked user, several-hours.json a secret that is rotated.
EVERYDAY = {"leaked_password_login": 1, "limit_hit": 8, "client_secret_rotated": 1}


def received(receiver, folder):
    """A lake with every scenario under a source of its own."""
    bodies = scenarios.bodies()
    running = deployed.Receiver(receiver, folder, tokens={source: f"token-of-{source}" for source in bodies})
    try:
        for source, body in bodies.items():
            assert running.post(body, source)["rejected"] == 0
    finally:
        running.stop()


@pytest.fixture(scope="module")
def lake(receiver, tmp_path_factory):
    folder = tmp_path_factory.mktemp("detections") / "lake"
    folder.mkdir()
    received(receiver, folder)
    return folder


@pytest.fixture(scope="module")
def db(lake):
    opened, _ = database.opened(str(lake))
    detect.look(opened)
    return opened


@pytest.fixture(scope="module")
def hits(db):
    return detect.run(db, KNOWN)


def counted(hits):
    return dict(collections.Counter((hit["source"], hit["detection"]) for hit in hits))


def of(source, hits):
    return [hit for hit in hits if hit["source"] == source]


def test_each_scenario_fires_what_it_must_and_nothing_else(hits):
    assert counted(hits) == scenarios.expected()


@pytest.mark.parametrize("id", KNOWN)
def test_each_detection_fires_on_a_scenario_and_is_silent_on_one_that_comes_near(id):
    counts = [found[id] for _, found in scenarios.SCENARIOS.values() if id in found]
    assert any(counts) and not all(counts)
    limits = {"threshold", "speed"} & KNOWN[id].parameters.keys()
    # Right below a limit, and too slow where it has a time.
    assert counts.count(0) >= len(limits) + ("window" in KNOWN[id].parameters)


def test_the_query_of_each_hit_shows_its_events(db, hits):
    for hit in hits:
        sql = deployed.sql.transpiled(hit["shows"], "duckdb")
        shown = db.sql(sql).fetchall()
        rows = min(hit["events"], 100) if "row_id IN (" in hit["shows"] else hit["events"]
        assert len(shown) >= rows, hit


def test_hits_say_how_many_events_they_stand_for(hits):
    def events(source, detection):
        return [hit["events"] for hit in of(source, hits) if hit["detection"] == detection]

    assert events("failed-11", "brute_force") == [11] and events("failed-two-days", "brute_force") == [11, 11]
    assert events("sprayed-10", "password_spraying") == [10] and events("deleted-20", "users_deleted") == [20]
    assert events("surge-100", "management_api_surge") == [100] and events("limit-again", "limit_hit") == [5]


def test_a_name_that_an_attacker_chose_is_one_short_line_without_a_link(hits):
    [hit] = of("name-of-an-attacker", hits)
    assert hit["subject"].startswith("x'; DROP TABLE events; -- CRITICAL: call http:/ /evil.example.com yyy") and len(hit["subject"]) == 100
    assert hit["subject"].isprintable() and "row_id IN (" in hit["shows"] and "yyy" not in hit["shows"]


def test_a_hit_has_the_same_key_whatever_else_the_lake_holds(db, hits):
    before = {hit["hit_key"] for hit in hits}
    assert len(before) == len(hits)
    db.sql("CREATE OR REPLACE TEMP TABLE events_recent AS SELECT * FROM events_recent WHERE source NOT LIKE 's%'")
    again = detect.run(db, KNOWN)
    detect.look(db)
    assert {hit["hit_key"] for hit in again} == {hit["hit_key"] for hit in hits if not hit["source"].startswith("s")} < before


def test_parameters_change_where_the_boundary_is(db, hits):
    def sources(**given):
        known = {"brute_force": KNOWN["brute_force"]}
        return {hit["source"] for hit in detect.run(db, known, {"brute_force": given})}

    assert "failed-10" not in sources() and "failed-10" in sources(threshold="10")
    assert "failed-11" not in sources(threshold="12") and "failed-slowly" in sources(window="61 minutes")


def test_everyday_samples_fire_nothing_but_what_they_show(receiver, tmp_path):
    running = deployed.Receiver(receiver, tmp_path)
    for sample in sorted((deployed.PROJECT / "events").glob("*.json*")):
        running.post(sample.read_bytes())
    running.stop()
    db, _ = database.opened(str(tmp_path))
    detect.look(db)
    assert dict(collections.Counter(hit["detection"] for hit in detect.run(db, KNOWN))) == EVERYDAY


@pytest.mark.parametrize("id", KNOWN)
def test_each_file_is_one_query_of_athena_over_events_that_gives_what_a_hit_needs(id):
    parsed = parse_one(KNOWN[id].render(), read="athena")
    own = {cte.alias for cte in parsed.find_all(exp.CTE)}
    assert {table.name for table in parsed.find_all(exp.Table)} - own - {"events_live", "events", *relations.tables("now")} <= {""}
    assert {"source", "subject", "event_time", "row_id"} <= set(parsed.named_selects) <= {"source", "subject", "event_time", "row_id", "counted", "shown", "named"}


GOOD = """-- id: some_name
-- title: A thing that happened.
-- severity: low
-- do: Look at it, and think about it.
-- attack: T1078
-- param threshold = 3: how many
-- key: row_id
SELECT source, ip AS subject, event_time, row_id FROM events_live WHERE 1 > {threshold}"""


def test_a_header_is_read_whole():
    read = detections.parse("some_name", GOOD.replace("think about it.", "think\n--   about it."))
    assert (read.do, read.parameters, read.meanings, read.shows) == ("Look at it, and think about it.", {"threshold": "3"}, {"threshold": "how many"}, "")
    assert read.render({"threshold": "5"}).endswith("1 > 5")


@pytest.mark.parametrize(("change", "sentence"), [
    (("-- attack: T1078\n", ""), "some_name: the header needs `-- attack: …`"),
    (("some_name\n", "other\n"), "some_name: id needs the name of the file: 3 to 40 of a-z, 0-9 and _; got 'other'"),
    (("low", "worst"), "some_name: severity needs one of critical, high, medium, low, info; got 'worst'"),
    (("happened.", "happened"), "some_name: title needs a sentence of 11 to 121 characters that ends with a full stop"),
    (("T1078", "TA0001"), "some_name: attack needs a MITRE ATT&CK technique, such as T1110.003; got 'TA0001'"),
    (("key: row_id", "key: user"), "some_name: key needs one of row_id; subject, day; subject, hour; got 'user'"),
    (("= 3:", "= three:"), "some_name: the parameter threshold needs a whole number, or a time such as 15 minutes, 1 hour or 30 days; got 'three'"),
    (("1 > {threshold}", "1 > 2"), "some_name: the parameter threshold is not in the query"),
    (("{threshold}", "{threshold} + {other}"), "some_name: the query has {other}, which is no parameter of the header"),
    (("-- key", "-- colour: red\n-- key"), "some_name: the header has a line that is no field: '-- colour: red'"),
    (("-- severity: low", "-- severity: low\n-- severity: high"), "some_name: severity stands twice in the header"),
    (("SELECT source", "DELETE FROM events; SELECT source"), "some_name: after the header it needs one query that starts with SELECT or WITH"),
])
def test_a_wrong_header_is_named_with_what_it_needs(change, sentence):
    assert GOOD.replace(*change) != GOOD
    with pytest.raises(detections.Unfit, match=re.escape(sentence)):
        detections.parse("some_name", GOOD.replace(*change))
