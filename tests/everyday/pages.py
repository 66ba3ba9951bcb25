"""Counts what the detections would page on everyday tenants: see README.md.

    tests/everyday/run [--tenants 10] [--users 10000] [--days 7] [--before 14] [--seed 1]
"""

import argparse
import collections
import json
import os
import pathlib
import sys
import tempfile
from datetime import timedelta

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "engines")]
import deployed  # noqa: E402
import tenant  # noqa: E402
from auth0_log_lake import database, detect, detections  # noqa: E402
from auth0_log_lake.window import Window  # noqa: E402

BATCH = 2000


def store(records, folder, source="everyday"):
    """Brings records into a lake by the receiver, and counts them."""
    receiver, count, batch = deployed.Receiver(os.environ["LOCAL_BIN"], folder, tokens={source: "token"}), 0, []
    try:
        for record in records:
            batch.append(record)
            if len(batch) == BATCH:
                count += receiver.post(json.dumps(batch), source)["accepted"]
                batch = []
        return count + receiver.post(json.dumps(batch), source)["accepted"]
    finally:
        receiver.stop()


def hits(folder, since):
    """What the detections find in a lake since a time."""
    db, _ = database.opened(str(folder))
    detect.look(db, Window(since))
    return detect.run(db, detections.all_of())


def measured(one, before):
    """The hits of one tenant, by detection, after so many days of history, and its events."""
    with tempfile.TemporaryDirectory() as folder:
        events = store(tenant.Everyday(one).records(), folder)
        found = hits(folder, one.end - timedelta(days=one.days - before))
    return found, events


def table(found, known, tenants, days, users):
    """Hits a day for 10,000 users by detection, and what of them is a page."""
    a_day = {id: count / tenants / days / users * 10_000 for id, count in found.items()}
    lines = ["| detection | severity | a day |", "|---|---|---:|"]
    lines += [f"| `{id}` | {d.severity} | {a_day.get(id, 0):.2f} |" for id, d in known.items()]
    pages = sum(rate for id, rate in a_day.items() if known[id].severity != "info")
    grave = sum(count for id, count in found.items() if known[id].severity == "critical")
    return "\n".join([*lines, "", f"{pages:.2f} pages a day for 10,000 users, {grave} of them critical in all."])


def main():
    parser = argparse.ArgumentParser(description="Counts the pages of everyday tenants.", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    for name, default, meaning in (("tenants", 10, "tenants, which differ"), ("users", 10_000, "users of each"), ("days", 7, "days that are counted"), ("before", 14, "days before them"), ("seed", 1, "seed of the first")):
        parser.add_argument(f"--{name}", type=int, default=default, help=meaning)
    given = parser.parse_args()
    known, found = detections.all_of(), collections.Counter()
    for one in tenant.tenants(given.tenants, given.users, given.days + given.before, given.seed):
        of_one, events = measured(one, given.before)
        found.update(hit["detection"] for hit in of_one)
        paged = collections.Counter(hit["detection"] for hit in of_one if hit["severity"] != "info")
        print(f"tenant {one.seed}: {events:,} events, {paged.total()} pages in {given.days} days: {', '.join(f'{id} {count}' for id, count in paged.items()) or 'none'}", file=sys.stderr)
    print(table(found, known, given.tenants, given.days, given.users))


if __name__ == "__main__":
    main()
