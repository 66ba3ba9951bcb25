"""`lake query`: every row and column in every form, SQL from an argument or a pipe, and errors in one sentence."""

import csv
import io
import json
import os
import pty
import subprocess
import sys

import pytest
import stored
from conftest import make
from stored import event, reject

from auth0_log_lake import answer, visible

PROGRAM = [sys.executable, "-m", "auth0_log_lake.query"]


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Twelve thousand events in one object."""
    lake = tmp_path_factory.mktemp("many") / "lake"
    rows = [event(str(number), "2026-11-03 12:00:00", type="s", user_name=f"user-{number}") for number in range(12_000)]
    stored.write(lake, rows[:1])
    (file,) = lake.glob("events/*/*/*")
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return lake


def rows_of(said, form):
    if form == "json":
        return [row["user_name"] for row in json.loads(said)]
    lines = [line for line in said.splitlines() if line.startswith("user-")]
    return [line.strip() for line in lines]


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_no_row_is_left_out(run, many, form):
    said = run("query", "--lake", many, "--format", form, "SELECT user_name FROM events")
    assert said.code == 0 and sorted(rows_of(said.out, form)) == sorted(f"user-{number}" for number in range(12_000))


def test_no_column_is_left_out_or_cut(run, lake):
    stored.write(lake, rejects=[reject("2026-11-03 12:00:00", "malformed_json", "long " * 500)])
    columns = ["received_at", "reason", "detail", "index", "source", "request_id", "p_row_id", "raw", "raw_base64", "dt", "hour"]
    table = run("query", "--lake", lake, "SELECT * FROM rejects").out
    assert [name.strip() for name in table.splitlines()[0].split("│")] == columns and ("long " * 500).strip() in table
    assert next(csv.reader(io.StringIO(run("query", "--lake", lake, "--format", "csv", "SELECT * FROM rejects").out))) == columns
    [row] = json.loads(run("query", "--lake", lake, "--format", "json", "SELECT * FROM rejects").out)
    assert list(row) == columns and row["raw"] == "long " * 500 and row["hour"] == 12 and row["raw_base64"] is None


def test_each_statement_is_answered(run, samples):
    said = run("query", "--lake", samples, "--format", "csv", stdin="SELECT 1 AS a; CREATE TABLE t AS SELECT ';' AS b; SELECT b, 2 AS b FROM t;\n-- the end\n")
    assert (said.code, said.out) == (0, "a\n1\nb,b\n;,2\n") and "this statement has no rows" in said.err


def test_two_columns_of_one_name_are_two_members(run, samples):
    said = run("query", "--lake", samples, "--format", "json", "SELECT 1 AS a, 2 AS a, 3 AS a_2, 'nan'::DOUBLE AS n, [1.5] AS l, NULL AS z")
    assert json.loads(said.out) == [{"a": 1, "a_2": 2, "a_2_2": 3, "n": "NaN", "l": [1.5], "z": None}]


def test_values_are_whole_in_csv_and_json_and_visible_in_a_table(run, samples):
    sql = "SELECT 'a' || chr(27) || chr(8238) || chr(10) || '\"é' AS x"
    table, comma, as_json = (run("query", "--lake", samples, "--format", form, sql).out for form in ("table", "csv", "json"))
    assert "a\\u001b\\u202e\\n\"é" in table and list(csv.reader(io.StringIO(comma)))[1] == ["a\x1b\u202e\n\"é"]
    assert json.loads(as_json)[0]["x"] == "a\x1b\u202e\n\"é" and "\x1b" not in as_json and "\u202e" not in as_json


@pytest.mark.parametrize("hidden", ["\x00", "\x1b", "\x7f", "\x85", "\x9b", "\u200b", "\u200e", "\u2028", "\u2029", "\u202e", "\u2066", "\ufeff", "\U000e0041"])
def test_what_hides_or_acts_is_escaped(hidden):
    assert visible.visible(f"a{hidden}b") == f"a{visible.escaped(hidden)}b" and visible.escaped(hidden).isascii()


def test_a_table_lines_up_also_with_wide_letters():
    out = io.StringIO()
    answer.table(["name", "n"], iter([[("日本", "1"), ("é", None), ("e\u0301", "22")]]), out)
    assert out.getvalue().splitlines() == ["name │ n", "─────┼─────", "日本 │ 1", "é    │ NULL", "e\u0301    │ 22"]


def test_without_sql_it_shows_what_happened_and_how_much_was_rejected(run, samples):
    said = run("query", "--lake", samples)
    assert said.code == 0 and said.out.splitlines()[2].split("│")[1].strip() == "s" and "19 rejected records in rejects" in said.err


def test_a_window_bounds_the_rows_of_every_view(run, samples):
    def count(table, *window):
        return int(run("query", "--lake", samples, "--format", "csv", *window, f"SELECT count(*) FROM {table}").out.split()[1])

    days = ("--since", "2026-11-18", "--until", "2026-11-18")
    by_hand = [row for row in stored.rows(samples, "events") if row["p_event_time"].startswith("2026-11-18")]
    assert count("events", *days) == count("events_landing", *days) == len(by_hand) > 0
    assert count("rejects", *days) == 0 < count("rejects", "--since", "2026-11-23T03:00Z")


def test_it_takes_athenas_sql_too(run, samples):
    sql = "SELECT count(*) AS n FROM events WHERE json_extract_scalar(details, '$.qs.x') IS NOT NULL OR type <> 'it''s'"
    assert run("query", "--lake", samples, sql).code == 0
    assert run("query", "--lake", samples, "SELECT date_format(event_time, '%Y') FROM events LIMIT 1").code == 0


def test_a_view_behind_a_function_or_a_name_is_read_too(run, samples):
    for sql in ("FROM query('SELECT count(*) FROM events')", "SELECT count(*) FROM rejects, query_table('events')", "DESCRIBE events; SELECT count(*) FROM events",
                "CREATE VIEW v AS FROM events_live; SELECT count(*) FROM v", "SELECT count(*) FROM ocsf_authentication"):
        said = run("query", "--lake", samples, "--format", "csv", sql)
        assert said.code == 0 and int(said.out.split()[-1]) > 100, sql


@pytest.mark.parametrize(("sql", "sentence"), [
    ("SELEC 1", 'the SQL was not answered: Parser Error: syntax error at or near "SELEC"'),
    ("SELECT colour FROM events", 'the SQL was not answered: Binder Error: Referenced column "colour" not found'),
    ("SELECT * FROM nothing", "the SQL was not answered: Catalog Error: Table with name nothing does not exist!"),
    ("SELECT CAST(type AS INTEGER) FROM events", "the SQL was not answered: Conversion Error: Could not convert string"),
])
def test_wrong_sql_is_one_sentence_and_code_2(run, samples, sql, sentence):
    said = run("query", "--lake", samples, sql)
    assert (said.code, said.out) == (2, "") and sentence in said.err and said.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--since", "July"], ["--until", ""], ["--since", "2026-07-02", "--until", "2026-07-01"], ["--format", "xml"], ["--lak", "x"]])
def test_wrong_usage_is_code_2(run, samples, arguments):
    assert run("query", "--lake", samples, *arguments, "SELECT 1").code == 2


def test_a_reader_that_has_seen_enough_ends_it_quietly(many):
    with subprocess.Popen([*PROGRAM, "--lake", many, "SELECT * FROM events"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""


def test_a_terminal_gets_a_prompt(samples):
    leader, follower = pty.openpty()
    with subprocess.Popen([*PROGRAM, "--lake", samples], stdin=follower, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as running:
        os.close(follower)
        os.write(leader, b"SELECT count(*)\nFROM rejects;\nSELEC 1;\nSELECT 7 AS seven;\n\x04")
        said = running.stdout.read().decode()
    os.close(leader)
    assert running.returncode == 0 and "\n19\n" in said and "Parser Error" in said and "\n7\n" in said


def test_make_passes_sql_and_lake_as_they_were_typed(tmp_path):
    lake = stored.write(tmp_path / "lake $HOME [it's]", rejects=[reject("2026-11-03 12:00:00", "malformed_json", "x")])
    said = make("query", "SQL=SELECT '$(shell id) `id` \"$HOME\" it''s' AS a -- b", f"LAKE={lake}")
    assert said.returncode == 0 and "$(shell id) `id` \"$HOME\" it's" in said.stdout, said.stderr
