#!/usr/bin/env python3
"""Writes one HTML page about a window of a lake: what happened, who failed, and how well the lake is.

    make report [LAKE=folder or s3://bucket/prefix] [SINCE=2026-11-01 UNTIL=2026-11-07] [OUT=report.html]

The lake is ./lake and the window the last seven days, where nothing else is said. docs/REPORT.md has the rest.
"""

import os
import sys
import tempfile
from datetime import datetime, timezone

from auth0_log_lake.reporting import figures, hits, load, options, page
from auth0_log_lake.reporting.text import plural


def main():
    try:
        asked = options.read(os.environ, datetime.now(timezone.utc))
        with tempfile.TemporaryDirectory() as folder:
            html, f = made(folder, asked)
        write(asked.out, html)
    except options.Wrong as error:
        print(f"report: {error}", file=sys.stderr)
        sys.exit(2)
    window = f"{asked.since:%Y-%m-%d %H:%M} to {asked.until:%Y-%m-%d %H:%M} UTC"
    rejected = "" if f["rejects"] is None else f" and {plural(f['rejects']['records'], 'rejected record')}"
    print(f"{asked.out} has {plural(f['totals']['events'], 'event')}{rejected}, {window}.")


def made(folder, asked):
    """The page, and the figures on it."""
    db = load.opened(folder, asked)
    say(f"reading {asked.origin} from {asked.since:%Y-%m-%d %H:%M} to {asked.until:%Y-%m-%d %H:%M} UTC")
    load.load(db, asked)
    say("counting")
    f = figures.all_of(db, asked)
    found = hits.run(db, asked) if hits.there() else None
    return page.page(f, found, asked, load.latest_day(db, asked)), f


def write(path, html):
    """Writes the file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(html, "utf-8")
        part.replace(path)
    except OSError as error:
        raise options.Wrong(f"OUT cannot be written: {error}") from None
    finally:
        part.unlink(missing_ok=True)


def say(words):
    print(f"report: {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
