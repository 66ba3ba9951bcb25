"""The reader: paths are literal, and an object that is damaged, empty or foreign costs its own rows alone."""

import gzip
import json
import os

import boto3
import pytest
import stored
import zstandard
from botocore.config import Config
from stored import login, reject

NAMES = [
    "lake1", "lake2", "lake[12]", "lake [prod]", "source=auth0", "dt=backup", "hour=7", "a?b", "a*b", "{a,b}", "it's", 'quo"te', "back\\slash", "$HOME",
    "%41", "new\nline", "ünï", "lake;", "-lake", "~lake", "dt=2026-01-01/hour=01",
]
ROWS = "SELECT dt, hour, source, raw FROM rejects"


def one_row(folder, name):
    return stored.write(folder, [login(name, "2026-11-03 12:00:00", "ann")], [reject("2026-11-03 13:00:00", "malformed_json", name)])


def test_a_lakes_path_is_no_pattern_and_no_partition(run, tmp_path):
    for name in NAMES:
        one_row(tmp_path / name, name)
    for name in NAMES:
        said = run("query", "--format", "json", f"--lake={tmp_path / name}", ROWS)
        assert (said.code, said.err) == (0, ""), name
        assert '"dt": "2026-11-03", "hour": 13, "source": "eu"' in said.out and said.out.count("\n") == 3
    assert run("query", f"--lake=file://{tmp_path / 'a?b'}", ROWS).code == 0
    assert run("detect", f"--lake={tmp_path / 'lake [prod]'}").out.endswith("in 1 event.\n")


def test_a_relative_lake_that_starts_with_a_tilde_or_is_the_folder_itself_is_read(run, tmp_path, monkeypatch):
    one_row(tmp_path / "lake[1]", "here")
    monkeypatch.chdir(tmp_path / "lake[1]")
    assert run("query", "--lake", ".", ROWS).code == 0


@pytest.mark.parametrize("prefix", ["", "lake [prod]/", "a?b/", "a*b/", "source=auth0/", "dt=backup/hour=1/", "a+b c/", "100%/", "ü/"])
def test_a_prefix_in_s3_is_no_pattern_and_no_partition(run, s3, tmp_path, prefix):
    bucket = f"literal-{len(prefix)}-{sum(prefix.encode())}"
    s3(one_row(tmp_path / "lake", "mine"), bucket, prefix)
    s3(one_row(tmp_path / "other", "theirs"), bucket, "other/")
    said = run("query", "--format", "csv", "--lake", f"s3://{bucket}/{prefix}", ROWS)
    assert (said.code, said.out, said.err) == (0, "dt,hour,source,raw\n2026-11-03,13,eu,mine\n", "")


def damaged(lake):
    """A lake of one row a day, most of it spoiled; returns what must be said of each path."""
    stored.write(lake, [login(str(day), f"2026-11-{day:02} 12:00:00", "ann") for day in range(1, 20)])
    files = iter(sorted(lake.glob("events/*/*/*.ndjson")))

    def spoiled(change, suffix=""):
        file = next(files)
        content = file.read_bytes()
        file.unlink()
        file = file.with_name(file.name + suffix)
        file.write_bytes(change(content))
        return str(file.relative_to(lake))

    zstd = zstandard.ZstdCompressor().compress
    says = {
        spoiled(lambda row: gzip.compress(row)[:100], ".gz"): "it cannot be unpacked: the data end too early",
        spoiled(lambda row: gzip.compress(row)[:-4], ".gz"): "it cannot be unpacked: the data end too early",
        spoiled(lambda row: gzip.compress(row)[:-8] + bytes(8), ".gz"): "it cannot be unpacked",
        spoiled(lambda row: row, ".gz"): "it cannot be unpacked",
        spoiled(lambda row: b"", ".gz"): "it is empty",
        spoiled(lambda row: gzip.compress(b""), ".gz"): "it is empty",
        spoiled(lambda row: gzip.compress(b"\n\n"), ".gz"): "it is empty",
        spoiled(lambda row: zstd(row)[:-20], ".zst"): "it cannot be unpacked",
        spoiled(lambda row: b""): "it is empty",
        spoiled(lambda row: row[: len(row) // 2]): "its last line is cut off",
        spoiled(lambda row: row + row[: len(row) // 2]): "its last line is cut off",
        spoiled(lambda row: b'{"hello":1}\n'): "it has lines that are not rows",
        spoiled(lambda row: row + b'{"hello":1}\n'): "it has lines that are not rows",
        spoiled(lambda row: b"[" + row.rstrip() + b"]\n"): "its last line is cut off",
        # These look whole: DuckDB finds them.
        spoiled(lambda row: row.replace(b'"log_id"', b'"log_id')): "Malformed JSON",
        spoiled(lambda row: row.replace(b"ann@", b"\xff@")): "Malformed JSON",
        spoiled(lambda row: row.replace(b"2026-11-", b"someday-")): "JSON transform error",
    }
    left = next(files)
    for name in ("._" + left.name + ".gz", "other.ndjson", left.name + "~"):
        left.with_name(name).write_text('{"hello":1}\n')
        says[str(left.with_name(name).relative_to(lake))] = "the receiver writes no such name"
    os.mkfifo(left.with_name(left.name.replace("-0000", "-ffff")))
    says[str(left.relative_to(lake)).replace("-0000", "-ffff")] = "it is empty"
    for folder in ("events/dt=backup/hour=01", "events/dt=2026-11-03/deep", "rejects/old"):
        (lake / folder).mkdir(parents=True)
        (lake / folder / left.name).write_bytes(left.read_bytes())
    (lake / "events/dt=2026-11-03/deep").joinpath("x").write_text("x")
    says |= dict.fromkeys(["events/dt=backup/", "events/dt=2026-11-03/deep/", "rejects/old/"], "the receiver writes no such name")
    return says


@pytest.fixture
def spoiled(lake):
    return damaged(lake)


@pytest.mark.parametrize("command", [
    ("query", "--format", "csv", "SELECT count(*), max(event_time) FROM events"), ("detect",), ("report", "--since", "2026-11-01", "--until", "2026-11-30"),
])
def test_what_is_damaged_empty_or_foreign_is_named_and_costs_its_own_rows_alone(run, lake, spoiled, tmp_path, command):
    out = ["--out", tmp_path / "page.html"] if command[0] == "report" else []
    said = run(command[0], "--lake", lake, *out, *command[1:])
    assert said.code == 1
    for path, why in spoiled.items():
        assert f"{command[0]}: skipped {path}: {why}" in said.err, path
    assert said.err.count("skipped") == len(spoiled)
    assert {"query": "2,2026-11-19 12:00:00", "detect": "0 hits of", "report": "has 2 events"}[command[0]] in said.out


def test_a_lake_in_s3_is_read_past_what_is_damaged_too(run, s3, lake, spoiled):
    (fifo,) = [path for path in lake.rglob("*") if path.is_fifo()]
    fifo.unlink()
    said = run("query", "--lake", s3(lake, "damaged", "auth0/"), "--format", "csv", "SELECT count(*) FROM events")
    assert (said.code, said.out) == (1, "count_star()\n2\n")
    del spoiled[str(fifo.relative_to(lake))]
    assert all(f"skipped {path}: {why}" in said.err for path, why in spoiled.items())


def test_damage_of_one_day_or_table_does_not_end_a_question_about_another(run, lake):
    stored.write(lake, [login(str(day), f"2026-11-0{day} 12:00:00", "ann") for day in (1, 2)], [reject("2026-11-01 12:00:00", "malformed_json", "x")])
    first = sorted(lake.glob("events/*/*/*"))[0]
    first.write_bytes(b"{")
    assert run("query", "--lake", lake, "--since", "2026-11-02", "SELECT type FROM events").code == 0
    assert run("query", "--lake", lake, "SELECT raw FROM rejects").code == 0
    said = run("query", "--lake", lake, "SELECT type FROM events")
    assert said.code == 1 and "(1 row)" in said.out


def test_a_key_and_a_sender_cannot_write_to_the_terminal(run, lake):
    stored.write(lake, [login("1", "2026-11-03 12:00:00", "a\x1b[2Jb\u202ec\u2028d\x9be")])
    (lake / "events" / "\x1b[31mred").write_text("x")
    said = run("query", "--lake", lake, "SELECT user_name FROM events")
    assert "a\\u001b[2Jb\\u202ec\\u2028d\\u009be@example.com" in said.out and "events/\\u001b[31mred" in said.err
    assert (said.out + said.err).replace("\n", "").isprintable()


@pytest.mark.parametrize(("where", "sentence"), [
    ("/no/such/lake", "there is no lake in /no/such/lake"), ("s3://", "names no bucket"), ("s3://no-such-bucket", "the lake cannot be listed"),
    ("s3://empty/elsewhere", "the lake s3://empty/elsewhere is empty: there is no object under events/ or rejects/"), ("{empty}", "is empty"),
])
@pytest.mark.parametrize("command", ["query", "detect"])
def test_a_lake_that_cannot_be_read_is_one_sentence_and_code_2(run, s3, lake, command, where, sentence):
    s3(lake, "empty")
    said = run(command, "--lake", where.format(empty=lake), *(["SELECT 1"] if command == "query" else []))
    assert (said.code, said.out) == (2, "") and sentence in said.err and said.err.count("\n") == 1


def test_a_stack_says_where_its_lake_is(run, s3, lake):
    resources = {"LakeBucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "lake-of-a-stack"}}}
    template = {"Parameters": {"LakePrefix": {"Type": "String"}}, "Resources": resources, "Outputs": {"Bucket": {"Value": {"Ref": "LakeBucket"}}}}
    # One attempt: a slow server would be asked twice to create the same stack.
    cloudformation = boto3.client("cloudformation", config=Config(retries={"max_attempts": 0}, read_timeout=300))
    cloudformation.create_stack(StackName="logs", TemplateBody=json.dumps(template), Parameters=[{"ParameterKey": "LakePrefix", "ParameterValue": "auth0/"}])
    cloudformation.create_stack(StackName="other", TemplateBody=json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}))
    s3(one_row(lake, "mine"), "lake-of-a-stack", "auth0/")
    assert "mine" in run("query", "--stack", "logs", ROWS).out
    for name, sentence in {"nothing": "the stack nothing cannot be read", "other": "the stack other has no output Bucket"}.items():
        said = run("query", "--stack", name, ROWS)
        assert said.code == 2 and sentence in said.err
