"""A small world of its own for each seed: events of two tenants come late, twice, in other batches and without a time; merges
of every window run in between, in any order. However it went, the table holds each event once, as it was first received."""

import itertools
import json
import random

import deployed
import pytest
from test_merging import ago, expected
from test_reading import same

from auth0_log_lake import database

WINDOWS = ("hourly", "daily", "weekly")
SEEDS = range(4)


def world(seed):
    """The requests of a world, each a source and its records, in the order in which they come."""
    chance = random.Random(seed)
    events = [(chance.choice(["eu", "us"]), f"w-{n % 45}", chance.choice([0, 0, 1, 5, 30, 24 * 6, 24 * 33])) for n in range(60)]
    requests = []
    for source in ("eu", "us"):
        mine = [(name, hours) for where, name, hours in dict.fromkeys(events) if where == source]
        for start in range(0, len(mine), 7):
            batch = mine[start : start + 7]
            cut = chance.randrange(1, 7)
            # The batch, again whole, in two parts, and some of it beside events of others.
            sent = [batch, batch, batch[:cut], batch[cut:], chance.sample(mine, min(5, len(mine)))]
            requests += [(source, part) for part in sent[: 1 + chance.randrange(5)] if part]
    chance.shuffle(requests)
    return [(source, [record(name, hours, number) for name, hours in dict(part).items()]) for number, (source, part) in enumerate(requests)]


def record(name, hours, number):
    """A copy that says which request brought it. Every seventh event has no time of its own, so each copy gets another."""
    date = {} if int(name[2:]) % 7 == 0 else {"date": ago(hours=hours)}
    return {"log_id": name, "data": {**date, "type": "s", "user_name": f"request-{number}"}}


def deliver(tables, requests):
    receiver = deployed.Receiver(tables.binary, tables.folder)
    try:
        for source, records in requests:
            assert receiver.post(json.dumps(records), source)["accepted"] == len(records)
    finally:
        receiver.stop()


def sent(requests):
    return {(source, record["log_id"]) for source, records in requests for record in records}


def check(tables, requests):
    same(tables.rows(), expected(tables))
    assert sorted(tables.sql("SELECT source, log_id FROM events")) == sorted(sent(requests))


@pytest.mark.parametrize("seed", SEEDS)
def test_merges_between_requests_miss_nothing_double_nothing_and_keep_the_earliest(tables, seed):
    requests, chance = world(seed), random.Random(seed)
    assert sum(len(records) for _, records in requests) > len(sent(requests))
    for start in range(0, len(requests), 4):
        deliver(tables, requests[start : start + 4])
        tables.merge(chance.choice(WINDOWS))
    tables.merge("weekly")
    check(tables, requests)
    files = {path for path in tables.files() if path.suffix == ".parquet"}
    for window in WINDOWS:
        tables.merge(window)
    assert {path for path in tables.files() if path.suffix == ".parquet"} == files


def test_every_order_of_the_windows_gives_the_same_table(tables):
    requests = world(99)
    deliver(tables, requests)
    for order in itertools.permutations(WINDOWS):
        tables.iceberg("DROP TABLE events")
        tables.make_table(live=False)
        for window in order:
            tables.merge(window)
        check(tables, requests)


def test_duckdb_merges_the_same_in_every_order(tables):
    requests = world(7)
    deliver(tables, requests)
    answers = []
    for order in itertools.permutations(WINDOWS):
        db, _ = database.opened(str(tables.folder))
        db.sql("CREATE TABLE merged AS SELECT * FROM events LIMIT 0")
        db.sql("DROP VIEW events_live; DROP VIEW events; ALTER TABLE merged RENAME TO events")
        for window in order:
            db.sql(deployed.sql.transpiled(deployed.sql.merge(window), "duckdb"))
        answers.append(db.sql(f"SELECT {deployed.SELECTED} FROM events").fetchall())
    for rows in answers:
        same(rows, [deployed.flat(row, "microsecond") for row in deployed.once(tables.stored())])
        assert len(rows) == len(sent(requests))
