"""Writes one HTML page about a window of a lake: what happened, who failed, and how well the lake is."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from auth0_log_lake import command
from auth0_log_lake.command import Unanswered, counted
from auth0_log_lake.lake import Lake
from auth0_log_lake.reporting import figures, hits, load, options, page
from auth0_log_lake.reporting.options import Asked

NAME = "report"


def main(arguments: Sequence[str]) -> int:
    asked = options.read(arguments)
    with tempfile.TemporaryDirectory() as folder:
        html, f, failed, lake = made(folder, asked)
    write(asked.out, html)
    window = f"{asked.since:%Y-%m-%d %H:%M} to {asked.until:%Y-%m-%d %H:%M} UTC"
    rejected = "" if f["rejects"] is None else f" and {counted(f['rejects']['records'], 'rejected record')}"
    print(f"{asked.out} has {counted(f['totals']['events'], 'event')}{rejected}, {window}.")
    skipped = lake is not None and lake.told(say)
    return command.FOUND if skipped or failed else command.WELL


def made(folder: str, asked: Asked) -> tuple[str, dict[str, Any], dict[str, str], Lake | None]:
    """The page, its figures, the detections that failed, and the lake."""
    db, lake = load.opened(folder, asked)
    say(f"reading {asked.origin} from {asked.since:%Y-%m-%d %H:%M} to {asked.until:%Y-%m-%d %H:%M} UTC")
    load.load(db, asked, lake)
    say("counting")
    f = figures.all_of(db, asked)
    found = hits.run(db, asked)
    for id, why in found["failed"].items():
        say(f"{id} did not run: {why}")
    return page.page(f, found, asked, load.latest_day(db, lake), len(lake.skipped) if lake else 0), f, found["failed"], lake


def write(path: Path, html: str) -> None:
    """Writes the file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(html, "utf-8")
        part.replace(path)
    except OSError as error:
        raise Unanswered(f"--out cannot be written: {error}") from None
    finally:
        part.unlink(missing_ok=True)


def say(words: str) -> None:
    command.say(NAME, words)


def start() -> None:
    command.run(NAME, main)


if __name__ == "__main__":
    start()
