#!/usr/bin/env python3
"""Loads the local receiver: throughput, latency, memory over a long run, and what a stranger's requests cost.

    cargo build --release --features local --bin local
    python3 benches/load.py

Needs Linux, Python's standard library and `hey` (Debian: apt-get install hey; Go: go install github.com/rakyll/hey@latest);
it installs nothing. Everything is on loopback, the lake is a temporary folder, and every run has a number of
requests and a longest time. Processor time is that of the receiver alone, so it says the same on a busy machine.
It fails where a request is answered with another status, where a 401 costs more than a tenth of a one-record 200, or
where the median of the memory in the second half of the long run is more than a tenth above that of the first.

    cargo lambda watch --release --invoke-port 9001     (in another terminal, with the settings in its environment)
    python3 benches/load.py --url http://127.0.0.1:9001/lambda-url/receiver/

loads a receiver that is already running, such as the Lambda under its emulator, and gives throughput and latency alone.
"""

import argparse
import csv
import hashlib
import io
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

PROJECT = pathlib.Path(__file__).parent.parent
TOKEN = "local-development-token"
BEARER = f"Bearer {TOKEN}"
TICKS = os.sysconf("SC_CLK_TCK")
# Longest time for one run of the load generator, in seconds.
LONGEST = 300


class Receiver:
    """The receiver on a port of its own, with a lake of its own."""

    def __init__(self, binary, lake):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        digest = hashlib.sha256(TOKEN.encode()).hexdigest()
        environment = {"LAKE_URL": f"file://{lake}", "TOKEN_DIGESTS": f"dev={digest}", "PORT": str(self.port)}
        self.process = subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{self.port}/"
        while self.process.poll() is None:
            try:
                urllib.request.urlopen(self.url)
            except urllib.error.HTTPError:
                return  # 405: it listens.
            except urllib.error.URLError:
                continue
        raise SystemExit("the receiver did not start")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mib(self, name="VmRSS"):
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


class Running:
    """A receiver that somebody else started, of which only the answers are seen."""

    def __init__(self, url):
        self.url = url

    def cpu_seconds(self):
        return float("nan")


def load(receiver, body, requests, connections, status, token=BEARER):
    """Sends one body so many times; gives processor time a request, requests a second, p50 and p99."""
    command = ["hey", "-n", str(requests), "-c", str(connections), "-t", "30", "-o", "csv", "-m", "POST", "-D", str(body)]
    if token:
        command += ["-H", f"Authorization: {token}"]
    before = receiver.cpu_seconds()
    output = subprocess.run([*command, receiver.url], capture_output=True, text=True, timeout=LONGEST, check=True).stdout
    spent = receiver.cpu_seconds() - before
    answers = list(csv.DictReader(io.StringIO(output)))
    wrong = [answer for answer in answers if answer["status-code"] != str(status)]
    if wrong or not answers:
        raise SystemExit(f"{len(wrong)} of {len(answers)} answers are not {status}")
    times = sorted(float(answer["response-time"]) for answer in answers)
    ends = max(float(answer["offset"]) + float(answer["response-time"]) for answer in answers)
    return {
        "cpu_us": spent / len(answers) * 1e6,
        "per_second": len(answers) / ends,
        "p50_ms": times[len(times) // 2] * 1e3,
        "p99_ms": times[len(times) * 99 // 100] * 1e3,
    }


def show(name, figures):
    cost = f"  {figures['cpu_us']:9.1f} µs of processor a request" if figures["cpu_us"] >= 0 else ""
    times = f"p50 {figures['p50_ms']:8.2f} ms  p99 {figures['p99_ms']:8.2f} ms"
    print(f"{name:34} {figures['per_second']:9.0f} req/s  {times}{cost}", flush=True)


def bodies(folder):
    """The bodies that are sent: a record whose time is that of its request makes a new object each time."""
    record = '{"log_id":"load","data":{"type":"s","description":"Success Login","ip":"192.0.2.1","user_name":"someone@example.com"}}'
    sample = (PROJECT / "events" / "array.json").read_text().strip()
    many = "[" + ",".join([sample[1:-1]] * (5_500_000 // len(sample))) + "]"
    made = {"one": f"[{record}]", "large": many, "stranger": "x" * 1_000_000}
    for name, text in made.items():
        (folder / name).write_text(text)
    return {**{name: folder / name for name in made}, "batch": PROJECT / "events" / "array.json"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(PROJECT / "target" / "release" / "local"))
    parser.add_argument("--requests", type=int, default=5_000, help="of one record, and of a stranger (default 5000)")
    parser.add_argument("--rounds", type=int, default=100, help="rounds of the long run (default 100)")
    parser.add_argument("--url", help="a receiver on loopback that is already running, and knows the development token")
    arguments = parser.parse_args()
    if arguments.rounds < 2:
        parser.error("a long run has two rounds or more")
    if shutil.which("hey") is None:
        raise SystemExit("benches/load.py needs hey: apt-get install hey, or go install github.com/rakyll/hey@latest")
    if arguments.url:
        with tempfile.TemporaryDirectory() as folder:
            return answer_times(Running(loopback(arguments.url)), bodies(pathlib.Path(folder)), arguments.requests)
    if not pathlib.Path(arguments.binary).exists():
        raise SystemExit("no receiver: cargo build --release --features local --bin local")
    with tempfile.TemporaryDirectory() as folder:
        receiver = Receiver(arguments.binary, pathlib.Path(folder) / "lake")
        try:
            passed = run(receiver, bodies(pathlib.Path(folder)), arguments)
        finally:
            receiver.process.terminate()
            receiver.process.wait()
    sys.exit(0 if passed else 1)


def loopback(url):
    if urllib.parse.urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise SystemExit(f"--url must be of this machine; got {url}")
    return url


def answer_times(receiver, body, requests, connections=16):
    """Loads with requests that are stored; gives the figures of one record."""
    load(receiver, body["one"], 200, connections, 200)
    one = load(receiver, body["one"], requests, connections, 200)
    show("one record, 200", one)
    show("14 records, 200, stored before", load(receiver, body["batch"], requests, connections, 200))
    show("5.5 MB, 200, stored before", load(receiver, body["large"], 40, 4, 200))
    return one


def run(receiver, body, arguments):
    requests, connections = arguments.requests, 16
    one = answer_times(receiver, body, requests)
    costs = []
    for name, text, token in [("no token", "one", None), ("wrong token", "one", "Bearer wrong"), ("no token, 1 MB", "stranger", None)]:
        # More of them, since processor time comes in hundredths of a second.
        count = 4 * requests if text == "one" else requests // 10
        figures = load(receiver, body[text], count, connections, 401, token)
        show(f"{name}, 401", figures)
        if text == "one":
            costs.append(figures["cpu_us"] / one["cpu_us"])
    print(f"a 401 costs {max(costs):.3f} of a one-record 200 in processor time")
    memory = []
    for _ in range(arguments.rounds):
        load(receiver, body["one"], requests // 10, connections, 200)
        load(receiver, body["batch"], requests // 10, connections, 200)
        load(receiver, body["large"], 4, 2, 200)
        memory.append(receiver.memory_mib())
    half = len(memory) // 2
    first, second = statistics.median(memory[:half]), statistics.median(memory[half:])
    growth = second / first - 1
    print(f"memory in MiB after each of {len(memory)} rounds: {' '.join(f'{mib:.0f}' for mib in memory)}; peak {receiver.memory_mib('VmHWM'):.0f}")
    print(f"its median is {first:.1f} MiB in the first half and {second:.1f} MiB in the second, {growth:+.1%}")
    return max(costs) <= 0.1 and growth <= 0.1


if __name__ == "__main__":
    main()
