"""Windows of time, as `--since` and `--until` take them. tests/windows.tsv holds the grammar, for both languages."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FORMS = "a day (2026-07-01), a time (2026-07-01T12:00:00Z), or how long ago (90m, 24h, 7d)"
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?")
AGO = re.compile(r"([0-9]{1,9})([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
EARLIEST, LATEST = datetime(1970, 1, 1), datetime(3000, 1, 1)


class NoMoment(ValueError):
    """The text has none of the forms."""


@dataclass(frozen=True)
class Window:
    """From `since` up to, and without, `until`: UTC, without a zone. None means that the side is open."""

    since: datetime | None = None
    until: datetime | None = None


OPEN = Window()


def moment(text: str, side: str, now: datetime) -> datetime:
    """Reads one side of a window, `since` or `until`; `now` is UTC without a zone. A day as `until` counts whole."""
    text = text.strip()
    try:
        start = start_of(text, now)
    except (ValueError, OverflowError):
        start = None
    if start is None or not EARLIEST <= start < LATEST:
        raise NoMoment(f"it needs {FORMS}; got {text!r}")
    return start + timedelta(days=1) if side == "until" and DAY.fullmatch(text) else start


def start_of(text: str, now: datetime) -> datetime | None:
    if DAY.fullmatch(text):
        return datetime.fromisoformat(text)
    if TIME.fullmatch(text):
        time = datetime.fromisoformat(to_microseconds(text.upper()))
        return time if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)
    ago = AGO.fullmatch(text)
    return now - timedelta(**{UNITS[ago[2]]: int(ago[1])}) if ago else None


def to_microseconds(text: str) -> str:
    return re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", text)


def read(since: str | None, until: str | None, now: datetime) -> Window:
    """Reads both sides; a side that is missing is open."""
    window = Window(*(None if text is None else moment(text, side, now) for side, text in (("since", since), ("until", until))))
    if window.since and window.until and window.since >= window.until:
        raise NoMoment(f"since must be before until; got {window.since} and {window.until}")
    return window
