"""The package that cargo-lambda builds and SAM uploads, and the receiver under its emulator, with a lake of files."""

import contextlib
import hashlib
import io
import json
import os
import re
import socket
import subprocess
import time
import zipfile

import pytest
from conftest import PROJECT, REGION, TOKEN
from lambda_runtime import RuntimeApi

ANSWERS = {
    "array.json": 200,
    "broken-record.json": 200,
    "empty-batch.json": 200,
    "get.json": 405,
    "lines-base64.json": 200,
    "logs-object.json": 200,
    "no-token.json": 401,
    "odd-query.json": 401,
    "wrong-token.json": 401,
}


def settings(lake):
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    return {**os.environ, "LAKE_URL": f"file://{lake}", "TOKEN_DIGESTS": f"example={digest}", "AWS_REGION": "us-east-1"}


def objects(lake, kind):
    return sorted(p.relative_to(lake).as_posix() for p in lake.glob(f"{kind}/dt=*/hour=*/*.ndjson.gz"))


@contextlib.contextmanager
def watching(lake, **more):
    """Runs `cargo lambda watch`, as `make watch` does, on the binary that is built; gives its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    log = open(lake.parent / f"watch-{port}.log", "w+")
    command = ["cargo", "lambda", "watch", "--invoke-address", "127.0.0.1", "--invoke-port", port, "--ignore-changes"]
    watch = subprocess.Popen(command, cwd=PROJECT, env={**settings(lake), **more}, stdout=log, stderr=log)
    try:
        wait_until_it_listens(port, watch)
        invoke(port, "function-url/empty-batch.json", timeout=120)
        yield port
    finally:
        watch.terminate()
        watch.wait(timeout=20)
        log.seek(0)
        print(log.read())
        log.close()


@pytest.fixture(scope="module")
def emulator(tmp_path_factory, receiver):
    lake = tmp_path_factory.mktemp("lake")
    with watching(lake) as port:
        yield port, lake


def wait_until_it_listens(port, process, timeout=30):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(port)), timeout=1):
            return
        time.sleep(0.05)
    pytest.fail("the emulator does not listen")


def invoke(port, name, timeout=20):
    return invoked(port, timeout, "--data-file", f"events/{name}")


def invoke_data(port, event):
    return invoked(port, 20, "--data-ascii", json.dumps(event))


def invoked(port, timeout, *arguments):
    command = ["cargo", "lambda", "invoke", "receiver", "--invoke-address", "127.0.0.1", "--invoke-port", port, *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_sample_has_an_expected_answer():
    assert {p.name for p in (PROJECT / "events/function-url").glob("*.json")} == set(ANSWERS)


@pytest.mark.parametrize("name", ANSWERS)
def test_the_emulator_answers_each_sample(emulator, name):
    port, lake = emulator
    answer = invoke(port, f"function-url/{name}")
    assert answer["statusCode"] == ANSWERS[name], answer
    if name == "array.json":
        assert objects(lake, "events")
    if name == "broken-record.json":
        assert objects(lake, "rejects")


def test_the_emulator_stores_the_requests_of_a_queue_and_names_what_is_none(emulator):
    port, lake = emulator
    before = objects(lake, "events")
    answer = invoke(port, "queue/messages.json")
    assert answer == {"batchItemFailures": [{"itemIdentifier": "00000000-0000-4000-8000-000000000003"}]}
    [new] = set(objects(lake, "events")) - set(before)
    assert new.startswith("events/dt=2026-07-01/hour=12/")


def test_under_the_emulator_a_request_waits_in_the_queue_until_the_same_function_is_given_it(aws, tmp_path, receiver):
    lake = tmp_path / "lake"
    url = aws("sqs").create_queue(QueueName="batches")["QueueUrl"]
    queue = {"QUEUE_URL": url, "AWS_ENDPOINT_URL_SQS": aws.endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    with watching(lake, **queue) as port:
        answer = invoke(port, "function-url/array.json")
        assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"queued": True})
        assert objects(lake, "events") == []
        [message] = aws("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        record = {"messageId": message["MessageId"], "body": message["Body"], "eventSource": "aws:sqs"}
        assert invoke_data(port, {"Records": [record]}) == {"batchItemFailures": []}
    assert objects(lake, "events")


@pytest.fixture(scope="module")
def package(aws, tmp_path_factory):
    """The package that SAM uploads of what scripts/deploy has cargo-lambda build, but built quickly: unoptimized."""
    folder = tmp_path_factory.mktemp("package")
    quick = {**os.environ, "CARGO_PROFILE_DEV_DEBUG": "0", "CARGO_INCREMENTAL": "0"}
    build = ["cargo", "lambda", "build", "--bin", "receiver", "--x86-64", "--lambda-dir", folder]
    subprocess.run(build, cwd=PROJECT, env=quick, check=True, timeout=1200)
    template = (PROJECT / "template.yaml").read_text().replace("CodeUri: target/deploy/receiver\n", "CodeUri: receiver\n")
    template = template.replace("CodeUri: target/deploy/gaps-check\n", "CodeUri: receiver\n")  # as where the check is off
    (folder / "template.yaml").write_text(template)
    aws("s3").create_bucket(Bucket="uploads")
    command = ["sam", "package", "--template-file", folder / "template.yaml", "--s3-bucket", "uploads", "--region", REGION]
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": aws.endpoint}
    done = subprocess.run(command, env={**os.environ, **credentials, "SAM_CLI_TELEMETRY": "0"}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    key = re.search(r"CodeUri: s3://uploads/(\S+)", done.stdout)[1]
    uploaded = zipfile.ZipFile(io.BytesIO(aws("s3").get_object(Bucket="uploads", Key=key)["Body"].read()))
    [inside] = uploaded.infolist()
    assert inside.filename == "bootstrap"
    assert inside.external_attr >> 16 & 0o111 == 0o111  # Lambda runs it
    uploaded.extractall(folder / "unpacked")
    (folder / "unpacked/bootstrap").chmod(0o755)
    return folder / "unpacked/bootstrap"


def test_the_package_needs_no_newer_c_library_than_lambda_has(package):
    needed = {tuple(map(int, v.split(b"."))) for v in re.findall(rb"GLIBC_(\d+\.\d+)", package.read_bytes())}
    assert needed and max(needed) <= (2, 34)  # Amazon Linux 2023


def test_the_package_runs_as_lambda_runs_it(package, tmp_path):
    event = json.loads((PROJECT / "events/function-url/array.json").read_text())
    with RuntimeApi() as runtime:
        environment = {**settings(tmp_path), "AWS_LAMBDA_RUNTIME_API": runtime.address}
        for name in ["NAME", "MEMORY_SIZE", "VERSION"]:
            environment[f"AWS_LAMBDA_FUNCTION_{name}"] = "128"
        process = subprocess.Popen([package], env=environment, stdout=subprocess.DEVNULL)
        try:
            assert runtime.invoke(event)["statusCode"] == 200
        finally:
            process.kill()
            process.wait(timeout=10)
    assert objects(tmp_path, "events")


def test_the_package_of_the_check_is_built_as_the_script_has_it_and_says_what_it_lacks(tmp_path):
    script = (PROJECT / "scripts/deploy").read_text()
    arguments = json.loads(re.search(r'check = (\[.*?\])', script)[1].replace(" flag,", ' "--x86-64",').replace("target/deploy", str(tmp_path)))
    quick = {**os.environ, "CARGO_PROFILE_DEV_DEBUG": "0", "CARGO_INCREMENTAL": "0"}
    subprocess.run(["cargo", "lambda", "build", *arguments], cwd=PROJECT, env=quick, check=True, timeout=1200)
    [package] = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert package == tmp_path / "gaps-check/bootstrap"  # the template's CodeUri, and Lambda's name
    needed = {tuple(map(int, v.split(b"."))) for v in re.findall(rb"GLIBC_(\d+\.\d+)", package.read_bytes())}
    assert needed and max(needed) <= (2, 34)  # Amazon Linux 2023
    done = subprocess.run([package], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=20)
    assert done.returncode != 0 and json.loads(done.stderr)["message"] == "AUTH0_DOMAIN must be set; got nothing"
