#!/usr/bin/env python3
"""Measures the bytes an event that the detections read (of the past in byte-months), for sql/cost_detections.py: target/engines-venv/bin/python tests/engines/bytes_read.py

A day of events like the samples' is received and written as Parquet with zstd; each detection is taken to read each of
its columns whole, which is the most that it can read.
"""

import collections
import json
import os
import pathlib
import random
import tempfile

import deployed
from auth0_log_lake import database, detections, statements
from sqlglot import exp, parse_one


COUNT, BATCH = 20_000, 1000


def main():
    with tempfile.TemporaryDirectory() as folder:
        lake = pathlib.Path(folder) / "lake"
        lake.mkdir()
        store(lake)
        sizes = columns(database.opened(str(lake))[0], f"{folder}/day.parquet")
    read = collections.Counter()
    for detection in detections.all_of().values():
        months = int(detection.parameters.get("history", "14 days").split()[0]) / 30  # and as long for where somebody is known
        for table, names in reads(detections.query({detection.id: detection}), sizes).items():
            read[table] += sum(sizes[name] for name in names) * (months if table == "events" else 1)
    # Each run also reads what settings were, 90 days back.
    read["events"] += 3 * sum(sizes[name] for name in reads(statements.statement("events_recent"), sizes)["events"])
    print(f"MERGED, FOUND, BEFORE = {sum(sizes.values()):.0f}, {read['events_recent']:.0f}, {read['events']:.0f}")


def store(lake):
    """Posts a day of events like the samples', logins for the most part, some changes among them."""
    dice = random.Random(20260701)
    samples = json.loads((deployed.PROJECT / "events/array.json").read_bytes())
    samples += [json.loads(line) for line in (deployed.PROJECT / "events/api-operations.jsonl").read_text().splitlines()[:2]]
    receiver = deployed.Receiver(os.environ["LOCAL_BIN"], lake)
    for start in range(0, COUNT, BATCH):
        receiver.post(json.dumps([invented(dice, n, dice.choice(samples)["data"]) for n in range(start, start + BATCH)]))
    receiver.stop()


def invented(dice, n, data):
    second = n * 86_400 // COUNT
    date = f"2026-07-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{n % 1000:03}Z"
    return {"log_id": f"90020260701{n:045}", "data": {**data, "date": date, "user_id": f"auth0|{dice.randrange(5000):024}", "ip": f"198.51.100.{dice.randrange(256)}"}}


def columns(db, file):
    """Bytes an event of each column."""
    db.sql(f"COPY (SELECT * FROM events ORDER BY event_time) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
    sizes = collections.Counter()
    for path, size in db.sql(f"SELECT path_in_schema, sum(total_compressed_size) FROM parquet_metadata('{file}') GROUP BY 1").fetchall():
        sizes[path.split(",")[0]] += float(size) / COUNT
    return sizes


def reads(sql, known):
    """The columns that a statement reads of each table."""
    found = collections.defaultdict(set)
    for select in parse_one(sql, read="athena").find_all(exp.Select):
        source = select.args.get("from") or select.args.get("from_")
        if source and source.this.name in ("events_recent", "events"):
            found[source.this.name] |= {column.name for column in select.find_all(exp.Column) if column.name in known}
    return found


if __name__ == "__main__":
    main()
