"""What Athena asks of a statement and Trino does not, each with the page that says so."""

import re

import deployed
import pytest
import sqlglot

sql = deployed.sql
# https://docs.aws.amazon.com/athena/latest/ug/service-limits.html: the longest query string.
LONGEST = 262_144
# https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html: partitions that one query may write.
PARTITIONS = 100
# https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html: the properties that are allowed, and the types.
PROPERTIES = {
    "table_type", "format", "write_compression", "optimize_rewrite_data_file_threshold", "optimize_rewrite_delete_file_threshold",
    "vacuum_min_snapshots_to_keep", "vacuum_max_snapshot_age_seconds", "vacuum_max_metadata_files_to_keep", "write_data_path_enabled",
    "optimize_rewrite_min_data_file_size_bytes", "optimize_rewrite_max_data_file_size_bytes", "write_target_data_file_size_bytes",
}
TYPES = {"boolean", "int", "bigint", "double", "float", "date", "string", "binary", "timestamp", "array<string>"}
UPKEEP = [f"{prefix}{name}" for prefix in ("", "alerts_") for name in ("optimize", "vacuum", "erase_begin", "erase", "erase_forget", "erase_check", "erase_end")]
STATEMENTS = {name: sql.statement(name) for name in ("events", "alerts", "event_types", "events_landed", "events_live", "events_once", *UPKEEP, *sql.OCSF)}
MERGES = {window: sql.merge(window, **{"from": "2026-01-01", "to": "2026-04-01"}) for window in sql.windows()}


@pytest.mark.parametrize("name", [*STATEMENTS, *MERGES])
def test_a_statement_is_shorter_than_athena_takes(name):
    assert len(({**STATEMENTS, **MERGES})[name].encode()) < LONGEST


@pytest.mark.parametrize("name", [n for n in [*STATEMENTS, *MERGES] if not n.endswith(("optimize", "vacuum"))])
def test_a_statement_parses_as_athenas(name):
    assert len(sqlglot.parse(({**STATEMENTS, **MERGES})[name].replace("{row_ids}", "'x'").replace("{digests}", "'x'"), read="athena")) == 1


def test_a_scheduled_merge_writes_no_more_days_than_athena_writes_partitions():
    for window in ("hourly", "daily", "weekly"):
        days = [int(n) for n in re.findall(r"INTERVAL '(\d+)' DAY", MERGES[window])]
        # Yesterday and today, and tomorrow for clocks that run ahead.
        assert max(days, default=1) + 2 <= PARTITIONS
    assert re.search(r"INTERVAL '35' DAY", MERGES["weekly"])


@pytest.mark.parametrize("table", ["events", "alerts"])
def test_a_table_names_only_properties_and_types_that_athena_knows(table):
    properties = dict(re.findall(r"'(\w+)' = '([^']*)'", STATEMENTS[table].partition("TBLPROPERTIES")[2]))
    assert properties.keys() <= PROPERTIES
    assert properties["table_type"] == "ICEBERG" and properties["write_compression"] == "zstd"
    assert set(re.findall(r"^  `\w+` (\S+) COMMENT", STATEMENTS[table], re.MULTILINE)) <= TYPES


def test_the_table_quotes_its_names_as_hive_does_since_ddl_is_hives():
    # https://docs.aws.amazon.com/athena/latest/ug/reserved-words.html
    names = re.findall(r"^  (\S+) \S+ COMMENT '[^'\\]*',?$", STATEMENTS["events"], re.MULTILINE)
    assert names == [f"`{column}`" for column in deployed.COLUMNS]


@pytest.mark.parametrize(("prefix", "table"), [("", "events"), ("alerts_", "alerts")])
def test_what_erasing_sets_is_set_back_to_what_the_table_is_made_with(prefix, table):
    values = [dict(re.findall(r"'(\w+)' = '([^']*)'", STATEMENTS[name])) for name in (f"{prefix}erase_begin", f"{prefix}erase_end", table)]
    assert values[0].keys() == values[1].keys() <= PROPERTIES and values[0] != values[1]
    assert values[1].items() <= values[2].items()


def test_5000_ids_fit_a_delete():
    assert len(sql.statement("erase", row_ids=", ".join(["'" + "0" * 32 + "'"] * 5000)).encode()) < LONGEST


def test_upkeep_is_in_athenas_words():
    # https://docs.aws.amazon.com/athena/latest/ug/optimize-statement.html and vacuum-statement.html
    for prefix, table in (("", "events"), ("alerts_", "alerts")):
        assert STATEMENTS[f"{prefix}optimize"] == f"OPTIMIZE {table} REWRITE DATA USING BIN_PACK"
        assert STATEMENTS[f"{prefix}vacuum"] == f"VACUUM {table}"


def test_the_sql_is_what_its_tables_generate():
    for file, text in deployed.generate.FILES.items():
        assert (deployed.PROJECT / "sql" / file).read_text("utf-8") == text(), f"run analysis/run generate: {file}"


def test_type_codes_are_sorted_and_their_names_differ():
    rows = deployed.generate.table("event_types.tsv")
    codes = [row["code"] for row in rows]
    assert codes == sorted(set(codes)) and len(codes) > 180
    assert len({row["name"].lower() for row in rows}) == len(rows)
    assert {row["outcome"] for row in rows} == {"success", "failure", "notice"}
