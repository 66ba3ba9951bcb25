"""`lake report`: what the page says, held against the rows; good and bad input both."""

import collections
import csv

import pytest
import stored
from conftest import PROJECT
from page import Page
from stored import event, login, reject

from auth0_log_lake import report as command

WEEK = {"since": "2026-11-02", "until": "2026-11-08"}


def report(lake, **options):
    out = lake.parent / "page.html"
    given = [f"--{name}={value}" for name, value in options.items()]
    assert command.main([f"--lake={lake}", f"--out={out}", *given]) == 0
    return Page(out.read_text("utf-8"))


@pytest.fixture(scope="module")
def page(samples):
    """The page about the samples, as the receiver stores them."""
    return report(samples, since="2026-06-01", until="2026-11-30")


def outcomes_of(rows):
    with (PROJECT / "sql/event_types.tsv").open(encoding="utf-8", newline="") as file:
        known = {row["code"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    return [known.get(row["data"].get("type"), {"category": None, "outcome": None}) for row in rows]


def test_events_by_time_and_outcome_are_those_of_the_rows(samples, page):
    rows = stored.rows(samples, "events")
    days = collections.defaultdict(collections.Counter)
    for row, kind in zip(rows, outcomes_of(rows), strict=True):
        days[row["p_event_time"][:10]][kind["outcome"]] += 1
    expected = [[f"{day} 00:00", *(str(days[day][name]) for name in ("failure", "notice", "success", None)), str(days[day].total())] for day in sorted(days)]
    assert len(expected) > 15 and page.body("Events by day and outcome") == expected
    assert page.facts["Events"] == str(len(rows))


def test_failed_logins_are_those_of_the_rows(samples, page):
    rows = stored.rows(samples, "events")
    failed = [row["data"] for row, kind in zip(rows, outcomes_of(rows), strict=True) if kind["category"] == "login" and kind["outcome"] == "failure"]
    countries = collections.Counter((data.get("location_info") or {}).get("country_name") or "not given" for data in failed)
    assert len(countries) > 5 and page.facts["Failed logins"] == str(len(failed))
    shown = {row[0]: int(row[1]) for row in page.body("By country")}
    assert len(shown) == 10 and list(shown.values()) == sorted(countries.values(), reverse=True)[:10] and shown.items() <= countries.items()
    addresses = {row[0].split()[0]: int(row[1]) for row in page.body("By address") if row[0] != "not given"}
    assert addresses.items() <= collections.Counter(data.get("ip") for data in failed).items() and len(addresses) >= 9


def test_top_clients_and_users_are_those_of_the_rows(samples, page):
    rows = stored.rows(samples, "events")
    clients = collections.Counter(row["data"].get("client_id") or row["data"].get("client_name") or None for row in rows)
    del clients[None]
    assert [int(row[1]) for row in page.body("Clients")] == sorted(clients.values(), reverse=True)[:10]
    persons = collections.Counter(row["data"].get("user_id") or row["data"].get("user_name") or None for row in rows)
    del persons[None]
    assert [int(row[1]) for row in page.body("Users")][:10] == sorted(persons.values(), reverse=True)[:10]
    assert page.facts["Users"] == str(len(persons))


def test_rejects_and_drift_are_those_of_the_rows(samples, page):
    reasons = collections.Counter(row["reason"] for row in stored.rows(samples, "rejects"))
    assert {row[0]: int(row[1]) for row in page.body("Rejected records by reason")} == reasons and len(reasons) > 4
    drift = collections.Counter(line for row in stored.rows(samples, "events") for line in row["ingest"].get("drift", []))
    shown = {row[0]: int(row[1]) for row in page.body("What did not fit")}
    assert len(shown) == 10 and shown.items() <= drift.items()


def test_an_event_stored_twice_counts_once_and_the_copy_is_told(lake):
    stored.write(lake, [login("a", "2026-11-03 10:00:00", "ann"), login("a", "2026-11-03 10:00:00", "late", lag=60, request="r-2"), login("b", "2026-11-03 11:00:00", "bo")])
    page = report(lake, **WEEK)
    assert (page.facts["Events"], page.facts["Stored rows"], page.facts["Surplus"]) == ("2", "3", "1")
    assert [row[0].split()[0] for row in page.body("Users")] == ["ann@example.com", "bo@example.com"]


def test_the_window_is_from_since_up_to_the_end_of_the_day_of_until(lake):
    stored.write(lake, [login(str(n), when, "ann") for n, when in enumerate(["2026-11-01 23:59:59.999", "2026-11-02 00:00:00", "2026-11-08 23:59:59.999", "2026-11-09 00:00:00"])])
    assert report(lake, **WEEK).facts["Events"] == "2"
    assert report(lake, since="2026-11-02T00:00:01", until="2026-11-09T00:00:01Z").facts["Events"] == "2"


def test_a_country_is_new_to_a_user_who_came_from_another_before(lake):
    stored.write(lake, [
        login("1", "2026-10-20 10:00:00", "moves", "Peru"), login("2", "2026-11-03 10:00:00", "moves", "Chad", ip="192.0.2.9"),
        login("3", "2026-10-20 10:00:00", "stays", "Peru"), login("4", "2026-11-03 10:00:00", "stays", "Peru"),
        login("5", "2026-11-03 10:00:00", "starts", "Peru"),
        login("6", "2026-10-20 10:00:00", "fails", "Peru"), login("7", "2026-11-03 10:00:00", "fails", "Chad", type="fp"),
        login("8", "2026-11-03 09:00:00", "inside", "Peru"), login("9", "2026-11-03 10:00:00", "inside", "Mali"),
        login("10", "2026-10-20 10:00:00", "other", "Peru"), login("11", "2026-11-03 10:00:00", "other", "Chad", source="us"),
    ])
    page = report(lake, **WEEK)
    rows = {row[0].split("@")[0]: row[1:4] for row in page.body("Users seen from a new country")}
    assert rows == {"moves": ["Chad", "Peru", "192.0.2.9"], "inside": ["Mali", "Peru", "192.0.2.1"]}
    assert page.facts["New countries"] == "2"
    without = report(lake, history="0", **WEEK)
    assert [row[0].split("@")[0] for row in without.body("Users seen from a new country")] == ["inside"]
    assert "Only the window itself was read" in without.words


def test_the_lag_is_that_of_events_with_a_time_of_their_own(lake):
    lags = [float(n) for n in range(1, 101)]
    rows = [login(str(n), "2026-11-03 10:00:00", "ann", lag=lag) for n, lag in enumerate(lags)]
    stored.write(lake, [*rows, event("untimed", "2026-11-03 10:00:00", lag=0, time_source="received"), login("ahead", "2026-11-03 10:00:00", "ann", lag=-3)])
    page = report(lake, **WEEK)
    assert (page.facts["Half within"], page.facts["99 of 100 within"], page.facts["Longest"]) == ("50 s", "1 min 39 s", "1 min 40 s")
    assert "1 event without a time of its own is left out." in page.words and "1 event lies after its receipt: a clock ran ahead." in page.words


def test_the_silence_of_each_source_is_told_also_of_one_that_sent_nothing(lake):
    stored.write(lake, [
        login("1", "2026-11-02 00:30:00", "a", source="busy"), login("2", "2026-11-05 12:30:00", "a", source="busy"), login("3", "2026-11-08 23:00:00", "a", source="busy"),
        login("4", "2026-10-30 06:00:00", "a", source="gone"), login("5", "2026-11-08 12:00:00", "a", source="new"),
    ])
    page = report(lake, **WEEK)
    assert page.body("Sources") == [
        ["gone", "0", "2026-10-30 06:00", "9 d 18 h", "7 d", "2026-11-02 00:00", "2026-11-09 00:00"],
        ["new", "1", "2026-11-08 12:00", "12 h", "12 h", "2026-11-08 12:00", "2026-11-09 00:00"],
        ["busy", "3", "2026-11-08 23:00", "1 h", "3 d 12 h", "2026-11-02 00:30", "2026-11-05 12:30"],
    ]


def test_a_lake_with_only_rejects_shows_them(lake):
    stored.write(lake, rejects=[reject("2026-11-03 10:00:00", "malformed_json", "x"), reject("2026-11-03 11:00:00", "malformed_json", "x"), reject("2026-11-03 12:00:00", "missing_data", "y")])
    page = report(lake, **WEEK)
    assert page.body("Rejected records by reason") == [["malformed_json", "1", "2026-11-03 11:00"], ["missing_data", "1", "2026-11-03 12:00"]]
    assert "No event lies in this window." in page.words and page.facts["Rejected records"] == "2"


def test_an_empty_lake_is_said_in_words(lake):
    assert "Nothing is stored yet" in report(lake).words


def test_a_window_without_events_says_up_to_when_there_are_some(lake):
    stored.write(lake, [login("1", "2026-11-03 10:00:00", "ann")])
    page = report(lake, since="2026-01-01", until="2026-01-07")
    assert "Nothing happened in this window" in page.words and "up to 3 November 2026" in page.words
    assert "Nothing happened in this window" in report(lake, since="2026-11-20").words


def test_the_page_says_how_many_objects_it_lacks(lake, run):
    stored.write(lake, [login("1", "2026-11-03 10:00:00", "ann")])
    (lake / "events/dt=2026-11-03/hour=10/x").touch()
    out = lake.parent / "page.html"
    assert run("report", "--lake", lake, "--out", out, "--since", "2026-11-01").code == 1
    assert "1 object could not be read; the figures lack their rows." in Page(out.read_text("utf-8")).words


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["--lake", str(PROJECT / "docs")], "docs holds neither events/ nor rejects/, but other things: --lake needs a folder that a receiver wrote"),
    (["--since", "yesterday"], "--since or --until is wrong: it needs a day (2026-07-01), a time (2026-07-01T12:00:00Z), or how long ago (90m, 24h, 7d); got 'yesterday'"),
    (["--since", "2026-11-09", "--until", "2026-11-02"], "since must be before until; got 2026-11-09 00:00:00 and 2026-11-03 00:00:00"),
    (["--since", "2999-01-01"], "--since must be before --until; got 2999-01-01"),
    (["--history", "a month"], "--history needs a number of days from 0 to 9999; got a month"),
    (["--out", "/no/such/folder/page.html"], "--out needs a file in a folder that exists; got /no/such/folder/page.html"),
    (["--table", "events"], "--table needs a database and a table in Glue, such as auth0_log_lake.events; got events"),
])
def test_bad_input_gets_one_sentence_and_exit_code_2(run, lake, arguments, sentence):
    out = lake.parent / "page.html"
    said = run("report", "--lake", lake, "--out", out, *arguments)
    assert said.code == 2 and sentence in said.err and said.err.count("\n") == 1 and not out.exists()


def test_closed_rejects_are_not_counted(lake):
    rows = [reject("2026-11-03 10:00:00", "malformed_json", "x"), reject("2026-11-03 11:00:00", "missing_data", "y")]
    stored.write(lake, rejects=rows)
    (lake / "closed").mkdir()
    (lake / f"closed/20261124T090000000Z-{0:032x}.ndjson").write_text(f'{{"p_row_id":"{rows[0]["p_row_id"]}","closed_at":"2026-11-24 09:00:00.000","by":"operator","reason":"ours"}}\n')
    page = report(lake, **WEEK)
    assert page.facts["Rejected records"] == "1" and page.body("Rejected records by reason") == [["missing_data", "1", "2026-11-03 11:00"]]
