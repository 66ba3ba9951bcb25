"""The charts: Vega-Lite specifications, drawn as SVG here, so that the page needs no script.

Colours are the page's CSS variables, so one drawing serves light, dark and print. Each chart is drawn twice, for wide
and for narrow screens, and the page shows one. The text of a mark becomes an SVG title, which browsers show on hover.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import vl_convert

from auth0_log_lake.reporting.options import Asked
from auth0_log_lake.reporting.text import plural, readable

VEGA_LITE = "6.4"
SVG = "http://www.w3.org/2000/svg"
# Inner widths in CSS pixels, and marks on the time axis; the page's column has 1040 and, on a phone, 328.
WIDTHS = {"wide": (990, 12), "narrow": (290, 5)}
KEPT = {"class", "d", "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "opacity", "transform", "text-anchor", "font-family", "font-size", "font-weight", "x", "y", "x2", "y2", "x1", "y1", "width", "height", "viewBox", "display"}
AXIS = {"labelColor": "var(--quiet)", "labelFontSize": 12, "gridColor": "var(--line)", "domain": False, "ticks": False, "labelPadding": 6, "title": None}
CONFIG = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axisX": {**AXIS, "grid": False, "domain": True, "domainColor": "var(--line)", "labelOverlap": "greedy", "labelFlush": True},
    "axisY": AXIS,
    "legend": {"labelColor": "var(--quiet)", "labelFontSize": 12, "title": None, "orient": "top", "symbolType": "square"},
}
# The same chart for each kind of screen.
Drawings = dict[str, str]
Bar = dict[str, Any]
ET.register_namespace("", SVG)


def outcomes(bars: Iterable[Bar], asked: Asked, step: timedelta, names: list[str], height: int = 200) -> Drawings:
    """Events over time, one colour an outcome; failures stand at the bottom, where they can be compared."""
    values = [bar_of(bar, step) | {"outcome": bar["outcome"], "order": names.index(bar["outcome"])} for bar in bars]
    return drawn(values, asked, {
        "height": height,
        "mark": {"type": "bar", "orient": "vertical", "binSpacing": 1},
        "encoding": {
            "x2": {"field": "end"},
            "y": {"field": "events", "type": "quantitative", "stack": "zero", "axis": {"tickCount": 4, "format": ",d", "tickMinStep": 1}},
            "order": {"field": "order"},
            "description": {"field": "said"},
            "color": {"field": "outcome", "legend": None, "scale": {"domain": names, "range": [f"var(--{name})" for name in names]}},
        },
    })


def activity(bars: Iterable[Bar], asked: Asked, step: timedelta) -> Drawings:
    """A row for each source, darker where more came; what is blank was silent."""
    values = [bar_of(bar, step) | {"source": readable(bar["source"])} for bar in bars]
    return drawn(values, asked, {
        "height": {"step": 22},
        "mark": {"type": "bar", "binSpacing": 0, "height": {"band": 0.8}, "color": "var(--accent)"},
        "encoding": {
            "x2": {"field": "end"},
            "y": {"field": "source", "type": "nominal", "axis": {"labelLimit": 110}},
            "description": {"field": "said"},
            "opacity": {"field": "events", "type": "quantitative", "legend": None, "scale": {"type": "log", "range": [0.35, 1]}},
        },
    })


def time_axis(asked: Asked, most: int) -> dict[str, Any]:
    """Marks at whole days, or whole hours in a window of up to two days."""
    length = asked.until - asked.since
    unit = timedelta(hours=1) if length <= timedelta(days=2) else timedelta(days=1)
    step = unit * max(1, -(-length // (unit * most)))
    first = asked.since.replace(hour=0, minute=0, second=0, microsecond=0)
    marks = [first + step * n for n in range(-(-(asked.until - first) // step)) if first + step * n >= asked.since]
    return {
        "field": "start", "type": "temporal",
        "scale": {"type": "utc", "domain": [stamp(asked.since), stamp(asked.until)], "nice": False},
        "axis": {"values": [stamp(mark) for mark in marks], "labelExpr": "utcFormat(datum.value, utchours(datum.value) ? '%H:%M' : '%-d %b')"},
    }


def bar_of(bar: Bar, step: timedelta) -> Bar:
    what = f" {bar['outcome']}" if "outcome" in bar else ""
    end = bar["start"] + step
    return {"start": stamp(bar["start"]), "end": stamp(end), "events": bar["events"], "said": f"{bar['start']:%-d %b %H:%M} to {end:%H:%M}: {plural(bar['events'], f'{what} event'.strip())}"}


def stamp(time: datetime) -> str:
    return time.isoformat() + "Z"


def drawn(values: list[Bar], asked: Asked, spec: dict[str, Any]) -> Drawings:
    drawings = {}
    for name, (width, marks) in WIDTHS.items():
        encoding = {"x": time_axis(asked, marks), **spec["encoding"]}
        drawings[name] = svg({"data": {"values": values}, "width": width, "config": CONFIG, **spec, "encoding": encoding}, name)
    return drawings


def svg(spec: dict[str, Any], name: str) -> str:
    """Draws, and keeps of the drawing only elements and attributes that need no script or style."""
    root = ET.fromstring(vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[]))
    for element in root.iter():
        said = element.get("aria-label") if element.get("aria-roledescription") == "bar" else None
        for attribute in set(element.attrib) - KEPT:
            del element.attrib[attribute]
        if said:
            ET.SubElement(element, f"{{{SVG}}}title").text = said
    root.set("class", name)
    root.set("aria-hidden", "true")
    return ET.tostring(root, encoding="unicode")
