"""`make erase` and the table alerts: the statements that it writes, run on Trino in the order of the runbook.

Whom an alert names is tried on DuckDB too.
"""

import hashlib
import json
import re
import subprocess

import deployed
import duckdb
import fake_athena
import pytest
import scenarios
import test_alerts
from test_merging import holds

sql = deployed.sql
SOME = {id: test_alerts.KNOWN[id] for id in ("leaked_password_login", "limit_hit", "push_fatigue", "login_from_attacker", "role_created", "impossible_travel")}
ID, EMAIL, NAME = "auth0|erase-me-1357", "erase.me@example.com", "annie"
# The person under an address, under a name that no identifier has, as an administrator, and as one in a role of somebody's.
PERSONS = [
    scenarios.login("pwd_leak", user_id=ID, user_name=EMAIL.title()),
    scenarios.login("limit_wc", user_id=ID, user_name=NAME, minutes=1),
    *(scenarios.event("gd_send_pn", n, user_id=ID, user_name=NAME) for n in range(5)),
    *(scenarios.login("fp", user=f"u{n}", minutes=n) for n in range(5)),
    scenarios.login("s", user_id=ID, user_name=NAME, minutes=30),
    scenarios.change("post", "/api/v2/roles", {"name": "auditor"}, minutes=2, who={"email": EMAIL, "user_id": ID}),
]
# Names that hold the person's, the same name in another tenant, and what others did.
OTHERS = [
    scenarios.login("pwd_leak", user="jo.erase.me"),
    scenarios.login("pwd_leak", user_id="auth0|erase-me-13579", user_name="annie b"),
    scenarios.login("limit_wc", user_id="auth0|other", user_name="x annie"),
    scenarios.change("post", "/api/v2/roles", {"name": "other"}, minutes=3),
]
NAMESAKE = [scenarios.login("pwd_leak", user_id="auth0|of-us", user_name=NAME), scenarios.login("limit_wc", user_id="auth0|of-us", user_name=NAME)]


@pytest.fixture
def alerted(tables):
    """Tables whose alerts are of the person and of others."""
    tables.receive(json.dumps(PERSONS), json.dumps(OTHERS))
    tables.receive(json.dumps(NAMESAKE), source="us")
    tables.merge("daily")
    test_alerts.make(tables, SOME)
    for name in ("alerts_found", "alerts_claim", "alerts_told"):
        tables.sql(sql.statement(name, muted="", run="a-run"))
    return tables


def erase(tables, ids, *more):
    (tables.server.folder / tables.name / "person.txt").write_text("\n".join(ids))
    where = tables.server.folder / tables.name
    command = ["make", "--no-print-directory", "-C", str(deployed.PROJECT), "erase", f"FROM=file://{tables.folder}", f"IDS={where}/person.txt", f"SQL={where}/erase.sql", *more]
    (where / "erase.sql").unlink(missing_ok=True)
    result = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    # Alerts may name whom no event does; then make ends with 2, as after any failure.
    assert result.returncode == 0 or "Found nowhere" in result.stdout or "Only part of something longer" in result.stdout, result.stdout + result.stderr
    written = (where / "erase.sql").read_text("utf-8")
    assert re.search(rf"For the tables events and alerts: {written.count(';' + chr(10))} statements for \d+ events? and the alerts that name the person", result.stdout)
    return written.removesuffix(";\n").split(";\n")


def run(tables, statements):
    """Runs statements one by one, and gives what the counts among them answered."""
    answers = [fake_athena.run(tables, text) for text in statements]
    return [answer for text, answer in zip(statements, answers, strict=True) if "AS alert_rows" in text]


def subjects(tables):
    return sorted(tables.sql("SELECT source, detection, subject FROM alerts"))


def test_an_erased_person_is_in_no_alert_and_no_file_of_the_table_and_the_alerts_of_others_stay(alerted):
    kept = [
        ("eu", "leaked_password_login", "annie b"), ("eu", "leaked_password_login", "jo.erase.me@example.com"), ("eu", "limit_hit", "limit_wc x annie"),
        ("eu", "role_created", "ada@example.com"), ("us", "leaked_password_login", NAME), ("us", "limit_hit", f"limit_wc {NAME}"),
    ]
    theirs = [("leaked_password_login", EMAIL.title()), ("limit_hit", f"limit_wc {NAME}"), ("login_from_attacker", NAME), ("push_fatigue", NAME), ("role_created", EMAIL)]
    before = sorted([*kept, *(("eu", *hit) for hit in theirs)])
    assert subjects(alerted) == before
    looked = erase(alerted, [ID, EMAIL])
    [[(rows, deletes, forgotten, snapshots)]] = run(alerted, [text for text in looked if "AS alert_rows" in text][:1])
    assert (rows, snapshots > 1) == (len(theirs), True) and deletes > 0, "the claims and marks of the run are deletes too"
    assert subjects(alerted) == before
    # Data files and the bounds that manifests keep of them.
    assert {path.suffix for path in files(alerted) if holds(path, EMAIL.title())} == {".parquet", ".avro"}
    statements = erase(alerted, [ID, EMAIL], "CONFIRM=1")
    assert statements == looked and not re.search("erase.me|annie", " ".join(statements), re.IGNORECASE)
    assert run(alerted, statements) == [[(rows, deletes, forgotten, snapshots)], [(0, 0, 0, 1)]]
    assert subjects(alerted) == kept
    assert not [path for path in files(alerted) if holds(path, EMAIL.title())]
    stored = [str(path) for path in files(alerted) if path.suffix == ".parquet"]
    assert sorted(duckdb.sql(f"SELECT source, detection, subject FROM read_parquet({stored})").fetchall()) == kept
    assert alerted.sql(f"SELECT count(*) FROM events WHERE user_id = '{ID}'") == [(0,)]


def files(tables):
    return [path for path in (tables.server.folder / tables.name / "alerts").rglob("*") if path.is_file()]


def test_an_alert_is_erased_by_identifiers_alone_once_its_events_are_gone(alerted):
    for path in alerted.folder.rglob("*.ndjson.gz"):
        path.unlink()
    statements = erase(alerted, [EMAIL, ID])
    assert not [text for text in statements if re.match(r"(DELETE FROM|ALTER TABLE|OPTIMIZE|VACUUM) events", text)], "there is no event left to erase"
    assert run(alerted, statements)[-1] == [(0, 0, 0, 1)]
    # What names the person by another name alone can no longer be told from anybody's.
    assert EMAIL not in [subject.lower() for _, _, subject in subjects(alerted)]
    assert ("eu", "push_fatigue", NAME) not in subjects(alerted), "its query names the user id"
    assert ("eu", "login_from_attacker", NAME) in subjects(alerted)


def test_a_row_id_erases_the_alert_whose_query_lists_it(alerted):
    [(row_id,)] = alerted.sql("SELECT row_id FROM events WHERE user_name = 'x annie'")
    assert run(alerted, erase(alerted, [row_id]))[-1] == [(0, 0, 0, 1)]
    assert "limit_wc x annie" not in [subject for _, _, subject in subjects(alerted)] and len(subjects(alerted)) == 10


def test_trino_takes_a_statement_of_as_many_digests_as_the_command_writes_into_one(alerted):
    digests = ", ".join(f"'{n:064X}'" for n in range(3000))
    assert alerted.sql(f"SELECT count(*) FROM ({sql.statement('alerts_erase', digests=digests).replace('DELETE', 'SELECT *')})") == [(0,)]


ROW_ID = "0123456789abcdef0123456789abcdef"
# What an alert has as subject, name and query, and whether it is about o'brien@example.com, Annie of eu, or the event ROW_ID.
ALERTS = [
    ("o'brien@example.com", "O'Brien@example.com", "user_id = 'auth0|1'", True),
    ("limit_wc o'brien@example.com", "o'brien@example.com", "row_id IN ('1')", True),
    ("x", "x", "user_name = 'o''brien@example.com' ORDER BY event_time", True),
    ("O'Brien@example.com", None, "row_id IN ('1')", True),
    ("limit_wc Annie", "Annie", "row_id IN ('1')", True),
    ("a b", "a\u2029\u061c b", "row_id IN ('1')", True),
    ("192.0.2.1", "192.0.2.1", f"row_id IN ('1', '{ROW_ID}')", True),
    ("sean.o'brien@example.com", "sean.o'brien@example.com", "row_id IN ('1')", False),
    ("brien@example.com", "brien@example.com", "user_name = 'brien@example.com'", False),
    ("limit_wc annie b", "Annie B", "user_name = 'Annie'", False),
]


def test_an_alert_is_of_a_person_if_its_name_is_and_not_a_part_of_it():
    words = ["o'brien@example.com", "= eu Annie", "= eu a\u2029\u061c b", ROW_ID]
    digests = ", ".join(f"'{hashlib.sha256(word.encode()).hexdigest().upper()}'" for word in words)
    db = duckdb.connect()
    db.sql("CREATE TABLE alerts (source VARCHAR, subject VARCHAR, name VARCHAR, shows VARCHAR, is_theirs BOOLEAN)")
    db.executemany("INSERT INTO alerts VALUES ('eu', ?, ?, ?, ?)", ALERTS)
    db.sql("INSERT INTO alerts VALUES ('us', 'Annie', 'Annie', '', false)")
    found = sql.transpiled(sql.statement("alerts_erase", digests=digests).replace("DELETE", "SELECT *"), "duckdb")
    assert sorted(db.sql(found).fetchall(), key=str) == sorted((row for row in db.sql("FROM alerts").fetchall() if row[-1]), key=str)
