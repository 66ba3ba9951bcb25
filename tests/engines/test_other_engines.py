"""DuckDB, Spark and ClickHouse read the same objects and give the same rows, by the SQL of sql/ as sqlglot says it for them."""

import os

import deployed
import pytest
from test_reading import same

from auth0_log_lake import database, statements


def expected(tables, unit):
    return [deployed.flat(row, unit) for row in tables.stored()]


def test_duckdb_reads_every_row_with_every_value_and_gives_each_event_once(hostile):
    db, _ = database.opened(str(hostile.folder))
    same(db.sql(f"SELECT {deployed.SELECTED} FROM events_landed").fetchall(), expected(hostile, "microsecond"))
    same(db.sql(f"SELECT {deployed.SELECTED} FROM events").fetchall(), [deployed.flat(row, "microsecond") for row in deployed.once(hostile.stored())])
    for column in deployed.JSON:
        assert db.sql(f"SELECT count(*) FROM events WHERE NOT json_valid({column})").fetchone() == (0,)
    rejects = db.sql('SELECT reason, "index", raw, raw_base64 FROM rejects').fetchall()
    same(rejects, [(row["reason"], row["index"], row.get("raw"), row.get("raw_base64")) for row in hostile.stored("rejects")])


@pytest.fixture(scope="session")
def spark():
    from home import SPARK_JAVA, java

    os.environ["JAVA_HOME"] = str(java(*SPARK_JAVA).parent.parent)
    from pyspark.sql import SparkSession

    settings = {"spark.ui.enabled": "false", "spark.sql.session.timeZone": "UTC", "spark.driver.memory": "2g", "spark.driver.bindAddress": "127.0.0.1",
                "spark.sql.timestampType": "TIMESTAMP_NTZ", "spark.sql.shuffle.partitions": "2"}
    builder = SparkSession.builder.master("local[2]")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


def test_spark_reads_every_row_with_every_value_and_gives_each_event_once(hostile, spark):
    if hostile.name.endswith("zstd"):
        pytest.skip("Spark reads .zst with Hadoop's native library alone, which PyPI's Spark does not bring")
    columns = deployed.glue.columns("events_landing")
    schema = ", ".join(f"`{name}` {deployed.sql.as_type(kind, 'spark')}" for name, kind in columns.items())
    rows = spark.read.schema(schema + ", dt string, hour int").option("mode", "FAILFAST").json(str(hostile.folder / "events"))
    rows.createOrReplaceTempView("events_landing")
    for view in statements.VIEWS:
        spark.sql(statements.transpiled(statements.statement(view), "spark").replace("CREATE OR REPLACE VIEW", "CREATE OR REPLACE TEMPORARY VIEW"))
    got = spark.sql(f"SELECT {deployed.SELECTED} FROM events_landed".replace('"', "`")).collect()
    same([tuple(row) for row in got], expected(hostile, "microsecond"))
    got = spark.sql(f"SELECT {deployed.SELECTED} FROM events".replace('"', "`")).collect()
    same([tuple(row) for row in got], [deployed.flat(row, "microsecond") for row in deployed.once(hostile.stored())])


def test_clickhouse_reads_every_row_with_every_value(hostile):
    from chdb.session import Session

    columns = {name: clickhouse(kind) for name, kind in deployed.glue.columns("events_landing").items()}
    schema = ", ".join(f"`{name}` {kind}" for name, kind in columns.items()).replace("'", "\\'")
    files = f"file('{hostile.folder}/events/*/*/*.ndjson*', 'JSONEachRow', '{schema}')"
    selected = ", ".join(f"{column['landing']} AS `{column['column']}`" for column in deployed.generate.COLUMNS if not column["landing"].startswith("types."))
    session = Session()
    answer = session.query(f"SELECT {selected} FROM {files}", "JSONCompactEachRow")
    got = [clickhouse_row(line) for line in answer.bytes().decode().removesuffix("\n").split("\n")]
    unknown = [deployed.COLUMNS.index(name) for name in ("code_name", "category", "outcome")]
    known = [[value for at, value in enumerate(row) if at not in unknown] for row in expected(hostile, "microsecond")]
    same(got, known)


def clickhouse(hive):
    """A Hive type as ClickHouse has it, where what is absent is null or an empty array."""
    from sqlglot import exp

    def said(kind):
        if kind.is_type("struct"):
            return "Tuple(" + ", ".join(f"`{member.name}` {said(member.kind)}" for member in kind.expressions) + ")"
        if kind.is_type("array"):
            return f"Array({said(kind.expressions[0])})"
        return f"Nullable({({'VARCHAR': 'String', 'TEXT': 'String', 'INT': 'Int32', 'DOUBLE': 'Float64', 'BOOLEAN': 'Bool', 'TIMESTAMP': 'DateTime64(9)'})[kind.this.value]})"

    return said(exp.DataType.build(hive, dialect="hive"))


def clickhouse_row(line):
    import json

    values = json.loads(line)
    columns = [column for column in deployed.generate.COLUMNS if not column["landing"].startswith("types.")]
    for at, column in enumerate(columns):
        if column["type"] == "timestamp" and values[at] is not None:
            values[at] = deployed.time_of(values[at], "microsecond")
        if column["type"] == "array<string>" and values[at] == []:
            values[at] = None  # ClickHouse has no null array
    return values
