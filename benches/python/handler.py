#!/usr/bin/env python3
"""What a user would write instead: an Auth0 batch in, the same rows out, with Python's standard library alone.

It reads the formats that Auth0 documents, makes the same row as the receiver of an everyday record, groups rows by
hour and compresses them. It leaves out what such a handler leaves out: broken bodies, odd values, names that stand
twice, numbers that no double holds, a store that fails. So it does less than the receiver, which is in its favour.

    handler.py --bench FILE [--repeat N]     seconds for each path over a body, the best of N
    handler.py --verify GOLDEN FILE...       its rows equal the golden ones of these bodies, as JSON values
"""

import argparse
import gzip
import hashlib
import hmac
import ipaddress
import json
import pathlib
import time
from datetime import datetime, timezone

TOKEN_DIGESTS = {"golden": hashlib.sha256(b"local-development-token").hexdigest()}

STRINGS_BEFORE = [
    "type", "description", "connection", "connection_id", "client_id", "client_name", "ip", "client_ip", "hostname", "user_id",
    "user_name", "identity_user_id", "audience",
]
STRINGS_AFTER = [
    "strategy", "strategy_type", "organization_id", "organization_name", "tenant_name", "environment_name", "agent_id",
    "external_agent_id", "session_connection", "transaction_linking_id", "tracking_id", "mtls_thumbprint_sha256", "log_id",
]
LOCATION = ["country_code", "country_code3", "country_name", "city_name", "latitude", "longitude", "time_zone", "continent_code"]
JSON_COLUMNS = {
    "auth0_client": "auth0_client", "security_context": "security_context", "references": "references",
    "event_schema": "$event_schema", "details": "details",
}
COLUMNS = {
    "date", "scope", "is_mobile", "isMobile", "user_agent", "location_info", *STRINGS_BEFORE, *STRINGS_AFTER, *JSON_COLUMNS.values(),
}


def handler(event, context=None, put=lambda key, content: None, level=6):
    """Answers a Function URL's event; a user's own would put with boto3."""
    source = authenticate(event["headers"].get("authorization", ""))
    if source is None:
        return {"statusCode": 401}
    received_at = datetime.now(timezone.utc)
    records = split(event["body"])
    for key, content in objects(records, source, "request", received_at, level):
        put(key, content)
    return {"statusCode": 200, "body": json.dumps({"received": len(records)})}


def authenticate(header):
    digest = hashlib.sha256(header.removeprefix("Bearer ").encode()).hexdigest()
    return next((source for source, known in TOKEN_DIGESTS.items() if hmac.compare_digest(digest, known)), None)


def split(body):
    """A JSON array, an object of logs, or JSON lines."""
    try:
        batch = json.loads(body)
    except json.JSONDecodeError:
        return [json.loads(line) for line in body.splitlines() if line.strip()]
    if isinstance(batch, dict):
        return batch["logs"] if "logs" in batch else [batch]
    return batch


def objects(records, source, request_id, received_at, level):
    """One compressed object an hour."""
    hours = {}
    for record in records:
        row = to_row(record, source, request_id, received_at)
        hours.setdefault(row["p_event_time"][:13], []).append(row)
    for hour, rows in hours.items():
        content = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows).encode()
        key = f"events/dt={hour[:10]}/hour={hour[11:]}/{hashlib.sha256(content).hexdigest()[:32]}.ndjson.gz"
        yield key, gzip.compress(content, level)


def to_row(record, source, request_id, received_at):
    sent = record.get("data", record)
    log_id = record["log_id"]
    date = sent.get("date")
    data = {}
    if date:
        data["date"] = to_time(datetime.fromisoformat(date))
    copy(sent, data, STRINGS_BEFORE)
    scope = sent.get("scope")
    if scope is not None:
        data["scope"] = " ".join(scope) if isinstance(scope, list) else scope
    copy(sent, data, STRINGS_AFTER)
    is_mobile = sent.get("is_mobile", sent.get("isMobile"))
    if is_mobile is not None:
        data["is_mobile"] = is_mobile
    copy(sent, data, ["user_agent"])
    location = sent.get("location_info")
    if location is not None:
        data["location_info"] = copy(location, {}, LOCATION)
    for column, name in JSON_COLUMNS.items():
        if sent.get(name) is not None:
            data[column] = compact(sent[name])
    unmapped = {name: value for name, value in sent.items() if name not in COLUMNS}
    other_places = {name: value for name, value in (location or {}).items() if name not in LOCATION}
    if other_places:
        unmapped["location_info"] = other_places
    if unmapped:
        data["unmapped"] = compact(unmapped)
    row = {
        "p_log_type": "Auth0.Events",
        "p_schema_version": 1,
        "p_event_time": data["date"] if date else to_time(received_at),
        "p_parse_time": to_time(received_at),
        "p_row_id": hashlib.sha256(f"{source}\0{log_id}".encode()).hexdigest()[:32],
        "p_source_label": source,
    }
    addresses = sorted({data[name] for name in ("ip", "client_ip") if is_address(data.get(name))})
    if addresses:
        row["p_any_ip_addresses"] = addresses
    usernames = sorted({data[name].strip() for name in ("user_id", "user_name") if data.get(name, "").strip()})
    if usernames:
        row["p_any_usernames"] = usernames
    row["log_id"] = log_id
    row["data"] = data
    row["ingest"] = {"request_id": request_id, "time_source": "date" if date else "received"}
    return row


def copy(sent, data, names):
    for name in names:
        value = sent.get(name)
        if value is not None:
            data[name] = value
    return data


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def to_time(at):
    return at.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")[:23]


def is_address(text):
    if not text:
        return False
    try:
        ipaddress.ip_address(text.strip())
        return True
    except ValueError:
        return False


def bench(path, repeat):
    """Prints the best time of each path over a body, in seconds, and its compressed size."""
    body = pathlib.Path(path).read_text()
    event = {"headers": {"authorization": "Bearer local-development-token"}, "body": body}
    paths = {
        "parse": lambda put: json.loads(body),
        "rows": lambda put: [to_row(record, "golden", "request", datetime.now(timezone.utc)) for record in split(body)],
        "gzip-1": lambda put: handler(event, put=put, level=1),
        "gzip-6": lambda put: handler(event, put=put, level=6),
    }
    for name, run in paths.items():
        best, stored = float("inf"), 0
        for _ in range(repeat):
            sizes = []
            start = time.perf_counter()
            run(lambda key, content: sizes.append(len(content)))
            best, stored = min(best, time.perf_counter() - start), sum(sizes)
        print(f"{name} {best:.6f} s {len(body.encode()) / best / 1e6:.1f} MB/s {stored} bytes stored")


def verify(golden, files):
    """Compares with the golden rows, which were received at one fixed moment."""
    for path in map(pathlib.Path, files):
        texts = [file.read_text() for file in sorted((pathlib.Path(golden) / path.name / "events").rglob("*.ndjson"))]
        expected = {row["p_row_id"]: row for text in texts for row in map(json.loads, text.splitlines())}
        first = next(iter(expected.values()))
        received_at = datetime.fromisoformat(first["p_parse_time"] + "+00:00")
        records = split(path.read_text())
        found = {row["p_row_id"]: row for row in (to_row(record, first["p_source_label"], first["ingest"]["request_id"], received_at) for record in records)}
        for row_id in sorted(expected.keys() | found.keys()):
            ours, theirs = expected.get(row_id), found.get(row_id)
            if not ours or not theirs or values(ours) != values(theirs) or list(ours["data"]) != list(theirs["data"]):
                raise SystemExit(f"{path}: row {row_id} differs\n{json.dumps(ours)}\n{json.dumps(theirs)}")
        print(f"{path}: {len(found)} rows are the same")


def values(row):
    """A row with the JSON text of its columns read too."""
    texts = [*JSON_COLUMNS, "unmapped"]
    return {**row, "data": {name: json.loads(value) if name in texts else value for name, value in row["data"].items()}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", metavar="FILE")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--verify", nargs="+", metavar=("GOLDEN", "FILE"))
    arguments = parser.parse_args()
    if arguments.verify:
        verify(arguments.verify[0], arguments.verify[1:])
    if arguments.bench:
        bench(arguments.bench, arguments.repeat)


if __name__ == "__main__":
    main()
