"""Each type code as OCSF: what the receiver stored, through the views of sql/ocsf, against the schema that OCSF published."""

import json
import os
import pathlib
import re
import subprocess
import sys

import duckdb
import pytest
from conftest import PROJECT

sys.path.append(str(PROJECT / "tests/ocsf"))
import mapped  # noqa: E402
import published  # noqa: E402
import samples  # noqa: E402

LINES = mapped.lines()
# Columns of the project's own, which tell how an event came in and not what happened; metadata.uid leads to them.
OWN = {"outcome", "any_usernames", "schema_version", "time_source", "drift", "request_id"}


@pytest.fixture(scope="module")
def local():
    """The local receiver: LOCAL_BIN, or built here as `make test` builds it."""
    if "LOCAL_BIN" in os.environ:
        return pathlib.Path(os.environ["LOCAL_BIN"]).resolve()
    build = ["cargo", "build", "--quiet", "--workspace", "--features", "auth0-log-lake/local", "--bin", "local"]
    subprocess.run(build, cwd=PROJECT, check=True, timeout=1800)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")) / "debug" / "local"


@pytest.fixture(scope="module")
def lake(local, tmp_path_factory):
    """A lake with each code twice, full and sparse."""
    db, accepted = mapped.received(local, tmp_path_factory.mktemp("codes"), [json.dumps(list(samples.samples().values()))])
    assert accepted == 2 * (181 + 1)
    return db


@pytest.fixture(scope="module")
def events(lake):
    """The events of all class views by log_id, each with what was sent."""
    sent, found = samples.samples(), mapped.every(lake)
    by_id = {event["metadata"]["original_event_uid"]: (sent[event["metadata"]["original_event_uid"]]["data"], event) for event in found}
    assert len(by_id) == len(found), "an event is in two views"
    return by_id


def test_all_181_codes_and_an_unknown_one_are_mapped_and_are_ocsf(events):
    codes = [event["metadata"]["event_code"] for _, event in events.values()]
    assert len(set(codes) - {samples.UNKNOWN}) == 181 and set(codes) == {*samples.codes(), samples.UNKNOWN}
    assert len(codes) == 2 * (181 + 1)
    assert {code: faults for code, (_, event) in events.items() if (faults := published.faults(event))} == {}


def test_every_code_has_one_line_with_a_reason():
    assert LINES.keys() == {*samples.codes(), "*"} and len(LINES) == 181 + 1
    assert [code for code, line in LINES.items() if not 15 <= len(line["why"]) <= 100 or line["why"].endswith(".")] == []


def test_each_event_has_the_class_activity_status_and_severity_of_its_line(events):
    for sent, event in events.values():
        line = LINES.get(sent["type"], LINES["*"])
        keys = ["class_uid", "class_name", "status_id", "severity_id"]
        by_method = line["activity_from"] == "method" and "details" in sent
        keys += [] if by_method else ["activity_id", "activity_name"]
        assert {key: str(event[key]) for key in keys} == {key: line[key] for key in keys}, sent["type"]


def test_an_unknown_code_is_a_base_event_and_says_that_it_is_unknown(events):
    both = {"details" in sent: event for sent, event in events.values() if sent["type"] == samples.UNKNOWN}
    for event in (both[True], both[False]):
        ids = ["class_uid", "category_uid", "activity_id", "type_uid", "status_id", "severity_id"]
        assert {key: event[key] for key in ids} == dict.fromkeys(ids, 0)
        assert (event["class_name"], event["activity_name"], event["status_code"]) == ("Base Event", "Unknown", samples.UNKNOWN)
    assert both[True]["unmapped"]["user_id"] == samples.USER["user_id"] and both[True]["message"] == "New Thing"


def test_what_the_outcome_calls_a_failure_or_success_has_that_status():
    wanted = {"failure": "2", "success": "1"}
    wrong = [code for code, row in samples.codes().items() if LINES[code]["class_uid"] != "2004" and wanted.get(row["outcome"], LINES[code]["status_id"]) != LINES[code]["status_id"]]
    assert wrong == []


@pytest.mark.parametrize(("code", "type_name", "status"), [
    ("s", "Authentication: Logon", "Success"), ("fp", "Authentication: Logon", "Failure"), ("slo", "Authentication: Logoff", "Success"),
    ("seccft", "Authentication: Logon", "Success"), ("gd_auth_rejected", "Authentication: Logon", "Failure"), ("gd_send_sms", "Authentication: Preauth", "Success"),
    ("ss", "Account Change: Create", "Success"), ("scp", "Account Change: Password Change", "Success"), ("sdu", "Account Change: Delete", "Success"),
    ("gd_enrollment_complete", "Account Change: MFA Factor Enable", "Success"), ("gd_unenroll", "Account Change: MFA Factor Disable", "Success"),
    ("ublkdu", "Account Change: Unlock", "Success"), ("organization_member_added", "Group Management: Add User", "Success"),
    ("srrt", "User Access Management: Revoke Privileges", "Success"), ("pwd_leak", "Detection Finding: Create", "New"),
    ("sapi", "API Activity: Create", "Success"), ("fapi", "API Activity: Delete", "Failure"), ("mgmt_api_read", "API Activity: Read", "Success"),
    ("kms_key_state_changed", "Entity Management: Update", "Success"), ("actions_execution_failed", "Application Error: General Error", "Failure"),
    ("sys_update_end", "Application Lifecycle: Update", "Success"),
])
def test_what_nobody_argues_with_is_so(events, code, type_name, status):
    assert {(event["type_name"], event["status"]) for sent, event in events.values() if sent["type"] == code and "details" in sent} == {(type_name, status)}


def texts(value):
    """Every text and number in a value, those inside JSON text among them."""
    if isinstance(value, dict):
        return {text for below in value.values() for text in texts(below)}
    if isinstance(value, list):
        return {text for below in value for text in texts(below)}
    if isinstance(value, str) and value[:1] in ("{", "["):
        return texts(json.loads(value))
    return {str(value).lower()} if value not in (None, "") else set()


def test_nothing_that_was_sent_is_lost(events):
    lost = {}
    for log_id, (sent, event) in events.items():
        kept = texts(event) | {text.rstrip("0") for text in texts(event.get("unmapped", {}))}
        scopes = {"scope": " ".join(sent["scope"])} if isinstance(sent.get("scope"), list) else {}
        missing = {text for text in texts({**sent, **scopes, "date": sent["date"].replace("Z", "000Z")}) - kept if text != "eu"}
        lost |= {log_id: missing} if missing else {}
    assert lost == {}


def test_every_column_of_events_has_a_place_or_is_the_projects_own():
    used = set(re.findall(r"\w+", (PROJECT / "sql/ocsf/ocsf_events.sql").read_text("utf-8")))
    columns = {line.split("\t")[0] for line in (PROJECT / "sql/columns.tsv").read_text("utf-8").splitlines()[1:]}
    assert columns - used == OWN


def test_who_and_where_stand_where_ocsf_looks_for_them(events):
    [event] = [event for sent, event in events.values() if sent["type"] == "s" and "details" in sent]
    user = {"uid": samples.USER["user_id"], "name": "noor.visser@example.com", "email_addr": "noor.visser@example.com", "uid_alt": "64f0a1b2c3d4e5f60718293a"}
    assert event["user"] == {**user, "type_id": 1, "org": {"uid": "org_k3bR7ZtQpWm1xYvN", "name": "harbourline"}}
    place = {"city": "Utrecht", "country": "NL", "continent": "Europe", "lat": 52.0907, "long": 5.1214}
    assert event["src_endpoint"] == {"ip": "203.0.113.24", "location": place} and event["dst_endpoint"] == {"hostname": "login.example.com"}
    assert event["service"] == {"uid": samples.CLIENT["client_id"], "name": "Harbourline Web"} and event["is_mfa"] is False
    assert event["session"]["uid"] == "C5BKUw1RFtXwwwcu88HHDoxTZGY5Kfv_" and event["http_request"] == {"user_agent": samples.CALLER["user_agent"]}
    assert event["time_dt"] == samples.samples()[event["metadata"]["original_event_uid"]]["data"]["date"].replace("Z", "000Z")
    assert event["time"] == 1782907200000 + 1000 * int(event["time_dt"][17:19]) + 60_000 * int(event["time_dt"][14:16]) + int(event["time_dt"][20:23])


def test_a_machine_is_the_user_and_an_admin_the_actor(events):
    full = {sent["type"]: event for sent, event in events.values() if "details" in sent}
    assert full["seccft"]["user"] == {"uid": samples.CLIENT["client_id"], "name": "Harbourline Web", "type_id": 4}
    assert full["sapi"]["actor"]["user"] == {"uid": samples.ADMIN["user_id"], "name": "robin@example.com", "email_addr": "robin@example.com", "type_id": 1}
    assert full["sapi"]["http_request"]["http_method"] == "POST" and full["sapi"]["http_response"] == {"code": 200}
    assert full["pwd_leak"]["evidences"][0]["actor"]["user"]["uid"] == samples.USER["user_id"] and full["pwd_leak"]["is_alert"] is True
    assert full["organization_member_added"]["group"] == {"uid": "org_k3bR7ZtQpWm1xYvN", "name": "harbourline", "type": "organization"}


def test_a_call_of_the_management_api_has_the_activity_of_its_method(local, tmp_path):
    other = (99, "Management API Call")
    wanted = [("post", (1, "Create")), ("GET", (2, "Read")), ("Patch", (3, "Update")), ("PUT", (3, "Update")), ("DELETE", (4, "Delete"))]
    wanted += [("OPTIONS", other), ("BREW", other), (None, other), ({"a": 1}, other), ("", other)]
    requests = [{"log_id": f"m-{at}", "data": {"type": "sapi", "details": {"request": {"method": method}}}} for at, (method, _) in enumerate(wanted)]
    db, _ = mapped.received(local, tmp_path, [json.dumps(requests)])
    found = {event["metadata"]["original_event_uid"]: event for event in mapped.every(db)}
    assert {name: (event["activity_id"], event["activity_name"]) for name, event in found.items()} == {f"m-{at}": activity for at, (_, activity) in enumerate(wanted)}
    assert [published.faults(event) for event in found.values()] == [[]] * len(wanted)


def test_the_samples_and_hostile_records_are_ocsf_too(local, tmp_path):
    db, accepted = mapped.received(local, tmp_path, mapped.samples_of_the_project())
    found = mapped.every(db)
    assert len(found) == db.sql("SELECT count(*) FROM events").fetchall()[0][0] > 150 and accepted >= len(found)
    assert {json.dumps(event["metadata"]): faults for event in found if (faults := published.faults(event))} == {}


@pytest.mark.parametrize(("code", "changed", "fault"), [
    ("s", {"class_uid": "3099"}, "class_uid: 3099 has no view"),
    ("s", {"activity_id": "8"}, "$.activity_id: 8 is not one of"),
    ("s", {"activity_id": "2"}, "activity_name: 'Logon' is not what activity_id 2 is called"),
    ("s", {"activity_id": "99", "activity_name": "Other"}, "activity_name: 'Other' is not what activity_id 99 is called"),
    ("s", {"class_name": "Sign In"}, "class_name: 'Sign In' is not what class_uid 3002 is called"),
    ("s", {"status_id": "7"}, "$.status_id: 7 is not one of"),
    ("s", {"severity_id": "9"}, "$.severity_id: 9 is not one of"),
    ("s", {"class_uid": "3001"}, "class_name: 'Authentication' is not what class_uid 3001 is called"),
    ("s", {"class_uid": "2004"}, "activity_name: 'Logon' is not what activity_id 1 is called"),
    ("slo", {"class_uid": "6003"}, "activity_name: 'Logoff' is not what activity_id 2 is called"),
    ("gd_tenant_update", {"object": ""}, "$: 'entity' is a required property"),
])
def test_a_wrong_line_is_caught(lake, code, changed, fault):
    assert mapped.with_line(lake, code) == []
    faults = mapped.with_line(lake, code, **changed)
    assert [found for found in faults if found.startswith(fault)], faults


@pytest.mark.parametrize(("change", "fault"), [
    (lambda event: event.pop("user"), "$: 'user' is a required property"),
    (lambda event: event.pop("metadata"), "$: 'metadata' is a required property"),
    (lambda event: event["metadata"].pop("product"), "$.metadata: 'product' is a required property"),
    (lambda event: event["metadata"].update(version="1.7.0"), "metadata: 1.7.0"),
    (lambda event: (event.pop("service"), event.pop("dst_endpoint")), "$: {"),
    (lambda event: event.update(type_uid=300101), "type_uid: 300101 is not 3002 * 100 + 1"),
    (lambda event: event.update(category_uid=6), "$.category_uid: 3 was expected"),
    (lambda event: event.update(colour="red"), "$: Additional properties are not allowed ('colour' was unexpected)"),
    (lambda event: event.update(time="2026-07-01"), "$.time: '2026-07-01' is not of type 'integer'"),
    (lambda event: event["src_endpoint"].update(ip="here"), "$.src_endpoint.ip: 'here' does not match"),
    (lambda event: event["user"].update(email_addr="noor"), "$.user.email_addr: 'noor' does not match"),
    (lambda event: event["observables"][0].update(value="198.51.100.1"), "observables[0]: '198.51.100.1' is not at src_endpoint.ip"),
    (lambda event: event["observables"][0].update(type="Hostname"), "observables.type: 'Hostname' is not what type_id 2 is called"),
])
def test_a_wrong_event_is_caught(events, change, fault):
    event = json.loads(json.dumps(next(event for sent, event in events.values() if sent["type"] == "s" and "details" in sent)))
    assert published.faults(event) == []
    change(event)
    assert [found for found in published.faults(event) if found.startswith(fault)], published.faults(event)


def test_the_view_of_the_mapping_stands_alone():
    db = duckdb.connect()
    db.sql(mapped.statements.transpiled(mapped.statements.statement("ocsf/ocsf_types"), "duckdb"))
    assert db.sql("SELECT count(*) FROM ocsf_types WHERE why IS NOT NULL").fetchall() == [(182,)]
    asked = db.sql("SELECT class_name, activity_name FROM (VALUES ('fp'), ('new')) AS mine (code) LEFT JOIN ocsf_types USING (code) ORDER BY code").fetchall()
    assert asked == [("Authentication", "Logon"), (None, None)]


def test_the_document_counts_the_codes_of_each_class_as_they_are():
    text = (PROJECT / "docs/OCSF.md").read_text("utf-8")
    shown = {int(uid): (view, int(codes)) for view, uid, codes in re.findall(r"^\| `(ocsf_\w+)` \| [\w ]+? (\d+) \| (\d+)", text, re.MULTILINE)}
    counted = {uid: sum(int(line["class_uid"]) == uid for code, line in LINES.items() if code != "*") for uid in mapped.VIEWS}
    assert shown == {uid: (view, counted[uid]) for uid, view in mapped.VIEWS.items()}
    assert sum(counted.values()) == 181 and f"OCSF {published.VERSION}" in text.replace("**", "").replace("version ", "OCSF ")
