"""`lake detect`: what it prints and how it ends. What the detections find is tested where the receiver is."""

import csv
import io
import json
import shutil

import pytest
import stored
from stored import login

from auth0_log_lake import detections


@pytest.fixture
def evening(lake):
    """Eleven failed logins in the evening of one day, by two people behind one address."""
    return stored.write(lake, [login(str(n), f"2026-11-03 20:{n:02}:00", f"ann{n % 2}", type="fp", ip="198.51.100.7") for n in range(12)])


def test_a_table_comes_first_with_the_most_severe_first(run, samples):
    said = run("detect", "--lake", samples)
    head, _, *lines = said.out.splitlines()
    assert said.code == 1 and [name.strip() for name in head.split("│")] == ["severity", "detection", "source", "subject", "events", "from", "to"]
    ranks = [detections.SEVERITIES.index(line.split()[0]) for line in lines[:-1]]
    assert ranks == sorted(ranks) and len(ranks) == 10
    assert lines[-1] == f"10 hits of {len(detections.all_of())} detections in 165 events." and "SELECT" not in said.out


def test_details_say_what_to_do_and_show_the_events(run, evening):
    said = run("detect", "--lake", evening, "--id", "brute_force", "--details").out
    [sql] = [line.strip() for line in said.splitlines() if line.strip().startswith("SELECT")]
    assert detections.all_of()["brute_force"].do in said
    assert run("query", "--lake", evening, sql).out.endswith("(12 rows)\n")


@pytest.mark.parametrize("form", ["csv", "json"])
def test_programs_get_every_column_of_a_hit(run, evening, form):
    said = run("detect", "--lake", evening, "--id", "brute_force", "--format", form)
    [hit] = json.loads(said.out) if form == "json" else csv.DictReader(io.StringIO(said.out))
    assert list(hit) == ["severity", "detection", "source", "subject", "events", "first_event", "last_event", "title", "what_to_do", "attack", "shows", "hit_key"]
    assert (hit["detection"], hit["subject"], str(hit["events"]), hit["last_event"]) == ("brute_force", "198.51.100.7", "12", "2026-11-03 20:11:00")
    assert said.code == 1 and "1 hit of 1 detection in 12 events." in said.err
    none = run("detect", "--lake", evening, "--id", "users_deleted", "--format", form)
    assert none.code == 0 and (json.loads(none.out) == [] if form == "json" else none.out.count("\n") == 1)


@pytest.mark.parametrize(("window", "events"), [
    (["--since", "2026-11-03", "--until", "2026-11-03"], 12), (["--until", "2026-11-02"], 0), (["--since", "2026-11-04"], 0),
    (["--since", "2026-11-03T20:06Z", "--until", "2026-11-03T20:08Z"], 2), (["--since", "2026-11-03 22:06+02:00"], 6), (["--since", "10000d"], 12), (["--until", "0d"], 12),
])
def test_a_window_bounds_the_events_and_a_day_is_whole(run, evening, window, events):
    assert f"in {events} events." in run("detect", "--lake", evening, *window).out


def test_the_least_severity_and_a_parameter_choose_what_is_a_hit(run, evening):
    assert run("detect", "--lake", evening, "--severity", "critical").code == 0
    assert run("detect", "--lake", evening, "--id", "brute_force", "--set", "brute_force.threshold=50").code == 0
    assert run("detect", "--lake", evening, "--id", "brute_force", "--set", "brute_force.threshold=5, brute_force.window=2 hours").code == 1


def test_a_detection_that_fails_takes_no_hits_of_the_others(run, evening, tmp_path, monkeypatch):
    folder = tmp_path / "detections"
    shutil.copytree(detections.FOLDER, folder)
    broken = (folder / "users_deleted.sql").read_text("utf-8")
    (folder / "users_deleted.sql").write_text(broken.replace("SELECT", "SELECT 1 / length(no_such_column) AS x, ", 1), "utf-8")
    every = detections.all_of(folder)
    monkeypatch.setattr(detections, "chosen", lambda *_: every)
    said = run("detect", "--lake", evening)
    assert said.code == 2 and "detect: users_deleted did not run: Binder Error" in said.err and "brute_force" in said.out
    monkeypatch.setattr(detections, "all_of", lambda: every)
    page = run("report", "--lake", evening, "--since", "2026-11-01", "--out", tmp_path / "page.html")
    assert page.code == 1 and "report: users_deleted did not run" in page.err and "1 detection did not run: users_deleted" in (tmp_path / "page.html").read_text("utf-8")


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["--id", "brute_force,sunburn"], "there is no detection sunburn; there are: admin_invited, "),
    (["--since", "July"], "--since or --until is wrong: it needs a day (2026-07-01), a time (2026-07-01T12:00:00Z), or how long ago (90m, 24h, 7d); got 'July'"),
    (["--set", "brute_force=5"], "--set needs id.parameter=value, comma-separated, such as brute_force.threshold=5; got 'brute_force=5'"),
    (["--set", "brute_force.limit=5"], "brute_force has no parameter limit; it has: threshold, window"),
    (["--set", "brute_force.window=soon"], "the parameter window needs a whole number, or a time such as 15 minutes, 1 hour or 30 days; got 'soon'"),
    (["--id", "role_created", "--set", "brute_force.threshold=5"], "--set names brute_force, which does not run; there are: role_created"),
])
def test_what_is_wrong_is_said_in_a_sentence(run, evening, arguments, sentence):
    said = run("detect", "--lake", evening, *arguments)
    assert (said.code, said.out) == (2, "") and sentence in said.err


def test_the_evening_of_one_day_is_in_the_window_of_that_day(run, lake, tmp_path):
    """The same day as since and until: it once gave no events in one command, and all in another."""
    stored.write(lake, [login(str(n), f"2026-11-03 23:{n:02}:59.999", "ann") for n in range(12)])
    day = ["--since", "2026-11-03", "--until", "2026-11-03"]
    assert "in 12 events." in run("detect", "--lake", lake, *day).out
    assert "has 12 events" in run("report", "--lake", lake, *day, "--out", tmp_path / "page.html").out
