"""What the checks on engines share: one Trino, the receiver, and lakes with tables over them."""

import itertools
import os
import pathlib
import subprocess

import deployed
import pytest
import records
from server import Server

NAMES = itertools.count(1)


@pytest.fixture(scope="session")
def receiver():
    """The local receiver: LOCAL_BIN, or built here."""
    if "LOCAL_BIN" in os.environ:
        return pathlib.Path(os.environ["LOCAL_BIN"]).resolve()
    subprocess.run(["cargo", "build", "--quiet", "--release", "--features", "local", "--bin", "local"], cwd=deployed.PROJECT, check=True, timeout=1800)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", deployed.PROJECT / "target")) / "release" / "local"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("trino"))
    yield running
    running.stop()


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
