"""The detections on the page: those that `make detect` finds, with their events."""

import hostile
import pytest
from conftest import PROJECT

@pytest.mark.parametrize("day", hostile.DAYS)
def test_hostile_text_shows_as_text_in_hits_and_their_events(watch, hostile_files, day):
    watched = watch(hostile_files[day])
    leaked = watched.page.locator("article", has_text="leaked_password_login")
    assert leaked.locator("details").count() == len(hostile.DAYS[day])
    said = leaked.inner_text()
    for typed in hostile.DAYS[day]:
        # What happened, who, from where and with which client; the hit's own line has the loader's spelling.
        assert said.count(hostile.read_as(typed)) >= 4, typed
    assert (watched.console, watched.dialogs, watched.errors, len(watched.requests)) == ([], [], [], 1)


def test_the_hits_are_those_of_make_detect(watch, receiver, tmp_path):
    import json
    import subprocess

    import conftest
    import deployed
    import scenarios

    lake = tmp_path / "lake"
    lake.mkdir()
    bodies = scenarios.bodies()
    running = deployed.Receiver(receiver, lake, tokens={source: f"token-of-{source}" for source in bodies})
    for source, body in bodies.items():
        running.post(body, source)
    running.stop()
    since = f"{scenarios.BASE:%Y-%m-%d}"
    page = watch(conftest.made(lake, tmp_path / "page.html", SINCE=since)).page
    detect = [PROJECT / "analysis/run", "detect", "--lake", lake, "--since", since, "--format", "json"]
    found = [hit["detection"] for hit in json.loads(subprocess.run(detect, capture_output=True, text=True, timeout=600).stdout)]
    assert len(found) > 50
    counts = {one.locator(".code").inner_text().split(",")[0]: one.locator("details").count() for one in page.locator("article").all()}
    assert counts == {id: min(found.count(id), 10) for id in found}
    assert page.locator("#detections").inner_text().split("\n")[2].startswith(f"{len(found)} hits of {len(counts)} of")
    # Each hit has its events below it.
    assert page.locator("article details").evaluate_all("all => all.every(one => one.querySelector('tbody tr'))")
