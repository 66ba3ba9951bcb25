#!/usr/bin/env python3
"""Prints what the runs of the detections cost a month by how often they run; the table of docs/DETECTIONS.md.

    sql/cost_detections.py
    sql/cost_detections.py --events 30000000 --per-request 50 --months 24
"""

import argparse

from merge_costs import LEAST_SCAN, PRICES, ROW_ID, STORED

# US dollars a transition of a standard workflow, us-east-1: https://aws.amazon.com/step-functions/pricing/.
TRANSITION = 0.025 / 1e3
RUNS = {"15m": 4 * 730, "1h": 730, "6h": 730 / 6, "1d": 730 / 24}  # a month
DAYS = 730 / 24  # of a month
LANDED = 1.5  # days of landing partitions since yesterday, on average
PARTITIONS = 3 * 24  # yesterday, today, and tomorrow, which clocks that run ahead fill
KEPT = 26 / 24  # days that a run keeps
QUERIES = 5  # that are billed: DROP is not
STATES = 14  # with one hit, and files in one list
PAST = 3  # months that the detections with a past compare with, at most
# Bytes an event: in the table with all its columns; that all detections read of what a run keeps; and of the past, times the
# months that each looks back. What tests/engines/bytes_read.py measured on invented events, which repeat themselves: those
# of a real lake are larger.
MERGED, FOUND, BEFORE = 45, 1340, 162


def run(events, per_request, months, merged=MERGED, found=FOUND, before=BEFORE):
    """Dollars of one run, with a table of so many months."""
    day = events / DAYS
    objects = day * LANDED / per_request
    stored = STORED[max(n for n in STORED if n <= max(per_request, 1))]
    looked = day * LANDED * stored + day * KEPT * merged + events * months * ROW_ID
    searched = day * KEPT * found + events * min(months / PAST, 1) * before
    scanned = max(looked, LEAST_SCAN) + max(searched, LEAST_SCAN) + (QUERIES - 2) * LEAST_SCAN
    return objects * PRICES["S3 GET"] + (PARTITIONS + objects / 1000) * PRICES["S3 LIST"] + scanned * PRICES["Athena"] + STATES * TRANSITION


def main():
    parser = argparse.ArgumentParser(description="What the detections cost a month.", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--events", type=float, nargs="+", default=[1e6, 1e7, 1e8], help="events a month")
    parser.add_argument("--per-request", type=float, nargs="+", default=[1, 10, 100], help="events a request, and so an object")
    parser.add_argument("--months", type=float, default=12, help="months that the table holds")
    for name, default in (("merged", MERGED), ("found", FOUND), ("before", BEFORE)):
        parser.add_argument(f"--{name}", type=float, default=default, help="bytes an event, see the script")
    case = parser.parse_args()
    print("| US dollars a month | " + " | ".join(RUNS) + " |")
    print("|---|" + "---:|" * len(RUNS))
    for events in case.events:
        for per_request in case.per_request:
            cells = " | ".join(f"{run(events, per_request, case.months, case.merged, case.found, case.before) * runs:.2f}" for runs in RUNS.values())
            print(f"| {events / 1e6:g} million, {per_request:g} a request | {cells} |")


if __name__ == "__main__":
    main()
