"""The page: one HTML file that holds all it shows, no script, and a policy that lets it load nothing."""

import base64
import hashlib
import itertools
import pathlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import jinja2

from auth0_log_lake.reporting import charts, figures, text
from auth0_log_lake.reporting.options import Asked

HERE = pathlib.Path(__file__).resolve().parent
# The sections by id, in their order.
CONTENTS = [
    ("detections", "Detections"), ("events", "Events"), ("failed", "Failed logins"), ("who", "Most active"), ("countries", "New countries"), ("health", "Health"),
]
WORDS = {"failure": "Failure", "notice": "Notice", "success": "Success", "unknown": "Type not known", "all": "All events"}


def page(f: dict[str, Any], found: dict[str, Any], asked: Asked, latest: date | None, skipped: int) -> str:
    """The whole file. `found` are the detections; `latest` is the lake's last day with an object."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {name: getattr(text, name) for name in ("shown", "count", "plural", "span", "moment")}
    style = (HERE / "page.css").read_text("utf-8")
    used = {bar["outcome"] for bar in f["by_time"]}
    outcomes = [name for name in figures.OUTCOMES if name in used]
    environment.globals |= {
        "f": f, "found": found, "skipped": skipped, "asked": asked, "style": style, "words": WORDS, "outcomes": outcomes,
        "style_hash": "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        "window": text.window(asked.since, asked.until),
        "many_sources": len(f["silence"]) > 1,
        "step_word": step_word(f["step"]),
        "contents": CONTENTS,
        "drawings": drawings(f, asked, outcomes),
        "nothing": nothing(asked, latest),
        "share": text.share, "width": width, "pivoted": pivoted,
    }
    return environment.get_template("page.html.j2").render()


def drawings(f: dict[str, Any], asked: Asked, outcomes: list[str]) -> dict[str, charts.Drawings | None]:
    failed = [bar | {"outcome": "failure"} for bar in f["failed_by_time"]]
    return {
        "events": charts.outcomes(f["by_time"], asked, f["step"], outcomes),
        "failed": charts.outcomes(failed, asked, f["step"], ["failure"], height=110),
        "activity": charts.activity(f["activity"], asked, f["step"]) if f["activity"] else None,
    }


def step_word(step: timedelta) -> str:
    return {1: "hour", 6: "six hours", 24: "day"}[int(step.total_seconds()) // 3600]


def nothing(asked: Asked, latest: date | None) -> dict[str, str]:
    """What to say where the window holds nothing."""
    if latest is None:
        return {"title": "Nothing is stored yet", "words": f"There is no event and no reject in {asked.origin}. Once the first request is stored, they show here."}
    words = f"There are events up to {text.date(latest)}: ask for another window with --since and --until."
    return {"title": "Nothing happened in this window", "words": words}


def width(value: float, most: float) -> float:
    """The length of a bar in percent; what is there is seen."""
    return max(round(100 * value / most, 2), 0.5 if value else 0)


def pivoted(bars: Iterable[dict[str, Any]]) -> list[tuple[datetime, dict[str, int]]]:
    """(start, {outcome: events}) of each bar."""
    return [(start, {bar["outcome"]: bar["events"] for bar in group}) for start, group in itertools.groupby(bars, key=lambda bar: bar["start"])]
