#!/usr/bin/env python3
"""Asks a lake: opens the views of sql/ on a folder or an s3:// address with DuckDB, and prints one answer.

    make query
    make query SQL="SELECT type, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC" [LAKE=folder or s3://bucket/prefix]

The SQL is DuckDB's, or Athena's: what DuckDB does not take is translated. The views are events (each event once),
events_landed (every stored copy), events_landing (the rows as stored), rejects, event_types, and those of ocsf/.
"""

import os
import pathlib
import signal
import sys

import duckdb
from auth0_log_lake import statements

# What is asked where nothing is.
OVERVIEW = """
SELECT category, type, code_name, outcome, count(*) AS events, min(event_time) AS earliest, max(event_time) AS latest
FROM events GROUP BY ALL ORDER BY events DESC, type
"""
LARGEST_ROW = 64 << 20


class Unanswered(Exception):
    """A sentence for the person who asked."""


def main():
    asked = os.environ.get("QUERY_SQL", "").strip()
    where = os.environ.get("QUERY_LAKE", "").strip() or "lake"
    try:
        db = opened(where)
        answer = ask(db, asked or OVERVIEW)
        if answer is None:
            print("Done; this statement gives no rows.")
        else:
            answer.show(max_rows=10_000)
        if not asked:
            rejected = db.sql("SELECT count(*) FROM rejects").fetchall()[0][0]
            print(f"{rejected} rejected records in rejects. Ask your own: make query SQL=\"SELECT … FROM events …\"")
    except Unanswered as error:
        sys.exit(f"query: {error}")


def opened(where):
    """A database with the views over a lake that holds something."""
    db = duckdb.connect()
    if not any(open_lake(db, where)):
        raise Unanswered(f"the lake {where} is empty: there is no object under events/ or rejects/; make run stores some in ./lake")
    return db


def open_lake(db, where):
    """Makes the views over a lake, and says of its events and its rejects whether there are any."""
    root = where.removeprefix("file://").rstrip("/")
    db.sql("SET TimeZone = 'UTC'")
    if root.startswith("s3://"):
        reach_s3(db)
    elif not pathlib.Path(root).is_dir():
        raise Unanswered(f"there is no lake in {where}: LAKE needs a folder that holds events/, or s3://bucket/prefix; make run makes one in ./lake")
    found = [view_of(db, table, f"{root}/{folder}/*/*/*.ndjson*") for table, folder in (("events_landing", "events"), ("rejects", "rejects"))]
    for view in statements.VIEWS + statements.OCSF:
        db.sql(statements.transpiled(statements.statement(view), "duckdb"))
    db.sql("CREATE VIEW events_live AS SELECT * FROM events")
    return found


def view_of(db, table, files):
    """Makes the view of a landing table, and says whether it has an object."""
    columns = {name: statements.as_type(kind, "duckdb") for name, kind in statements.landing_columns(table).items()}
    try:
        there = db.sql(f"SELECT count(*) FROM glob({quoted(files)})").fetchall()[0][0] > 0
    except duckdb.Error as error:
        raise Unanswered(f"the lake cannot be listed: {first_line(error)}") from None
    if there:
        partitions = {"dt": "VARCHAR", "hour": "INTEGER"}
        rows = db.read_json(files, format="newline_delimited", columns=columns, hive_partitioning=True, hive_types=partitions, maximum_object_size=LARGEST_ROW)
        rows.create_view(table)
    else:
        nothing = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in [*columns.items(), ("dt", "VARCHAR"), ("hour", "INTEGER")])
        db.sql(f"CREATE VIEW {table} AS SELECT {nothing} WHERE false")
    return there


def reach_s3(db):
    """Loads the extension that the package brought, and hands over the AWS credentials of this shell."""
    import botocore.session
    import duckdb_extension_httpfs as httpfs

    extension = next(pathlib.Path(httpfs.__file__).parent.rglob("httpfs.duckdb_extension"))
    db.sql(f"LOAD '{extension}'")
    session = botocore.session.get_session()
    credentials = session.get_credentials()
    if credentials is None:
        raise Unanswered("an s3:// lake needs AWS credentials: aws configure, or AWS_PROFILE=…")
    keys = credentials.get_frozen_credentials()
    secret = {"KEY_ID": keys.access_key, "SECRET": keys.secret_key, "REGION": session.get_config_variable("region") or "us-east-1"}
    if keys.token:
        secret["SESSION_TOKEN"] = keys.token
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        scheme, _, host = endpoint.rstrip("/").partition("://")
        secret |= {"ENDPOINT": host, "URL_STYLE": "path", "USE_SSL": str(scheme == "https").lower()}
    db.sql(f"CREATE SECRET (TYPE s3, {', '.join(f'{key} {quoted(value)}' for key, value in secret.items())})")


def ask(db, sql):
    """Gives the answer to DuckDB's SQL, else to Athena's."""
    try:
        return run(db, sql)
    except duckdb.Error as error:
        said = error
    try:
        translated = statements.transpiled(sql, "duckdb")
        if translated.strip() != sql.strip():
            return run(db, translated)
    except (duckdb.Error, statements.sqlglot.errors.SqlglotError):
        pass  # What DuckDB said of the SQL as typed is clearer.
    raise Unanswered(f"the SQL was not answered: {said}")


def run(db, sql):
    """Runs it whole, so that an error comes here."""
    answer = db.sql(sql)
    return answer if answer is None else answer.execute()


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def first_line(error):
    return str(error).split("\n")[0]


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `make query | head` ends quietly
    main()
