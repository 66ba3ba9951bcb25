#!/usr/bin/env python3
"""Prints what filling the table costs a month: the tables of docs/TABLES.md and COSTS.md.

    sql/merge_costs.py
    sql/merge_costs.py --events 30000000 --per-request 50 --months 24

Change PRICES to those of your region and day.
"""

import argparse

# US dollars, us-east-1: S3 requests, https://aws.amazon.com/s3/pricing/, and Athena's scan, https://aws.amazon.com/athena/pricing/.
PRICES = {"S3 GET": 0.0004 / 1e3, "S3 LIST": 0.005 / 1e3, "Athena": 5 / 1e12}
LEAST_SCAN = 10e6  # bytes that Athena bills a query at least
LIST_PAGE = 1000  # keys of one LIST
# Bytes an event in its object, by events a request: 105 of the samples in events/, 1,424 bytes each as sent, gzip, measured by
# tests/engines/stored.py.
STORED = {1: 970, 10: 530, 100: 430}
ROW_ID = 18  # bytes an event that a merge reads of the table: 16 random ones as hex text in Parquet with zstd, and some structure
MONTHS = 12  # that the table holds
# Passes a month; landing partitions that one lists; times that an object lies in a window: windows.tsv.
WINDOWS = {"hourly": (730, 6, 3), "daily": (30.4, 72, 2), "weekly": (4.35, 888, 5)}
# The windows of each MergeCadence of template.yaml.
CADENCES = {"hourly": ["hourly", "daily", "weekly"], "daily": ["daily", "weekly"]}


def cost(window, events, per_request, months=MONTHS, stored=None):
    """Dollars a month of the merges of one window, by what is billed, with a table of so many months."""
    passes, partitions, times = WINDOWS[window]
    read = events / per_request * times  # objects
    stored = stored or STORED[max(n for n in STORED if n <= max(per_request, 1))]
    scanned = max(events * stored * times + passes * events * months * ROW_ID, passes * LEAST_SCAN)
    used = {"S3 GET": read, "S3 LIST": passes * partitions + read / LIST_PAGE, "Athena": scanned}
    return {billed: used[billed] * price for billed, price in PRICES.items()}


def table(headings, rows):
    """Renders rows of dollars as Markdown."""
    lines = ["| US dollars a month | " + " | ".join(headings) + " |", "|---|" + "---:|" * len(headings)]
    lines += [f"| {name} | " + " | ".join(f"{dollars:.2f}" for dollars in cells) + " |" for name, cells in rows]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description="What filling the table costs a month.", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--events", type=float, nargs="+", default=[1e6, 1e7, 1e8], help="events a month")
    parser.add_argument("--per-request", type=float, nargs="+", default=[1, 10, 100], help="events a request, and so an object")
    parser.add_argument("--months", type=float, default=MONTHS, help="months that the table holds")
    case = parser.parse_args()
    by_window, by_cadence = [], []
    for events in case.events:
        for per_request in case.per_request:
            name = f"{events / 1e6:g} million, {per_request:g} a request"
            of = {window: cost(window, events, per_request, case.months) for window in WINDOWS}
            by_window.append((name, [sum(dollars.values()) for dollars in of.values()]))
            parts = [[sum(of[window][billed] for window in windows) for billed in PRICES] for windows in CADENCES.values()]
            by_cadence.append((name, [cell for cells in parts for cell in (*cells, sum(cells))]))
    print(table(WINDOWS, by_window), end="\n\n")
    print(table([f"{cadence}: {billed}" for cadence in CADENCES for billed in (*PRICES, "together")], by_cadence))


if __name__ == "__main__":
    main()
