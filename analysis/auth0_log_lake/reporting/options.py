"""What is asked for: the lake or the table, the window, the file to write."""

import dataclasses
import pathlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from auth0_log_lake import command
from auth0_log_lake.command import Unanswered

WEEK = timedelta(days=7)
HISTORY_DAYS = 30
EXAMPLES = """\
examples:
  lake report
  lake report --lake s3://my-lake/auth0 --since 2026-11-01 --until 2026-11-07 --out november.html
  lake report --table auth0_log_lake.events

The window is the last seven days unless you choose another."""


@dataclasses.dataclass(frozen=True)
class Asked:
    """All times are UTC, without a zone."""

    lake: str | None
    table: str | None
    since: datetime
    until: datetime
    now: datetime
    history: timedelta
    out: pathlib.Path

    @property
    def origin(self) -> str:
        return " and ".join(filter(None, (self.table and f"the table {self.table}", self.lake)))

    @property
    def end(self) -> datetime:
        """Up to when something could have come: the end of the window, but not later than now."""
        return min(self.until, self.now)


def read(arguments: Sequence[str]) -> Asked:
    """Reads the options."""
    options = command.parser("report", "Writes one HTML page about a window of a lake.", "the page lacks rows", EXAMPLES)
    options.add_argument("--table", metavar="DATABASE.TABLE", help="read the merged table that Glue names, in place of a lake; --lake beside it adds rejects")
    options.add_argument("--history", default=str(HISTORY_DAYS), metavar="DAYS", help="days before the window that tell what is new; default: 30")
    options.add_argument("--out", default="report.html", metavar="FILE", help="the file to write; default: report.html")
    given = options.parse_args(arguments)
    window, now = command.window_of(given), command.now()
    until = window.until or now
    since = window.since or (until - WEEK).replace(minute=0, second=0, microsecond=0)
    if since >= until:
        raise Unanswered(f"--since must be before --until; got {since} and {until}")
    return Asked(
        lake=command.lake_of(given, "" if given.table else command.LAKE) or None,
        table=table_of(given.table),
        since=since,
        until=until,
        now=now,
        history=timedelta(days=days_of(given.history)),
        out=out_of(given.out),
    )


def days_of(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise Unanswered(f"--history needs a number of days from 0 to 9999; got {text}")
    return int(text)


def table_of(text: str | None) -> str | None:
    if text and not re.fullmatch(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", text):
        raise Unanswered(f"--table needs a database and a table in Glue, such as auth0_log_lake.events; got {text}")
    return text or None


def out_of(text: str) -> pathlib.Path:
    path = pathlib.Path(text)
    if path.is_dir() or not path.parent.is_dir():
        raise Unanswered(f"--out needs a file in a folder that exists; got {text}")
    return path
