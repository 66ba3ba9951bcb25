#!/usr/bin/env python3
"""Measures a day of one-event objects against the same day merged, on one Trino in one run: make bench-queries."""

import argparse
import http.client
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

import deployed
from server import Server

DAY = "2026-07-01"
QUERY = """SELECT type, outcome, count(*) AS events, count(DISTINCT user_id) AS users FROM {rows} GROUP BY 1, 2 ORDER BY 3 DESC"""
REPEATS = 3


def main():
    parser = argparse.ArgumentParser(description="A day of one-event objects against the same day merged, on Trino.")
    parser.add_argument("--events", type=int, default=20_000, help="events of the day, each in an object of its own (20000)")
    count = parser.parse_args().events
    binary = os.environ.get("LOCAL_BIN") or built()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        try:
            tables = deployed.Deployed(server, "bench", binary)
            print(f"storing {count} objects", flush=True)
            store(tables, count)
            measure(tables, count)
        finally:
            server.stop()


def built():
    subprocess.run(["cargo", "build", "--quiet", "--release", "--features", "local", "--bin", "local"], cwd=deployed.PROJECT, check=True)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", deployed.PROJECT / "target")) / "release" / "local"


def store(tables, count):
    """Posts events like the samples', one a request."""
    dice = random.Random(20260701)
    sample = json.loads((deployed.PROJECT / "events/array.json").read_bytes())
    receiver = deployed.Receiver(tables.binary, tables.folder)
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port)
    headers = {"Authorization": f"Bearer {deployed.TOKENS['eu']}"}
    for n in range(count):
        record = dice.choice(sample)
        second = n * 86_400 // count
        data = {**record["data"], "date": f"{DAY}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{n % 1000:03}Z", "user_id": f"auth0|{dice.randrange(5000)}"}
        connection.request("POST", "/", json.dumps({"log_id": f"bench-{n}", "data": data}), headers)
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status
    receiver.stop()


def measure(tables, count):
    tables.sql(QUERY.format(rows=f"events_landed WHERE dt = '{DAY}' AND hour = 0"))  # warm
    landed = median(tables, f"(SELECT * FROM events_landed WHERE dt = '{DAY}')")
    began = time.perf_counter()
    tables.merge(**{"from": DAY, "to": "2026-07-02"})
    merging = time.perf_counter() - began
    began = time.perf_counter()
    tables.merge(**{"from": DAY, "to": "2026-07-02"})
    again = time.perf_counter() - began
    merged = median(tables, f"(SELECT * FROM events WHERE event_time >= TIMESTAMP '{DAY} 00:00:00' AND event_time < TIMESTAMP '2026-07-02 00:00:00')")
    files = [path.stat().st_size for path in tables.files() if path.suffix == ".parquet"]
    assert landed[2] == merged[2] and sum(row[2] for row in merged[2]) == count
    print(f"from the objects: {landed[0]:.2f} s, {landed[1] / 1e6:.2f} MB")
    print(f"from the table:   {merged[0]:.3f} s, {merged[1] / 1e6:.3f} MB")
    print(f"ratio:            {landed[0] / merged[0]:.0f} times less time, {landed[1] / merged[1]:.0f} times fewer bytes")
    print(f"merge:            {merging:.1f} s, {count / merging:.0f} objects a second; again, with nothing new: {again:.1f} s")
    print(f"table:            {sum(files) / count:.0f} bytes an event in {len(files)} files")


def median(tables, rows):
    """Median seconds of a query, the bytes that it read, and its answer."""
    runs = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        answer, stats = tables.run(QUERY.format(rows=rows))
        runs.append((time.perf_counter() - began, stats["physicalInputBytes"], answer))
    return statistics.median(run[0] for run in runs), runs[-1][1], runs[-1][2]


if __name__ == "__main__":
    sys.exit(main())
