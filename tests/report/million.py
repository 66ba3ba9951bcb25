#!/usr/bin/env python3
"""Posts invented events to a receiver, in the shapes of the samples, over the seven days before a date.

    TOKEN=… tests/report/million.py http://127.0.0.1:9000/ [--events 1000000] [--per-request 100] [--until 2026-11-22] [--seed 1]

The same arguments make the same events. One record in a hundred comes in a second request again, as a sender's retry brings it.
"""

import argparse
import concurrent.futures
import http.client
import itertools
import json
import os
import pathlib
import random
import sys
import threading
import urllib.parse
from datetime import datetime, timedelta

EVENTS = pathlib.Path(__file__).resolve().parents[2] / "events"
COUNTRIES = [("NL", "Netherlands"), ("DE", "Germany"), ("US", "United States"), ("BR", "Brazil"), ("IN", "India"), ("JP", "Japan"), ("ZA", "South Africa"), ("FR", "France")]
CLIENTS = ["Harbourline Web", "Harbourline iOS", "Harbourline Android", "Back office", "Partner API", "Reports"]
# Codes and how often each comes, about as a tenant of an online shop has them.
MIX = {"s": 40, "seacft": 22, "ssa": 12, "fp": 6, "fu": 2, "slo": 5, "gd_auth_succeed": 4, "sapi": 3, "sertft": 4, "limit_wc": 1, "ss": 1}


def templates():
    """One sample record of each code, as `data`."""
    found = {}
    for path in (EVENTS / "array.json", EVENTS / "lines.jsonl", EVENTS / "attacks.json", EVENTS / "api-operations.jsonl", EVENTS / "token-exchange.jsonl"):
        text = path.read_text("utf-8")
        for record in json.loads(text) if text.startswith("[") else map(json.loads, text.splitlines()):
            found.setdefault(record["data"]["type"], record["data"])
    return {code: found.get(code, found["s"]) | {"type": code} for code in MIX}


def events(count, until, rng):
    """Gives records in the order of their time: more by day than by night, few users with many events."""
    shapes, codes, weights = templates(), list(MIX), list(MIX.values())
    step = timedelta(days=7) / count
    for number in range(count):
        when = until - timedelta(days=7) + step * number + rng.random() * step
        if rng.random() < 0.5 and 0 <= when.hour < 6:
            when += timedelta(hours=9)
        code = rng.choices(codes, weights)[0]
        # The busiest user has about one event in 200; ten people administrate.
        person = int(50_000 * rng.random() ** 2) if code != "sapi" else rng.randrange(10)
        country = COUNTRIES[person % 7 if rng.random() < 0.999 else 7]
        ip = f"2001:db8:{person % 9973:x}::{person:x}" if person % 3 else f"198.51.100.{person % 250}"
        log_id = f"900{when:%Y%m%d%H%M%S}{number:039d}"
        yield {"log_id": log_id, "data": shapes[code] | {
            "log_id": log_id, "date": when.isoformat(timespec="milliseconds") + "Z", "ip": ip, "client_id": f"client-{person % 6}", "client_name": CLIENTS[person % 6],
            "user_id": f"auth0|{person:024x}", "user_name": f"person.{person}@example.com",
            "location_info": {"country_code": country[0], "country_name": country[1], "city_name": "", "latitude": 1.5, "longitude": 2.5},
        }}


def bodies(records, size, rng):
    """Cuts records into bodies; now and then one record comes in the next body too."""
    again = []
    while batch := list(itertools.islice(records, size)):
        yield json.dumps(batch + again).encode()
        again = rng.sample(batch, sum(rng.random() < 0.01 for _ in batch))


class Sender:
    """Posts bodies, with one connection a thread."""

    def __init__(self, url, token):
        self.host, self.headers, self.own = urllib.parse.urlsplit(url).netloc, {"Authorization": f"Bearer {token}"}, threading.local()

    def post(self, body):
        if not hasattr(self.own, "connection"):
            self.own.connection = http.client.HTTPConnection(self.host, timeout=60)
        self.own.connection.request("POST", "/", body, self.headers)
        response = self.own.connection.getresponse()
        text = response.read()
        if response.status != 200:
            sys.exit(f"the receiver answered {response.status}: {text.decode()}")
        return json.loads(text)["accepted"]


def send(url, token, count, per_request, until, seed):
    """Gives how many copies were stored."""
    rng, sender, stored = random.Random(seed), Sender(url, token), 0
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        all_bodies = bodies(events(count, until, rng), per_request, rng)
        while some := list(itertools.islice(all_bodies, 64)):
            stored += sum(pool.map(sender.post, some))
    return stored


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--per-request", type=int, default=100)
    parser.add_argument("--until", type=datetime.fromisoformat, default=datetime(2026, 11, 22))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    stored = send(given.url, os.environ["TOKEN"], given.events, given.per_request, given.until, given.seed)
    print(f"{given.events} events sent, {stored} copies stored")


if __name__ == "__main__":
    main()
