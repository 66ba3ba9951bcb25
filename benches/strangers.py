#!/usr/bin/env python3
"""What strangers and thieves cost: refusals of any size, and hostile messages in the queue among others.

    cargo build --release --bin receiver && python3 benches/strangers.py

Needs Linux and Python's standard library. It measures the release binary, or the one that RECEIVER_BIN names, between a Runtime API
and an S3 server on loopback that takes 20 ms a put.
"""

import asyncio
import datetime as dt
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time

import process
from process import RELEASE, RuntimeApi, batch, peak, processor_time

BINARY = os.environ.get("RECEIVER_BIN", RELEASE / "receiver")
REPEATS = 25
PUT = 0.020
BODY = 5_500_000


class SlowBucket(asyncio.Protocol):
    """One connection of an S3 server that takes every put after a while, and keeps none."""

    puts = 0

    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""

    def data_received(self, data):
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
        if found and len(body) >= length:
            self.buffer = body[length:]
            SlowBucket.puts += 1
            asyncio.get_running_loop().call_later(PUT, self.transport.write, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def bucket():
    """Starts the S3 server; returns its port."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(SlowBucket, "127.0.0.1", 0))
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return server.sockets[0].getsockname()[1]


class Function:
    """The binary as Lambda runs it."""

    def __init__(self, environment):
        self.api = RuntimeApi()
        environment = self.api.environment(environment.pop("folder", "/nonexistent")) | environment
        self.child = subprocess.Popen([BINARY], env=environment, stdout=subprocess.DEVNULL)
        assert self.api.polled.wait(60), f"{BINARY} did not poll"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        self.api.shutdown()

    def invoke(self, event, within=120):
        """Returns the answer to an event, and the processor time that it took, in ms."""
        before = processor_time(self.child.pid)
        self.api.answered.clear()
        self.api.events.append(event)
        assert self.api.answered.wait(within), "no answer"
        answer = json.loads(self.api.answers.pop())
        time.sleep(0.002)  # what the function does after its answer belongs to the request
        return answer, processor_time(self.child.pid) - before


def event(body, token, is_body_first=False, method="POST"):
    """The event of a request, as a Function URL sends it or with its body in front."""
    whole = json.loads(process.request(body))
    whole["headers"]["authorization"], whole["requestContext"]["http"]["method"] = f"Bearer {token}", method
    if is_body_first:
        whole = {"body": whole.pop("body")} | whole
    return json.dumps(whole, ensure_ascii=False).encode()


def refusals():
    everyday, quotes = batch(BODY), '"' * 3_000_000
    events = {
        "read only: an event of 5.5 MB that breaks at its first byte": (b"x" * BODY, 400),
        "401, one record": (event(batch(6000), "wrong"), 401),
        "401, 5.5 MB of records": (event(everyday, "wrong"), 401),
        "401, 5.5 MB of records, body in front": (event(everyday, "wrong", is_body_first=True), 401),
        "401, 3 million quotes": (event(quotes, "wrong"), 401),
        "401, 3 million quotes, body in front": (event(quotes, "wrong", is_body_first=True), 401),
        "405, 5.5 MB of records": (event(everyday, "wrong", method="GET"), 405),
        "200, 5.5 MB of records": (event(everyday, "bench"), 200),
    }
    with tempfile.TemporaryDirectory() as folder, Function({"folder": folder}) as function:
        for name, (sent, status) in events.items():
            answers = [function.invoke(sent) for _ in range(REPEATS + 1)][1:]
            taken = statistics.median(milliseconds for _, milliseconds in answers)
            statuses = {answer.get("statusCode") for answer, _ in answers}
            print(f"{name}: {taken:.2f} ms of processor time" + ("" if statuses == {status} else f", answered {statuses}"))


def message(source, name, first_hour, hours):
    """A queued message with an event in each of these hours."""
    start = dt.datetime(2011, 1, 1, tzinfo=dt.UTC)
    times = (start + dt.timedelta(hours=first_hour + hour) for hour in range(hours))
    records = "".join(f'{{"_id":{name}{at:04},"date":"{when:%Y-%m-%dT%H:%M:%SZ}"}}\n' for at, when in enumerate(times))
    return f'{{"source":"{source}","request_id":"r","received_at":{int(time.time() * 1000)}}}\n{records}'


def hostile():
    """120 messages of 44 KB and 1,000 hours each from one source, and two of another: delivered until all are stored."""
    waiting = {f"hostile-{i}": message("thief", f"1{i:03}", 1000 * i, 1000) for i in range(120)}
    waiting |= {f"innocent-{i}": message("acme", f"2{i:03}", 7, 1) for i in range(2)}
    s3 = {"LAKE_URL": "s3://bench", "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{bucket()}", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}
    with Function({**s3, "_HANDLER": "drain"}) as function:
        for count in range(1, 11):
            attributes = {"ApproximateReceiveCount": str(count)}
            records = [{"messageId": name, "body": text, "eventSource": "aws:sqs", "attributes": attributes} for name, text in waiting.items()]
            began, puts = time.perf_counter(), SlowBucket.puts
            answer, taken = function.invoke(json.dumps({"Records": records}).encode())
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
            innocent = sum(name.startswith("innocent") for name in failed)
            print(f"delivery {count}: {len(waiting)} messages, {len(failed)} not stored, {innocent} of them innocent; {SlowBucket.puts - puts} puts, "
                  f"{time.perf_counter() - began:.1f} s, {taken / 1e3:.1f} s of processor time, peak {peak(function.child.pid):.0f} MiB")
            waiting = {name: text for name, text in waiting.items() if name in failed}
            if not waiting:
                return


if __name__ == "__main__":
    refusals()
    hostile()
