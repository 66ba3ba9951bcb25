#!/usr/bin/env python3
"""Prints what filling the table costs a month by cadence; the tables of docs/TABLES.md.

    sql/cost.py
    sql/cost.py --events 30000000 --per-request 50 --months 24

Change PRICES to those of your region and day.
"""

import argparse

# US dollars, us-east-1: S3 requests, https://aws.amazon.com/s3/pricing/, and Athena's scan, https://aws.amazon.com/athena/pricing/.
PRICES = {"get": 0.0004 / 1e3, "list": 0.005 / 1e3, "scan": 5 / 1e12}
LEAST_SCAN = 10e6  # bytes that Athena bills a query at least
STORED = {1: 1250, 10: 660, 100: 550}  # bytes an event in its object, gzip, as in COSTS.md
ROW_ID = 18  # bytes an event that a merge reads of the table: 16 random ones as hex text in Parquet with zstd, and some structure
# Passes a month; landing partitions that one lists; times that an object lies in a window: windows.tsv.
CADENCES = {"hourly": (730, 6, 3), "daily": (30.4, 72, 2), "weekly": (4.35, 888, 5)}


def cost(cadence, events, per_request, months):
    """Dollars a month of one cadence, with a table of so many months."""
    passes, partitions, times = CADENCES[cadence]
    objects = events / per_request
    stored = STORED[max(n for n in STORED if n <= max(per_request, 1))]
    read = events * stored * times + passes * events * months * ROW_ID
    return (
        objects * times * PRICES["get"]
        + (passes * partitions + objects * times / 1000) * PRICES["list"]
        + max(read, passes * LEAST_SCAN) * PRICES["scan"]
    )


def main():
    parser = argparse.ArgumentParser(description="What filling the table costs a month.", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--events", type=float, nargs="+", default=[1e6, 1e7, 1e8], help="events a month")
    parser.add_argument("--per-request", type=float, nargs="+", default=[1, 10, 100], help="events a request, and so an object")
    parser.add_argument("--months", type=float, default=12, help="months that the table holds")
    case = parser.parse_args()
    print("| US dollars a month | " + " | ".join(CADENCES) + " | all three | without hourly |")
    print("|---|" + "---:|" * (len(CADENCES) + 2))
    for events in case.events:
        for per_request in case.per_request:
            of = [cost(cadence, events, per_request, case.months) for cadence in CADENCES]
            cells = " | ".join(f"{dollars:.2f}" for dollars in [*of, sum(of), sum(of[1:])])
            print(f"| {events / 1e6:g} million, {per_request:g} a request | {cells} |")


if __name__ == "__main__":
    main()
