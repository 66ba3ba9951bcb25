"""A lake that the real receiver writes, and the tables of template.yaml and sql/ over it on Trino."""

import contextlib
import decimal
import gzip
import hashlib
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
from datetime import datetime, timedelta

import zstandard
from auth0_log_lake import statements as sql
from sqlglot import exp, parse_one

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "sql"))
import generate  # noqa: E402
import glue  # noqa: E402

TOKENS = {"eu": "token-of-eu", "us": "token-of-us"}
COLUMNS = [column["column"] for column in generate.COLUMNS]
SELECTED = ", ".join(generate.NAMES)
TIMES = {column["column"] for column in generate.COLUMNS if column["type"] == "timestamp"}
JSON = ["auth0_client", "security_context", '"references"', "event_schema", "details", "unmapped"]


class Receiver:
    """The local receiver as a process that writes into a folder."""

    def __init__(self, binary, folder, compression="gzip", tokens=TOKENS):
        self.tokens = tokens
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        digests = ",".join(f"{source}={hashlib.sha256(token.encode()).hexdigest()}" for source, token in tokens.items())
        env = {**os.environ, "PORT": str(self.port), "LAKE_URL": f"file://{folder}", "TOKEN_DIGESTS": digests, "COMPRESSION": compression}
        self.process = subprocess.Popen([binary], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            if self.process.poll() is not None:
                raise SystemExit("the local receiver did not start")
        self.drain = subprocess.Popen(["cat"], stdin=self.process.stdout, stdout=subprocess.DEVNULL)

    def post(self, body, source="eu"):
        """Posts one body, and gives what was counted."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        body = body if isinstance(body, bytes) else body.encode()
        connection.request("POST", "/", body, {"Authorization": f"Bearer {self.tokens[source]}"})
        response = connection.getresponse()
        text = response.read()
        assert response.status == 200, text
        return json.loads(text)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.drain.wait()


def stored(folder, kind):
    """Every row of a lake as Python's json reads it, copies and all."""
    rows = []
    for path in sorted(pathlib.Path(folder).glob(f"{kind}/*/*/*.ndjson*")):
        packed = path.read_bytes()
        if path.suffix == ".gz":
            packed = gzip.decompress(packed)
        elif path.suffix == ".zst":
            packed = zstandard.ZstdDecompressor().decompressobj().decompress(packed)
        rows += [json.loads(line) for line in packed.decode().removesuffix("\n").split("\n")]
    return rows


def flat(row, unit="millisecond"):
    """One stored row as the columns of `events`, in their order."""
    return tuple(value_of(row, column, unit) for column in generate.COLUMNS)


def value_of(row, column, unit):
    path = column["landing"]
    if path.startswith("types."):
        known = TYPES.get(row["data"].get("type"))
        return known[path.removeprefix("types.")] if known else None
    for name in path.replace('"', "").split("."):
        row = None if row is None else row.get(name)
    if column["type"] == "timestamp" and row is not None:
        return time_of(row, unit)
    return float(row) if column["type"] == "double" and row is not None else row


TYPES = {row["code"]: row for row in generate.table("event_types.tsv")}


def time_of(text, unit):
    """A stored time to the engine's unit: Trino rounds to milliseconds, the others cut to microseconds."""
    second, _, fraction = text.partition(".")
    digits, rounding = {"millisecond": (3, decimal.ROUND_HALF_UP), "microsecond": (6, decimal.ROUND_DOWN)}[unit]
    rounded = (decimal.Decimal("0." + (fraction or "0")) * 10**digits).to_integral_value(rounding)
    return datetime.fromisoformat(second) + timedelta(**{f"{unit}s": int(rounded)})


def once(rows):
    """The stored rows with the earliest received of each id."""
    kept = {}
    for row in rows:
        order = (row["p_parse_time"], row["ingest"]["request_id"], row["p_event_time"])
        if row["p_row_id"] not in kept or order < kept[row["p_row_id"]][0]:
            kept[row["p_row_id"]] = (order, row)
    return [row for _, row in kept.values()]


class Deployed:
    """One lake and one database."""

    def __init__(self, server, name, binary):
        self.server, self.name, self.binary = server, name, binary
        self.folder = server.folder / name / "lake"
        for kind in ("events", "rejects"):
            (self.folder / kind).mkdir(parents=True)
        self.table = server.folder / name / "table"
        server.sql(f"CREATE SCHEMA {name}")
        for table, kind in (("events_landing", "events"), ("rejects", "rejects")):
            self.sql(landing_ddl(table, f"local:///{name}/lake/{kind}"))
        self.sql(sql.statement("event_types"))
        self.sql(sql.statement("events_landed"))
        self.make_table()

    def make_table(self, left_out=(), live=True):
        self.iceberg(table_ddl(f"local:///{self.name}/table", left_out))
        if live:
            self.sql(sql.statement("events_live"))

    def sql(self, text, **session):
        return self.server.sql(text, schema=self.name, **session)

    def iceberg(self, text, **session):
        return self.server.sql(text, catalog="iceberg", schema=self.name, **session)

    def named(self, text):
        return self.server.named(text, schema=self.name)

    def run(self, text):
        return self.server.run(text, schema=self.name)

    def receive(self, *bodies, source="eu", compression="gzip"):
        """Stores bodies, each as a request of its own, and gives how many events and rejects they were."""
        receiver = Receiver(self.binary, self.folder, compression)
        try:
            answers = [receiver.post(body, source) for body in bodies]
        finally:
            receiver.stop()
        return sum(a["accepted"] for a in answers), sum(a["rejected"] for a in answers)

    def merge(self, window="range", **filled):
        self.sql(sql.merge(window, **filled))

    def range(self, kind="events"):
        """The days that hold an object. Seventeen years of empty partitions would take half a minute to list."""
        days = sorted(path.name.removeprefix("dt=") for path in (self.folder / kind).iterdir())
        return {"from": days[0], "to": str(datetime.fromisoformat(days[-1]).date() + timedelta(days=1))}

    def days(self, kind="events"):
        return "dt >= '{from}' AND dt < '{to}'".format(**self.range(kind))

    def stored(self, kind="events"):
        return stored(self.folder, kind)

    def rows(self, relation="events"):
        return self.sql(f"SELECT {SELECTED} FROM {relation}")

    def files(self):
        return {path for path in self.table.rglob("*") if path.is_file()}


def landing_ddl(table, location):
    """Trino's way to say what template.yaml has Glue say of a landing table."""
    properties = glue.table(table)
    partitions = []
    for key in properties["PartitionKeys"]:
        said = {k.removeprefix(f"projection.{key['Name']}."): v for k, v in properties["Parameters"].items() if k.startswith(f"projection.{key['Name']}.")}
        options = [f"partition_projection_type = '{said['type'].upper()}'", f"partition_projection_range = ARRAY[{', '.join(repr(v) for v in said['range'].split(','))}]"]
        options += [f"partition_projection_format = '{said['format']}'"] if "format" in said else []
        options += [f"partition_projection_interval = {said['interval']}", f"partition_projection_interval_unit = '{said['interval.unit']}'"] if "interval" in said else []
        options += [f"partition_projection_digits = {said['digits']}"] if "digits" in said else []
        partitions.append(f"{key['Name']} {sql.as_type(key['Type'], 'trino')} WITH ({', '.join(options)})")
    columns = [f'"{name}" {sql.as_type(kind, "trino")}' for name, kind in glue.columns(table).items()]
    serde = {"org.apache.hive.hcatalog.data.JsonSerDe": "JSON", "org.openx.data.jsonserde.JsonSerDe": "OPENX_JSON"}
    return (
        f"CREATE TABLE {table} ({', '.join(columns + partitions)}) WITH ("
        f"format = '{serde[properties['StorageDescriptor']['SerdeInfo']['SerializationLibrary']]}', external_location = '{location}', "
        f"partitioned_by = ARRAY[{', '.join(repr(key['Name']) for key in properties['PartitionKeys'])}], partition_projection_enabled = true, "
        f"partition_projection_location_template = '{location}/dt=${{dt}}/hour=${{hour}}')"
    )


def table_ddl(location, left_out=()):
    """Trino's way to say events.sql, read by sqlglot: types, partitions, format."""
    parsed = parse_one(sql.statement("events", location=location), read="athena")
    columns = [f'"{c.name}" {trino_type(c.kind)}' for c in parsed.find_all(exp.ColumnDef) if c.name not in left_out]
    return f"CREATE TABLE events ({', '.join(columns)}) WITH ({properties('events', location)})"


def properties(table, location):
    partitions = re.search(r"PARTITIONED BY \((\w+\(\w+\))\)", sql.statement(table))[1]
    return f"format = 'PARQUET', location = '{location}', partitioning = ARRAY['{partitions}']"


def alerts_ddl(location):
    """Trino's way to say alerts.sql."""
    parsed = parse_one(sql.statement("alerts", location=location), read="athena")
    columns = [f"{c.name} {trino_type(c.kind)}" for c in parsed.find_all(exp.ColumnDef)]
    return f"CREATE TABLE IF NOT EXISTS alerts ({', '.join(columns)}) WITH ({properties('alerts', location)})"


def trino_type(kind):
    """Iceberg holds microseconds."""
    return kind.sql("trino").replace("TIMESTAMP", "TIMESTAMP(6)")
