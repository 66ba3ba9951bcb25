"""`make report` of the merged table: Trino writes Iceberg into S3 and Glue, as Athena does; DuckDB reads what is left of it."""

import os
import subprocess
import sys

import boto3
import deployed
import pytest

sys.path.append(str(deployed.PROJECT / "tests/analysis"))
from page import Page  # noqa: E402

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture
def merged(tables, aws):
    """The table `events` of a database in Glue, with its files in S3; gives a way to change it."""
    boto3.client("s3", endpoint_url=aws, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret").create_bucket(Bucket=bucket(tables))

    def run(text):
        return tables.server.sql(text, catalog="glue", schema=tables.name)

    run(f"CREATE SCHEMA {tables.name} WITH (location = 's3://{bucket(tables)}/')")
    run(deployed.table_ddl(f"s3://{bucket(tables)}/tables/events"))
    return run


def bucket(tables):
    return f"{tables.name}-of-a-test"


def report(aws, out, **variables):
    command = ["make", "--no-print-directory", "-C", str(deployed.PROJECT), "report", *(f"{name}={value}" for name, value in {"OUT": out, **variables}.items())]
    return subprocess.run(command, env={**os.environ, **KEYS, "AWS_ENDPOINT_URL": aws}, capture_output=True, text=True, timeout=600)


def login(name, hour, type="s", **data):
    return f'{{"log_id":"{name}","data":{{"date":"2026-07-01T{hour:02}:00:00Z","type":"{type}","user_id":"{name}","ip":"192.0.2.1"}}}}'


def test_report_of_the_table_shows_the_rows_that_are_left(tables, merged, aws, tmp_path):
    tables.receive(*(login(f"u-{n}", n) for n in range(6)), login("failed", 7, "fp"), login("gone", 8), "not an event")
    # The same two events in other bytes: the same bytes in the same hour would be the same object.
    tables.receive(*(login(f"u-{n}", n).replace(":", ": ", 1) for n in (1, 2)))
    tables.merge(**tables.range())
    merged(f"INSERT INTO events SELECT {deployed.SELECTED} FROM iceberg.{tables.name}.events")
    merged("DELETE FROM events WHERE log_id = 'gone'")
    merged("UPDATE events SET user_id = 'renamed' WHERE log_id = 'u-3'")
    assert merged('SELECT count(*) FROM "events$files" WHERE content = 1')[0][0] > 0, "the deletes are files of their own, as Athena writes them"
    window = {"SINCE": "2026-07-01", "UNTIL": "2026-07-01", "TABLE": f"{tables.name}.events"}
    result = report(aws, tmp_path / "page.html", **window)
    assert result.returncode == 0, result.stderr
    page = Page((tmp_path / "page.html").read_text("utf-8"))
    assert (page.facts["Events"], page.facts["Failed logins"], page.facts["Users"], page.facts["Rejected records"]) == ("7", "1", "7", "–")
    assert sorted(row[0] for row in page.body("Users")) == ["failed", "renamed", "u-0", "u-1", "u-2", "u-4", "u-5"]
    assert "Give --lake too to count them" in page.words
    # With the lake beside it: its copies and its rejects too.
    result = report(aws, tmp_path / "both.html", LAKE=tables.folder, SINCE="2026-07-01", TABLE=f"{tables.name}.events")
    assert result.returncode == 0, result.stderr
    page = Page((tmp_path / "both.html").read_text("utf-8"))
    assert (page.facts["Events"], page.facts["Stored rows"], page.facts["Rejected records"]) == ("7", "10", "1")
    assert page.facts["Surplus"] == "2"


@pytest.mark.parametrize(("table", "sentence"), [
    ("lake.other", "report: the table lake.other cannot be read: An error occurred (EntityNotFoundException)"),
    ("nowhere.events", "report: the table nowhere.events cannot be read: An error occurred (EntityNotFoundException)"),
])
def test_report_of_a_table_that_is_not_there_says_so(merged, aws, tmp_path, table, sentence):
    result = report(aws, tmp_path / "page.html", TABLE=table)
    assert result.returncode == 2 and sentence in result.stderr and "Traceback" not in result.stderr
