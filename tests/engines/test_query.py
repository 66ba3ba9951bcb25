"""`make query` as the documents write it, good and bad input both."""

import contextlib
import os
import re
import subprocess

import boto3
import deployed
import pytest
from conftest import bodies
from moto.server import ThreadedMotoServer


@pytest.fixture(scope="module")
def lake(receiver, tmp_path_factory):
    folder = tmp_path_factory.mktemp("query") / "lake"
    folder.mkdir()
    running = deployed.Receiver(receiver, folder)
    for body in bodies():
        running.post(body)
    running.stop()
    return folder


def make(*arguments, cwd=deployed.PROJECT, **env):
    return subprocess.run(["make", "--no-print-directory", "-C", str(cwd), *arguments], env={**os.environ, **env}, capture_output=True, text=True, timeout=600)


def answered(*arguments, **env):
    result = make(*arguments, **env)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_query_alone_shows_what_happened_and_how_much_was_rejected(lake):
    said = answered("query", f"LAKE={lake}")
    rejects = len(deployed.stored(lake, "rejects"))
    assert re.search(r"│ login +│ s +│", said) and f"{rejects} rejected records in rejects" in said


def test_query_with_sql_prints_the_answer(lake):
    said = answered("query", 'SQL=SELECT count(*) AS n, count(DISTINCT row_id) AS ids FROM events', f"LAKE={lake}")
    once = len(deployed.once(deployed.stored(lake, "events")))
    assert re.search(rf"│ +{once} │ +{once} │", said)


def test_query_takes_athenas_words_too_dollars_and_quotes_among_them(lake):
    sql = """SELECT count(*) AS n FROM events WHERE json_extract_scalar(details, '$.qs.x') IS NOT NULL AND type <> 'it''s'"""
    said = answered("query", f"SQL={sql}", f"LAKE={lake}")
    assert re.search(r"│ +\d+ │", said)


@contextlib.contextmanager
def in_s3(lake, bucket, prefix):
    """Serves a lake over S3's protocol on loopback, and gives the environment in which a command finds it."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    try:
        endpoint = "http://{}:{}".format(*server.get_host_and_port())
        s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret")
        s3.create_bucket(Bucket=bucket)
        for path in lake.rglob("*.ndjson.gz"):
            s3.upload_file(str(path), bucket, f"{prefix}/{path.relative_to(lake)}")
        keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
        yield {**keys, "AWS_ENDPOINT_URL_S3": endpoint}
    finally:
        server.stop()


def test_query_reads_a_lake_in_s3(lake):
    with in_s3(lake, "lake-of-a-test", "auth0") as env:
        said = answered("query", "SQL=SELECT count(*) FROM events", "LAKE=s3://lake-of-a-test/auth0/", **env)
        assert re.search(rf"│ +{len(deployed.once(deployed.stored(lake, 'events')))} │", said)
        refused = make("query", "LAKE=s3://no-such-bucket", **env)
        assert refused.returncode != 0 and "query: the lake" in refused.stderr and "Traceback" not in refused.stderr


@pytest.mark.parametrize(("sql", "where", "sentence"), [
    ("SELECT 1", "/no/such/lake", "query: there is no lake in /no/such/lake: LAKE needs a folder that holds events/, or s3://bucket/prefix"),
    ("SELECT 1", None, "query: the lake {empty} is empty: there is no object under events/ or rejects/"),
    ("SELEC 1", "lake", "query: the SQL was not answered: Parser Error: syntax error at or near \"SELEC\""),
    ("SELECT colour FROM events", "lake", "query: the SQL was not answered: Binder Error: Referenced column \"colour\" not found"),
])
def test_query_says_in_a_sentence_what_is_wrong(lake, tmp_path, sql, where, sentence):
    where = {"lake": str(lake), None: str(tmp_path)}.get(where, where)
    result = make("query", f"SQL={sql}", f"LAKE={where}")
    assert result.returncode != 0 and sentence.format(empty=tmp_path) in result.stderr
    assert "Traceback" not in result.stderr
