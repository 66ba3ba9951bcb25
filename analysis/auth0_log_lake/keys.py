"""The keys of a lake's objects: which ones the receiver wrote, and what is foreign. tests/keys.tsv holds both."""

import re
from dataclasses import dataclass
from datetime import datetime

TABLES = ("events", "rejects")
DAY = r"dt=(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
HOUR = r"hour=(?P<hour>[0-9]{2})"
NAME = r"(?P<second>[0-9]{8}T[0-9]{6})[0-9]{3}Z-[0-9a-f]{32}\.ndjson(?P<extension>|\.gz|\.zst)"
KEY = re.compile(rf"(?P<table>{'|'.join(TABLES)})/{DAY}/{HOUR}/{NAME}")
# Which rejects are closed: one object for each command that closed some.
CLOSED = re.compile(r"closed/[0-9]{8}T[0-9]{9}Z-[0-9a-f]{32}\.ndjson")
FOLDERS = [re.compile(folder) for folder in (DAY, HOUR)]
COMPRESSIONS = {"": "none", ".gz": "gzip", ".zst": "zstd"}


@dataclass(frozen=True, slots=True)
class Key:
    """The key of one object. The hour in its folders is the hour of the time in its name."""

    text: str
    table: str
    day: str
    hour: int
    compression: str


def parse(text: str) -> Key | None:
    """Returns the key, or None if the receiver never writes such a key."""
    found = KEY.fullmatch(text)
    if not found:
        return None
    try:
        at = datetime.strptime(found["second"], "%Y%m%dT%H%M%S")
    except ValueError:
        return None
    if (f"{at:%Y-%m-%d}", f"{at:%H}") != (found["day"], found["hour"]) or at.year < 1000:
        return None
    return Key(text, found["table"], found["day"], at.hour, COMPRESSIONS[found["extension"]])


def foreign_part(text: str) -> str:
    """Returns the shortest part of a foreign key that shows it to be foreign: a folder that is no partition, or the key itself."""
    table, *rest = text.split("/")
    for place, (name, folder) in enumerate(zip(rest[:-1], FOLDERS, strict=False)):
        if not folder.fullmatch(name):
            return "/".join([table, *rest[: place + 1]]) + "/"
    return text
