"""What the checks on engines share: one Trino, the receiver, and lakes with tables over them."""

import itertools
import os
import pathlib
import subprocess

import deployed
import pytest
import records
from moto.server import ThreadedMotoServer
from server import Server

NAMES = itertools.count(1)


@pytest.fixture(scope="session")
def receiver():
    """The local receiver: LOCAL_BIN, or built here."""
    if "LOCAL_BIN" in os.environ:
        return pathlib.Path(os.environ["LOCAL_BIN"]).resolve()
    subprocess.run(["cargo", "build", "--locked", "--quiet", "--release", "--features", "local", "--bin", "local"], cwd=deployed.PROJECT, check=True, timeout=1800)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", deployed.PROJECT / "target")) / "release" / "local"


@pytest.fixture(scope="session")
def aws():
    """The address of Glue and S3 as moto has them."""
    running = ThreadedMotoServer("127.0.0.1", 0)
    running.start()
    yield "http://{}:{}".format(*running.get_host_and_port())
    running.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory, aws):
    running = Server(tmp_path_factory.mktemp("trino"), {"glue": glue(aws)})
    yield running
    running.stop()


def glue(aws):
    """A catalog with tables in Glue and their files in S3, as Athena has them."""
    return {
        "connector.name": "iceberg", "iceberg.catalog.type": "glue", "fs.native-s3.enabled": "true",
        "hive.metastore.glue.endpoint-url": aws, "hive.metastore.glue.region": "us-east-1",
        "hive.metastore.glue.aws-access-key": "key", "hive.metastore.glue.aws-secret-key": "secret",
        "s3.endpoint": aws, "s3.region": "us-east-1", "s3.path-style-access": "true", "s3.aws-access-key": "key", "s3.aws-secret-key": "secret",
    }


@pytest.fixture
def tables(server, receiver):
    """A lake and tables of a test's own."""
    return deployed.Deployed(server, f"lake{next(NAMES)}", receiver)


def bodies():
    samples = sorted((deployed.PROJECT / "events").glob("*.json*"))
    return [sample.read_bytes() for sample in samples] + [f"[{text}]" for text in records.HOSTILE] + records.BROKEN


@pytest.fixture(scope="session", params=["gzip", "zstd", "none"])
def hostile(request, server, receiver):
    """A lake with every sample and every hostile record, in each compression. Its tests only read."""
    tables = deployed.Deployed(server, f"hostile_{request.param}", receiver)
    events, rejects = tables.receive(*bodies(), compression=request.param)
    assert events > 150 and rejects > 20
    return tables
