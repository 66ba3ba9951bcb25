"""What the checks of the page share: a lake of hostile events that the real receiver wrote, its page, and a browser."""

import json
import os
import pathlib
import subprocess
import sys

import hostile
import pytest
from playwright.sync_api import sync_playwright

PROJECT = pathlib.Path(__file__).resolve().parents[2]
# Both folders have a `stored`; the first one is meant.
sys.path[:0] = [str(PROJECT / "tests/analysis"), str(PROJECT / "tests/engines")]
import deployed  # noqa: E402
import stored  # noqa: E402


@pytest.fixture(scope="session")
def receiver():
    """The local receiver: LOCAL_BIN, or built here."""
    if "LOCAL_BIN" in os.environ:
        return pathlib.Path(os.environ["LOCAL_BIN"]).resolve()
    subprocess.run(["cargo", "build", "--quiet", "--features", "local", "--bin", "local"], cwd=PROJECT, check=True, timeout=1800)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")) / "debug/local"


@pytest.fixture(scope="session")
def hostile_files(receiver, tmp_path_factory):
    """The pages about hostile events, one a day; their lake has a hostile name."""
    folder = tmp_path_factory.mktemp("hostile")
    lake = folder / "lake <script>alert(0)<"
    lake.mkdir()
    running = deployed.Receiver(receiver, lake)
    # With a second source, the page names the source beside each person.
    answers = [running.post(json.dumps(hostile.events())), running.post(json.dumps(hostile.once_a_day()), "us")]
    running.stop()
    assert all(answer["rejected"] == 0 and answer["accepted"] > 0 for answer in answers)
    return {day: made(lake, folder / f"{day}.html", SINCE=day, UNTIL=day) for day in hostile.DAYS}


@pytest.fixture(scope="session")
def samples_file(tmp_path_factory):
    """The page about the samples."""
    folder = tmp_path_factory.mktemp("samples")
    return made(stored.golden(folder / "lake"), folder / "page.html", SINCE="2026-06-01", UNTIL="2026-11-30")


def made(lake, out, **variables):
    given = [f"{name}={value}" for name, value in {"LAKE": lake, "OUT": out, **variables}.items()]
    subprocess.run(["make", "--no-print-directory", "-C", str(PROJECT), "report", *given], check=True, capture_output=True, timeout=600)
    return out


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield running
        running.close()


class Watched:
    """An open page, and all that it did beside being shown."""

    def __init__(self, context, url):
        self.console, self.dialogs, self.errors, self.requests = [], [], [], []
        self.page = context.new_page()
        self.page.on("console", lambda said: self.console.append(said.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", self.dialog)
        self.page.goto(url, wait_until="load")
        self.page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")

    def dialog(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()


@pytest.fixture
def watch(browser):
    """Opens a file, or an address, as a visitor of this kind would."""
    contexts = []

    def opened(what, **kind):
        contexts.append(browser.new_context(**kind))
        return Watched(contexts[-1], what.resolve().as_uri() if isinstance(what, pathlib.Path) else what)

    yield opened
    for context in contexts:
        context.close()
