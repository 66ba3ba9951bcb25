"""What the tests of the package share: lakes without a receiver, and commands that run in this process."""

import contextlib
import io
import pathlib
import subprocess
import sys
from types import SimpleNamespace

import boto3
import pytest
import stored
from moto.server import ThreadedMotoServer

from auth0_log_lake import detect, query, report
from auth0_log_lake.command import Unanswered

PROJECT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = {"query": query.main, "detect": detect.main, "report": report.main}


@pytest.fixture
def run(capsys, monkeypatch):
    """Runs a command as its program does, and returns its exit code, output and errors."""

    def run(name, *arguments, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        try:
            code = COMMANDS[name]([str(argument) for argument in arguments])
        except (Unanswered, SystemExit) as end:
            code = 2 if isinstance(end, Unanswered) else end.code
            print(end, file=sys.stderr)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return SimpleNamespace(code=code, out=out, err=err)

    return run


@pytest.fixture(scope="session")
def samples(tmp_path_factory):
    """The lake that the receiver makes of every sample."""
    return stored.golden(tmp_path_factory.mktemp("samples") / "lake")


@pytest.fixture
def lake(tmp_path):
    folder = tmp_path / "lake"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def s3_server():
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def s3(s3_server, monkeypatch):
    """Puts a folder into a bucket, where commands find it."""
    given = {"AWS_ENDPOINT_URL": s3_server, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")

    def put(folder, bucket, prefix=""):
        with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou):
            client.create_bucket(Bucket=bucket)
        for path in folder.rglob("*"):
            if path.is_file():
                client.put_object(Bucket=bucket, Key=f"{prefix}{path.relative_to(folder)}", Body=path.read_bytes())
        return f"s3://{bucket}/{prefix}"

    put.client = client
    return put


def make(*arguments, **options):
    """Types a command as the documents write it."""
    command = ["make", "--no-print-directory", "-C", str(PROJECT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, **{"stdin": subprocess.DEVNULL, **options})
