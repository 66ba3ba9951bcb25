"""Windows of time, as `--since` and `--until` take them. tests/windows.tsv holds the grammar, for both languages."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

FORMS = "a day (2026-07-01), a time (2026-07-01T12:00:00Z), or how long ago (90m, 24h, 7d)"
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?")
AGO = re.compile(r"([0-9]{1,9})([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
LONGEST_AGO = timedelta(days=36_500)


class NoMoment(ValueError):
    """The text has none of the forms."""


@dataclass(frozen=True)
class Window:
    """From `since` up to, and without, `until`: UTC, without a zone. None means that the side is open."""

    since: datetime | None = None
    until: datetime | None = None


def moment(text: str, side: str, now: datetime) -> datetime:
    """Reads one side of a window, `since` or `until`; `now` is UTC without a zone. A day as `until` counts whole."""
    text = text.strip()
    try:
        if DAY.fullmatch(text):
            return datetime.fromisoformat(text) + timedelta(days=side == "until")
        if TIME.fullmatch(text):
            time = datetime.fromisoformat(to_microseconds(text.upper()))
            return time if time.tzinfo is None else time.astimezone(timezone.utc).replace(tzinfo=None)
        if ago := AGO.fullmatch(text):
            long = timedelta(**{UNITS[ago[2]]: int(ago[1])})
            if long <= LONGEST_AGO:
                return now - long
    except (ValueError, OverflowError):
        pass
    raise NoMoment(f"it needs {FORMS}; got {text!r}")


def to_microseconds(text: str) -> str:
    return re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", text)


def read(since: str | None, until: str | None, now: datetime) -> Window:
    """Reads both sides; a side that is empty or missing is open."""
    window = Window(*(moment(text, side, now) if text else None for side, text in (("since", since), ("until", until))))
    if window.since and window.until and window.since >= window.until:
        raise NoMoment(f"since must be before until; got {window.since} and {window.until}")
    return window
