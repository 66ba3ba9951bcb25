"""What is asked for: the lake or the table, the window, the file to write; read from the environment that make sets."""

import dataclasses
import pathlib
import re
from datetime import datetime, timedelta, timezone

WEEK = timedelta(days=7)
HISTORY_DAYS = 30
TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?Z?)?")


class Wrong(Exception):
    """A sentence for the person who asked."""


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
    def origin(self):
        return " and ".join(filter(None, (self.table and f"the table {self.table}", self.lake)))

    @property
    def end(self):
        """Up to when something could have come: the end of the window, but not later than now."""
        return min(self.until, self.now)


def read(env, now):
    """Reads the settings; `now` is the end of the window where none is given."""
    given = {name: env.get(f"REPORT_{name}", "").strip() for name in ("LAKE", "TABLE", "SINCE", "UNTIL", "HISTORY", "OUT")}
    now = now.astimezone(timezone.utc).replace(tzinfo=None)
    until = time_of("UNTIL", given["UNTIL"], whole_day=True) or now
    since = time_of("SINCE", given["SINCE"]) or (until - WEEK).replace(minute=0, second=0, microsecond=0)
    if since >= until:
        raise Wrong(f"SINCE must lie before UNTIL; got {since} and {until}")
    return Asked(
        lake=given["LAKE"] or (None if given["TABLE"] else "lake"),
        table=table_of(given["TABLE"]),
        since=since,
        until=until,
        now=now,
        history=timedelta(days=days_of(given["HISTORY"])),
        out=out_of(given["OUT"] or "report.html"),
    )


def time_of(name, text, whole_day=False):
    """Gives a time; a day as UNTIL counts whole."""
    if not text:
        return None
    try:
        if not TIME.fullmatch(text):
            raise ValueError
        time = datetime.fromisoformat(text.removesuffix("Z"))
        return time + timedelta(days=1) if whole_day and len(text) == 10 else time
    except (ValueError, OverflowError):
        raise Wrong(f"{name} needs a day or a time in UTC, such as 2026-11-01 or 2026-11-01T18:30; got {text}") from None


def days_of(text):
    if not re.fullmatch(r"\d{0,4}", text):
        raise Wrong(f"HISTORY needs a number of days from 0 to 9999; got {text}")
    return int(text or HISTORY_DAYS)


def table_of(text):
    if text and not re.fullmatch(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", text):
        raise Wrong(f"TABLE needs a database and a table in Glue, such as auth0_log_lake.events; got {text}")
    return text or None


def out_of(text):
    path = pathlib.Path(text)
    if path.is_dir() or not path.parent.is_dir():
        raise Wrong(f"OUT needs a file in a folder that is there; got {text}")
    return path
