"""How values read. What the events hold was written by whoever visited a login page, so nothing in it may hide or act."""

import unicodedata
from datetime import date as Date
from datetime import datetime, timedelta

from markupsafe import Markup, escape

LONGEST = 160
# Joiners are part of names in some scripts and of emoji; beside ASCII they only hide.
JOINERS = "\u200c\u200d"
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
MARKS = {"Mn", "Me"}
# Letters and marks that show as nothing.
BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"


def shown(value: object) -> Markup:
    """HTML of a value from an event: isolated from the direction of the text around it, hidden characters by number."""
    text = str(value)
    cut = text[:LONGEST]
    parts = [Markup('<span class="hidden">U+{:04X}</span>').format(ord(c)) if hides(cut, at) else escape(c) for at, c in enumerate(cut)]
    more = Markup('<span class="more">… {:,} characters</span>').format(len(text)) if len(text) > LONGEST else ""
    return Markup("<bdi>{}</bdi>{}").format(Markup("").join(parts), more)


def readable(value: object) -> str:
    """The same as plain text, for a chart."""
    cut = str(value)[:LONGEST]
    return "".join(f"⟨U+{ord(c):04X}⟩" if hides(cut, at) else c for at, c in enumerate(cut))


def hides(text: str, at: int) -> bool:
    """Says whether a character cannot be seen, changes the order of others, or is the third mark on one letter."""
    letter = text[at]
    if letter in JOINERS:
        return not (0 < at < len(text) - 1 and ord(text[at - 1]) > 127 and ord(text[at + 1]) > 127)
    if at >= 3 and all(unicodedata.category(c) in MARKS for c in text[at - 3 : at + 1]):
        return True
    return unicodedata.category(letter) in HIDDEN or letter in BLANK or (letter.isspace() and letter != " ")


def count(number: int) -> str:
    return f"{number:,}"


def plural(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def share(part: float, whole: float) -> str:
    """A percentage; one that is not nothing never reads as 0 %."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "< 0.1 %"
    if 99.9 < percent < 100:
        return "> 99.9 %"
    return f"{percent:.1f} %"


def span(time: float | timedelta) -> str:
    """A length of time, in its two largest units."""
    seconds = time if isinstance(time, (int, float)) else time.total_seconds()
    if seconds < 0:
        return "−" + span(-seconds)
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, below, size, small in (("d", "h", 86400, 3600), ("h", "min", 3600, 60), ("min", "s", 60, 1)):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size:,} {unit}" + (f" {rest} {below}" if rest else "")
    return f"{whole} s"


def moment(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M}" if time else "–"


def window(since: datetime, until: datetime) -> str:
    """A window in words; whole days by their dates, the last one with."""
    if since.time() == until.time() == since.min.time():
        last = until - timedelta(days=1)
        return date(since) if last == since else f"{date(since)} to {date(last)},"
    return f"{date(since)} {since:%H:%M} to {date(until)} {until:%H:%M}"


def date(time: Date) -> str:
    return f"{time:%-d %B %Y}"
