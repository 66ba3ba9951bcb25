#!/usr/bin/env python3
"""The receiver as a process: size, start to the first poll of the Runtime API, the first request over HTTPS, and memory for one large
request.

    cargo build --release --bin receiver --example bare && python3 benches/process.py

Needs Linux and Python's standard library. All servers are on loopback; the lake is a temporary folder.
"""

import hashlib
import http.server
import json
import os
import pathlib
import random
import re
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
STARTS = 25


class RuntimeApi(http.server.ThreadingHTTPServer):
    """Lambda's Runtime API: notes when it is polled, gives out events, takes answers."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.polled, self.answered = threading.Event(), threading.Event()
        self.events, self.answers, self.first_poll = [], [], None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def environment(self, lake):
        return {
            "PATH": os.environ["PATH"], "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server_address[1]}", "AWS_REGION": "us-east-1",
            "AWS_LAMBDA_FUNCTION_NAME": "receiver", "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "LAKE_URL": f"file://{lake}", "TOKEN_DIGESTS": "bench=" + hashlib.sha256(b"bench").hexdigest(),
        }


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.server.first_poll is None:
            self.server.first_poll = time.perf_counter()
        self.server.polled.set()
        while not self.server.events:
            time.sleep(0.001)
        body = self.server.events.pop(0)
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "00000000-0000-0000-0000-000000000000")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 30_000))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:receiver")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.server.answers.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.answered.set()

    def log_message(self, *_):
        pass


def start(binary):
    """Seconds from the start of a process to its first poll."""
    api = RuntimeApi()
    began = time.perf_counter()
    process = subprocess.Popen([binary], env=api.environment("/nonexistent"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if not api.polled.wait(20):
            sys.exit(f"{binary} did not poll")
        return api.first_poll - began
    finally:
        process.kill()
        process.wait()
        api.shutdown()


class Bucket(http.server.ThreadingHTTPServer):
    """An S3 server over HTTPS that takes every put; it shares its machine's root certificates with the receiver, and adds its own."""

    daemon_threads = True

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), BucketHandler)
        key, own, roots = (pathlib.Path(folder) / name for name in ("key.pem", "own.pem", "roots.pem"))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", own,
             "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-addext", "basicConstraints=critical,CA:FALSE"], check=True, stderr=subprocess.DEVNULL)
        system = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
        roots.write_bytes(own.read_bytes() + pathlib.Path(system).read_bytes())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.environment = {
            "LAKE_URL": "s3://bench", "AWS_ENDPOINT_URL_S3": f"https://localhost:{self.server_address[1]}", "SSL_CERT_FILE": str(roots),
            "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
        }
        threading.Thread(target=self.serve_forever, daemon=True).start()


class BucketHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def processor_time(pid):
    """Milliseconds of processor time that the threads of a process have taken."""
    threads = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e6


def cold(binary, bucket):
    """Processor time in ms until the first poll and then for each of three one-record requests; time in ms from start to first answer."""
    api = RuntimeApi()
    began = time.perf_counter()
    process = subprocess.Popen([binary], env=api.environment("/nonexistent") | bucket.environment, stdout=subprocess.DEVNULL)
    try:
        api.polled.wait(20)
        taken, first_answer = [processor_time(process.pid)], None
        for _ in range(3):
            api.answered.clear()
            api.events.append(request(batch(6000)))
            if not api.answered.wait(20):
                sys.exit(f"{binary} did not answer")
            first_answer = first_answer or (time.perf_counter() - began) * 1e3
            answer = json.loads(api.answers[-1])
            assert answer["statusCode"] == 200, answer
            taken.append(processor_time(process.pid))
        return [taken[0]] + [after - before for before, after in zip(taken, taken[1:])] + [first_answer]
    finally:
        process.kill()
        process.wait()
        api.shutdown()


def request(body):
    """The event of a request as a Function URL sends it."""
    event = json.loads((ROOT / "events/function-url/array.json").read_text())
    event["headers"]["authorization"], event["body"], event["isBase64Encoded"] = "Bearer bench", body, False
    return json.dumps(event, ensure_ascii=False).encode()


def instructions(binary):
    """Instructions from the start of a process to its first poll, as callgrind counts them: the same on a busy machine."""
    api = RuntimeApi()
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", binary]
    process = subprocess.Popen(command, env=api.environment("/nonexistent"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        if not api.polled.wait(60):
            sys.exit(f"{binary} did not poll under valgrind")
    finally:
        process.terminate()
        report = process.communicate()[1]
        api.shutdown()
    return int(re.search(r"Collected : (\d+)", report)[1])


def batch(size):
    """A JSON array of about so many bytes, made from the everyday samples with other ids."""
    samples = [json.dumps(r, separators=(",", ":")) for r in json.loads((ROOT / "events/array.json").read_text())]
    numbers, records, length = random.Random(7), [], 2
    while length < size - 4096:
        record = re.sub(r"[0-9]{30,}", lambda m: m[0][:20] + "".join(numbers.choices("0123456789", k=len(m[0]) - 20)), numbers.choice(samples))
        records.append(record)
        length += len(record.encode()) + 1
    return "[" + ",".join(records) + "]"


def memory(binary, body):
    """Peak resident memory in MiB of a process that answers one request, and before it."""
    api = RuntimeApi()
    with tempfile.TemporaryDirectory() as lake:
        process = subprocess.Popen([binary], env=api.environment(lake), stdout=subprocess.DEVNULL)
        try:
            api.polled.wait(20)
            before = peak(process.pid)
            api.events.append(request(body))
            if not api.answered.wait(60):
                sys.exit(f"{binary} did not answer")
            answer = json.loads(api.answers[0])
            assert answer["statusCode"] == 200, answer
            return before, peak(process.pid), answer["body"]
        finally:
            process.kill()
            process.wait()
            api.shutdown()


def peak(pid):
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def main():
    receiver, bare = RELEASE / "receiver", RELEASE / "examples/bare"
    print(f"receiver: {receiver.stat().st_size / 1e6:.2f} MB; bare lambda_http program: {bare.stat().st_size / 1e6:.2f} MB")
    pairs = [(start(receiver), start(bare)) for _ in range(STARTS)]
    ours, theirs = (statistics.median(p[i] for p in pairs) * 1e3 for i in (0, 1))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"start to first poll, median of {STARTS}: receiver {ours:.2f} ms, bare {theirs:.2f} ms, ratio {ratio:.2f}")
    if shutil.which("valgrind"):
        ours, theirs = instructions(receiver), instructions(bare)
        print(f"instructions to first poll: receiver {ours / 1e6:.2f} million, bare {theirs / 1e6:.2f} million, ratio {ours / theirs:.2f}")
    with tempfile.TemporaryDirectory() as folder:
        bucket = Bucket(folder)
        starts = [cold(receiver, bucket) for _ in range(STARTS)]
        bucket.shutdown()
    start_up, first, second, third, answered = (statistics.median(column) for column in zip(*starts))
    print(f"over HTTPS, processor time, median of {STARTS}: until the first poll {start_up:.1f} ms, then for the first request {first:.1f} ms, "
          f"the second {second:.1f}, the third {third:.1f}; start to the first answer {answered:.1f} ms")
    everyday = batch(6 << 20)
    tiny = "[" + ",".join(["1"] * (3 << 20))[: (6 << 20) - 2] + "]"
    escapes = '[{"log_id":"x","data":{"details":"' + "\\\\" * ((3 << 20) - 40) + '"}}]'
    members = '{"type":0,"log_id":"x"' + ',"":0' * ((6 << 20) // 5 - 20) + "}"
    bodies = {
        "one record": batch(6000), "everyday records": everyday, "three million numbers": tiny, "one value of backslashes": escapes,
        "one object of a million members": members,
    }
    for name, body in bodies.items():
        before, after, answer = memory(receiver, body)
        print(f"peak memory, {len(body.encode()) / (1 << 20):.2f} MiB of {name}: {after:.1f} MiB (before it {before:.1f}); {answer}")


if __name__ == "__main__":
    main()
