#!/usr/bin/env python3
"""What the receiver costs: prints the tables of COSTS.md, or your own case.

    make cost
    make cost EVENTS=30000000 PER_REQUEST=50 SOURCES=3 MILLISECONDS=80 BUFFER_SECONDS=60

Change PRICES to those of your region and day.
"""

import argparse
import math
import pathlib
import sys

sys.dont_write_bytecode = True  # no __pycache__ beside the SQL
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "sql"))
import merge_costs  # noqa: E402

# US dollars, us-east-1, without free tiers and volume discounts. COSTS.md says where each was read.
PRICES = {
    "lambda_request": 0.20 / 1e6,
    "lambda_gb_second": {"arm64": 0.0000133334, "x86_64": 0.0000166667},
    "sqs_request": 0.40 / 1e6,
    "s3_put": 0.005 / 1e3,
    "s3_get": 0.0004 / 1e3,
    "s3_list": 0.005 / 1e3,
    "s3_gb_month": 0.023,
    "s3_move_to_ia": 0.01 / 1e3,
    "logs_gb": 0.50,
    "metric_month": 0.30,
    "alarm_month": 0.10,
    "dashboard_month": 3.00,
    "athena_tb": 5.00,
    "cloudtrail_data_event": 0.10 / 1e5,
    "secret_month": 0.40,
    "secret_read": 0.05 / 1e4,
}
METRICS, METRICS_OF_A_SOURCE = 14, 6  # of src/metrics.rs; those that have the dimension `source` too
ALARMS = 13  # nine without merges, one more with SourceCidrs; each of several sources has one more
ALARMS_OF_THE_QUEUE = 3  # those with HasBuffer
GB = 1e9
STORED = merge_costs.STORED
LEAST_SCANNED = 10e6  # bytes that Athena bills at least for a query
LIST_PAGE = 1000  # keys of one LIST
HOURS = 730  # partitions of a month
SENT = 1424  # bytes an event as sent, as in merge_costs.STORED
CHUNK = 64 << 10  # bytes of a message that SQS bills as one request
LARGEST_MESSAGE = 256 << 10  # of src/queue.rs: a larger body is stored directly
INVOCATION = 5.5e6  # bytes of the messages that one invocation takes: 6 MB, with what stands around them
BATCH = 10  # messages that one call receives or deletes at most
COLLECTORS = 2  # MaximumConcurrency of the template: places where Lambda may collect messages at the same time
POLLERS, POLL_SECONDS = 5, 20  # connections that Lambda begins with, and how long each waits for a message
WRITE_MILLISECONDS = 0.6  # billed time of an event in the writer, beside that of an invocation: 183 µs (docs/SPEED.md) of PROCESSOR at 512 MB
LEAST_MOVED = 128 * 1024  # ObjectSizeGreaterThan of the template, in bytes
CHECKED_BY = 4  # checks that look at each hour, of template.yaml
CHECK_MEMORY = 512  # MB of the check, of template.yaml
CHECK_METRICS, CHECK_ALARMS = 3, 4  # of the stack alone; an alarm is billed for each metric that it reads
AUTH0_PAGE = 100  # records of one request
CHECK_SECONDS, PAGE_SECONDS, OBJECT_SECONDS = 2, 0.3, 0.003  # assumed: a start, a page, an object
PROCESSOR = 1769  # MB of memory that come with one virtual processor


def stored(per_request, case):
    """Gives the bytes stored an event."""
    return case.stored or STORED[max(n for n in STORED if n <= max(per_request, 1))]


def per_use(events, per_request, case):
    """Gives the cost of some events, by what is billed."""
    requests = events / per_request
    return {
        "Lambda requests": requests * PRICES["lambda_request"],
        "Lambda time": requests * case.milliseconds / 1000 * case.memory / 1024 * PRICES["lambda_gb_second"][case.arch],
        "S3 PUT": requests * case.objects * PRICES["s3_put"],
        "S3 storage, a month": events * stored(per_request, case) / GB * PRICES["s3_gb_month"],
        "Logs": requests * case.logged / GB * PRICES["logs_gb"],
    }


def is_queued(per_request, case):
    """Whether bodies of so many events go through the queue."""
    return case.buffer_seconds > 0 and per_request * SENT <= LARGEST_MESSAGE


def writes(events, per_request, case):
    """Gives the invocations of the writer where so many events come in a month, evenly."""
    requests, windows = events / per_request, HOURS * 3600 / case.buffer_seconds * COLLECTORS
    return max(min(requests, windows), events * SENT / INVOCATION)


def per_use_buffered(events, per_request, case):
    """Gives the cost of the events of a month that go through the queue, by what is billed."""
    if not is_queued(per_request, case):
        return {**dict.fromkeys(BUFFERED, 0.0), **per_use(events, per_request, case)}
    requests, written = events / per_request, writes(events, per_request, case)
    chunks = math.ceil(per_request * SENT / CHUNK)
    received = min(case.received, requests / written)  # an invocation takes no more than its own
    seconds = (requests + written) * case.milliseconds / 1000 + events * WRITE_MILLISECONDS / 1000
    return {
        "Lambda requests": (requests + written) * PRICES["lambda_request"],
        "Lambda time": seconds * case.memory / 1024 * PRICES["lambda_gb_second"][case.arch],
        "SQS send": requests * chunks * PRICES["sqs_request"],
        "SQS receive": requests / received * math.ceil(received * per_request * SENT / CHUNK) * PRICES["sqs_request"],
        "SQS delete": written * math.ceil(requests / written / BATCH) * PRICES["sqs_request"],
        "S3 PUT": written * case.objects * PRICES["s3_put"],
        "S3 storage, a month": events * stored(events / written, case) / GB * PRICES["s3_gb_month"],
        "Logs": (requests * case.logged_queued + written * case.logged) / GB * PRICES["logs_gb"],
    }


BUFFERED = ["Lambda requests", "Lambda time", "SQS send", "SQS receive", "SQS delete", "S3 PUT", "S3 storage, a month", "Logs"]


def objects_an_hour(events, per_request, case):
    """Gives the objects of an hour where so many events come in a month, evenly."""
    directly = events / per_request * case.objects / HOURS
    buffered = writes(events, per_request, case) * case.objects / HOURS if is_queued(per_request, case) else directly
    return {"directly": directly, f"BufferSeconds={case.buffer_seconds:g}": buffered}


def per_query(events, per_request, case):
    """Gives the cost of one query that reads all of these events, spread over a month."""
    objects = events / per_request * case.objects
    return {
        "Athena": max(events * stored(per_request, case), LEAST_SCANNED) / 1e12 * PRICES["athena_tb"],
        "S3 GET": objects * PRICES["s3_get"],
        "S3 LIST": max(objects / LIST_PAGE, HOURS) * PRICES["s3_list"],
    }


def per_month_of_merges(events, per_request, case):
    """Gives the cost of the merges where so many events come each month, by MergeCadence."""
    of = {window: sum(merge_costs.cost(window, events, per_request, stored=case.stored).values()) for window in merge_costs.WINDOWS}
    return {f"MergeCadence={cadence}": sum(of[window] for window in windows) for cadence, windows in merge_costs.CADENCES.items()}


def per_month_of_checks(events, per_request, case):
    """Gives the cost of the scheduled comparison with Auth0's log where so many events come each month; HOURS checks."""
    objects = CHECKED_BY * events / per_request * case.objects
    seconds = HOURS * CHECK_SECONDS + CHECKED_BY * events / AUTH0_PAGE * PAGE_SECONDS + objects * OBJECT_SECONDS
    return {
        "Lambda": HOURS * PRICES["lambda_request"] + seconds * CHECK_MEMORY / 1024 * PRICES["lambda_gb_second"][case.arch],
        "S3 GET": objects * PRICES["s3_get"],
        "S3 LIST": max(objects / LIST_PAGE, HOURS * (CHECKED_BY + 2)) * PRICES["s3_list"],
        "Secret": PRICES["secret_month"] + HOURS * PRICES["secret_read"],
        "Metrics and alarms": CHECK_METRICS * PRICES["metric_month"] + CHECK_ALARMS * PRICES["alarm_month"],
    }


def by_choice(events, per_request, case):
    """Gives what is paid only where somebody chose it."""
    requests = events / per_request
    moved = requests * case.objects if per_request / case.objects * stored(per_request, case) > LEAST_MOVED else 0
    return {
        "CloudTrail data events of Lambda": requests * PRICES["cloudtrail_data_event"],
        "CloudTrail data events of S3": requests * case.objects * PRICES["cloudtrail_data_event"],
        "Moving to STANDARD_IA, once": moved * PRICES["s3_move_to_ia"],
    }


def per_month(sources, is_buffered=False):
    """Gives the cost of a month apart from events."""
    alarms = ALARMS + (sources if sources > 1 else 0) + (ALARMS_OF_THE_QUEUE if is_buffered else 0)
    polls = POLLERS * HOURS * 3600 / POLL_SECONDS if is_buffered else 0
    return {
        "Metrics": (METRICS + METRICS_OF_A_SOURCE * sources) * PRICES["metric_month"],
        "Alarms": alarms * PRICES["alarm_month"],
        "Dashboard": PRICES["dashboard_month"],
        "SQS receive, while nothing comes": polls * PRICES["sqs_request"],
    }


def table(columns, together=True, unit="US dollars", form=".2f"):
    """Renders {heading: {row: dollars}} as Markdown, with a total."""
    rows = list(next(iter(columns.values())))
    lines = [f"| {unit} | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]
    lines += [f"| {row} | " + " | ".join(f"{column[row]:{form}}" for column in columns.values()) + " |" for row in rows]
    if together:
        lines += ["| **together** | " + " | ".join(f"**{sum(column.values()):.2f}**" for column in columns.values()) + " |"]
    return "\n".join(lines)


def number(least=0.0, whole=False, most=math.inf):
    """Makes a reader of finite numbers above `least`, or whole ones from it, and up to `most`."""

    def read(text):
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < least or value > most or (value == least and not whole):
            needs = f"a whole number from {least}" if whole else f"a number above {least:g}"
            needs += f" to {most}" if math.isfinite(most) else ""
            raise argparse.ArgumentTypeError(f"must be {needs}; got {text!r}")
        return value

    return read


def architecture(text):
    if text not in PRICES["lambda_gb_second"]:
        raise argparse.ArgumentTypeError(f"must be arm64 or x86_64; got {text!r}")
    return text


class OneLine(argparse.ArgumentParser):
    """Says what is wrong in one line, named as `make cost` has it."""

    def error(self, message):
        option = message.partition(":")[0].removeprefix("argument ")
        named = message.replace(f"argument {option}:", option.strip("-").replace("-", "_").upper(), 1)
        print(f"cost: {named}", file=sys.stderr)
        sys.exit(2)


def arguments():
    parser = OneLine(description="What the receiver costs.", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--events", type=number(), default=1e6, help="events")
    parser.add_argument("--per-request", type=number(), nargs="+", default=[1, 10, 100], help="events a request")
    parser.add_argument("--sources", type=number(1, whole=True), default=1, help="Auth0 tenants")
    parser.add_argument("--milliseconds", type=number(), default=100, help="billed time of a request")
    parser.add_argument("--memory", type=number(), default=512, help="MemorySize, in MB")
    parser.add_argument("--arch", type=architecture, default="arm64", help="arm64 or x86_64")
    parser.add_argument("--objects", type=number(), default=1, help="objects a request: hours that a batch touches, and rejects")
    parser.add_argument("--stored", type=number(), help="bytes stored an event, compressed; measured on the samples if left out")
    parser.add_argument("--logged", type=number(), default=2000, help="bytes logged a request, or an invocation of the writer")
    parser.add_argument("--logged-queued", type=number(), default=1200, help="bytes logged a request that is queued")
    parser.add_argument("--buffer-seconds", type=number(0, whole=True, most=300), default=300, help="BufferSeconds of the stack; 0 for a stack without")
    parser.add_argument("--received", type=number(1, whole=True, most=BATCH), default=1, help="messages that Lambda finds with one receive, 1 to 10")
    return parser.parse_args()


def main():
    case = arguments()
    columns = {f"{n:g} a request": n for n in case.per_request}
    buffered = [(f"{case.events:,.0f} events of a month, with BufferSeconds={case.buffer_seconds:g}", per_use_buffered, True)]
    for title, costs, together in [
        (f"{case.events:,.0f} events", per_use, True),
        *(buffered if case.buffer_seconds else []),
        ("One query that reads them all", per_query, True),
        ("Merges, where they come each month", per_month_of_merges, False),
        ("The comparison with Auth0's log, a month", per_month_of_checks, True),
        ("Only where you chose it", by_choice, False),
    ]:
        print(f"{title}\n\n{table({name: costs(case.events, n, case) for name, n in columns.items()}, together)}\n")
    if case.buffer_seconds:
        columns = {name: objects_an_hour(case.events, n, case) for name, n in columns.items()}
        print(f"Objects an hour\n\n{table(columns, False, 'objects an hour', ',.0f')}\n")
    sources = "1 source" if case.sources == 1 else f"{case.sources} sources"
    months = {sources: per_month(case.sources)}
    if case.buffer_seconds:
        months[f"{sources}, buffered"] = per_month(case.sources, is_buffered=True)
    print(f"A month apart from events\n\n{table(months)}\n")
    print(f"{case.memory:g} MB of memory come with {case.memory / PROCESSOR:.2f} of a processor.")


if __name__ == "__main__":
    main()
