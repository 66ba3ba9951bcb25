#!/usr/bin/env python3
"""What the receiver costs: prints the tables of COSTS.md, or your own case.

    tests/stack/cost.py
    tests/stack/cost.py --events 30000000 --per-request 50 --sources 3 --milliseconds 80

Change PRICES to those of your region and day.
"""

import argparse

# US dollars, us-east-1, without free tiers and volume discounts. COSTS.md says where each was read.
PRICES = {
    "lambda_request": 0.20 / 1e6,
    "lambda_gb_second": {"arm64": 0.0000133334, "x86_64": 0.0000166667},
    "s3_put": 0.005 / 1e3,
    "s3_gb_month": 0.023,
    "logs_gb": 0.50,
    "metric_month": 0.30,
    "alarm_month": 0.10,
    "dashboard_month": 3.00,
}
METRICS = 13  # each once in all, and once a source
ALARMS = 8  # nine with SourceCidrs
GB = 1e9
# Bytes stored an event by events a request: 105 of the samples in events/, 1,419 bytes each as sent, gzip.
STORED = {1: 1250, 10: 660, 100: 550}


def per_use(events, per_request, case):
    """Gives the cost of some events, by what is billed."""
    requests = events / per_request
    stored = case.stored or STORED[max(n for n in STORED if n <= max(per_request, 1))]
    puts = requests * case.objects
    return {
        "Lambda requests": requests * PRICES["lambda_request"],
        "Lambda time": requests * case.milliseconds / 1000 * case.memory / 1024 * PRICES["lambda_gb_second"][case.architecture],
        "S3 PUT": puts * PRICES["s3_put"],
        "S3 storage, a month": events * stored / GB * PRICES["s3_gb_month"],
        "Logs": requests * case.logged / GB * PRICES["logs_gb"],
    }


def per_month(sources):
    """Gives the cost of a month without any event."""
    return {
        "Metrics": METRICS * (1 + sources) * PRICES["metric_month"],
        "Alarms": ALARMS * PRICES["alarm_month"],
        "Dashboard": PRICES["dashboard_month"],
    }


def table(columns):
    """Renders {heading: {row: dollars}} as Markdown, with a total."""
    rows = list(next(iter(columns.values())))
    lines = ["| US dollars | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]
    lines += [f"| {row} | " + " | ".join(f"{column[row]:.2f}" for column in columns.values()) + " |" for row in rows]
    lines += ["| **together** | " + " | ".join(f"**{sum(column.values()):.2f}**" for column in columns.values()) + " |"]
    return "\n".join(lines)


def arguments():
    parser = argparse.ArgumentParser(description="What the receiver costs.", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--events", type=float, default=1e6, help="events")
    parser.add_argument("--per-request", type=float, nargs="+", default=[1, 10, 100], help="events a request")
    parser.add_argument("--sources", type=int, default=1, help="Auth0 tenants")
    parser.add_argument("--milliseconds", type=float, default=100, help="billed time of a request")
    parser.add_argument("--memory", type=float, default=512, help="MemorySize, in MB")
    parser.add_argument("--architecture", choices=["arm64", "x86_64"], default="arm64")
    parser.add_argument("--objects", type=float, default=1, help="objects a request: hours that a batch touches, and rejects")
    parser.add_argument("--stored", type=float, help="bytes stored an event, compressed; measured on the samples if left out")
    parser.add_argument("--logged", type=float, default=2000, help="bytes logged a request")
    return parser.parse_args()


if __name__ == "__main__":
    case = arguments()
    print(table({f"{n:g} a request": per_use(case.events, n, case) for n in case.per_request}))
    print()
    print(table({"a month": per_month(case.sources)}))
