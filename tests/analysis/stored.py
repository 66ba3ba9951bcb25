"""A lake written row by row, as the receiver writes them, where a test needs times of its own."""

import hashlib
import json
import pathlib
from datetime import datetime, timedelta

PROJECT = pathlib.Path(__file__).resolve().parents[2]


def time(text):
    return datetime.fromisoformat(text)


def event(log_id, when, source="eu", lag=1.0, time_source="date", request="r-1", drift=(), **data):
    """One event row; `lag` is the seconds from its time to its receipt."""
    when = time(when) if isinstance(when, str) else when
    stamp = f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03}"
    received = when + timedelta(seconds=lag)
    return {
        "p_log_type": "Auth0.Events", "p_schema_version": 1, "p_event_time": stamp,
        "p_parse_time": f"{received:%Y-%m-%d %H:%M:%S}.{received.microsecond // 1000:03}",
        "p_row_id": hashlib.sha256(f"{source}\0{log_id}".encode()).hexdigest()[:32], "p_source_label": source,
        "log_id": log_id, "data": {"date": stamp, **data},
        "ingest": {"request_id": request, "time_source": time_source, **({"drift": list(drift)} if drift else {})},
    }


def login(log_id, when, who, country=None, ip="192.0.2.1", type="s", **more):
    place = {"location_info": {"country_code": country[:2].upper(), "country_name": country}} if country else {}
    return event(log_id, when, type=type, user_id=f"auth0|{who}", user_name=f"{who}@example.com", ip=ip, client_id="web", client_name="Web", **place, **more)


def reject(when, reason, raw, source="eu"):
    return {
        "received_at": f"{when}.000", "reason": reason, "detail": "a sentence", "index": 0, "source": source, "request_id": "r-1",
        "p_row_id": hashlib.sha256(f"{source}\0{raw}".encode()).hexdigest()[:32], "raw": raw,
    }


def write(folder, events=(), rejects=()):
    """One object for each row."""
    for kind, rows, clock in (("events", events, "p_event_time"), ("rejects", rejects, "received_at")):
        for number, row in enumerate(rows):
            when = time(row[clock])
            place = pathlib.Path(folder) / kind / f"dt={when:%Y-%m-%d}" / f"hour={when:%H}"
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{when:%Y%m%dT%H%M%S}000Z-{number:032x}.ndjson").write_text(json.dumps(row) + "\n", "utf-8")
    return folder


def golden(folder):
    """The lake that the receiver makes of every sample, from the golden files."""
    for path in (PROJECT / "tests/golden").glob("*/*/dt=*/hour=*/*.ndjson"):
        to = pathlib.Path(folder) / path.relative_to(PROJECT / "tests/golden").relative_to(path.relative_to(PROJECT / "tests/golden").parts[0])
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(path.read_bytes())
    return folder


def rows(folder, kind):
    return [json.loads(line) for path in sorted(pathlib.Path(folder).glob(f"{kind}/*/*/*.ndjson")) for line in path.read_text("utf-8").split("\n") if line]
