#!/usr/bin/env python3
"""Measures the bytes that the receiver stores an event, for the cost sheet: real-looking samples of events/, in one hour.

    target/engines-venv/bin/python tests/engines/stored.py PATH_OF_THE_LOCAL_RECEIVER
"""

import json
import pathlib
import re
import sys
import tempfile

import deployed

# Samples that show odd, broken or new things, and another form of the same.
ODD = {"broken-records", "management-api-export", "new-fields", "odd-shapes"}
PER_REQUEST = (1, 10, 100)


def values(text):
    """The JSON values of a sample: those of its array, of its `logs`, or of its lines."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text) and (at := re.compile(r"[\[\s,]*").match(text, at).end()) < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError:
            return  # where the sample is cut off
        yield from value["logs"] if "logs" in value else [value]
        if text[at : at + 1] == "]":
            return


def records():
    """Every usual record, its time moved into one hour, as Auth0 sends what happens now."""
    samples = sorted(path for path in (deployed.PROJECT / "events").glob("*.json*") if path.stem not in ODD)
    found = [record for sample in samples for record in values(sample.read_text("utf-8-sig"))]
    for number, record in enumerate(found):
        record["data"]["date"] = f"2026-07-01T12:{number % 60:02}:{number * 7 % 60:02}.{number * 37 % 1000:03}Z"
    return found


def bytes_an_event(binary, per_request, sent):
    """What the receiver stores, compressed, an event."""
    with tempfile.TemporaryDirectory() as folder:
        receiver = deployed.Receiver(binary, folder)
        try:
            for start in range(0, len(sent), per_request):
                batch = sent[start : start + per_request]
                assert receiver.post(compact(batch))["accepted"] == len(batch)
        finally:
            receiver.stop()
        objects = list(pathlib.Path(folder).glob("events/*/*/*.ndjson.gz"))
        assert len(objects) == -(-len(sent) // per_request)
        return sum(path.stat().st_size for path in objects) / len(sent)


def compact(batch):
    return json.dumps(batch, separators=(",", ":"), ensure_ascii=False)


def main():
    sent = records()
    print(f"{len(sent)} records, {sum(len(compact(record).encode()) for record in sent) / len(sent):.0f} bytes each as sent")
    for per_request in PER_REQUEST:
        print(f"{per_request} a request: {bytes_an_event(sys.argv[1], per_request, sent):.0f} bytes stored an event")


if __name__ == "__main__":
    main()
