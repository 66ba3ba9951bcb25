"""Asks a lake: opens the views of sql/ on a folder or an s3:// address with DuckDB, and prints what they answer."""

import contextlib
import sys
from collections.abc import Sequence
from functools import partial

import duckdb
import sqlglot

from auth0_log_lake import answer, command, database, statements
from auth0_log_lake.command import Unanswered
from auth0_log_lake.lake import Lake

NAME = "query"
# What is asked where nothing is.
OVERVIEW = """
SELECT category, type, code_name, outcome, count(*) AS events, min(event_time) AS earliest, max(event_time) AS latest
FROM events GROUP BY ALL ORDER BY events DESC, type
"""
EXAMPLES = """\
examples:
  lake query
  lake query "SELECT type, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC"
  lake query --lake s3://my-lake/auth0 --since 7d --format csv "SELECT * FROM rejects" > rejects.csv
  lake query < questions.sql

The SQL is DuckDB's or Athena's. The views: events (each event once), events_landed (every stored copy), events_landing
(the rows as stored), rejects, event_types, and ocsf_*. Without SQL, a terminal gets a prompt."""


def main(arguments: Sequence[str]) -> int:
    options = command.parser(NAME, "Asks a lake with SQL.", "an answer with rows missing", EXAMPLES)
    options.add_argument("sql", nargs="?", metavar="SQL", help="statements; without them they are read from a pipe, or typed at a prompt")
    options.add_argument("--format", choices=command.FORMATS, default="table", help="default: table")
    given = options.parse_args(arguments)
    window = command.window_of(given)
    at_prompt = given.sql is None and sys.stdin.isatty()
    sql = given.sql if given.sql is not None else "" if at_prompt else sys.stdin.read()
    db, lake = database.opened(command.lake_of(given), window, needed(sql if sql.strip() or at_prompt else OVERVIEW))
    if sql.strip():
        ask(db, lake, sql, given.format)
    else:
        show_overview(db, lake, given.format)
    if at_prompt:
        prompt(db, lake, given.format)
    return command.FOUND if lake.told(lambda said: command.say(NAME, said)) else command.WELL


def needed(sql: str) -> database.Needs:
    """What a question reads; everything where that cannot be told."""
    try:
        names = {name for statement in duckdb.extract_statements(sql) for name in duckdb.get_table_names(statement.query)}
    except duckdb.Error:
        return database.ALL
    landing = set(database.LANDING.values())
    # The functions query and query_table hide names.
    if not names or "query" in sql.lower() or not names <= {*landing, "event_types", "events", "events_live", "events_landed"}:
        return database.ALL
    if names <= {*landing, "event_types"}:
        return database.Needs(tuple(table for table, view in database.LANDING.items() if view in names), ocsf=False)
    return database.Needs(ocsf=False)


def show_overview(db: duckdb.DuckDBPyConnection, lake: Lake, form: str) -> None:
    ask(db, lake, OVERVIEW, form)
    [[rejected]] = database.past_damage(db, lake, lambda: db.sql("SELECT count(*) FROM rejects").fetchall())
    print(f'{command.counted(rejected, "rejected record")} in rejects. Ask your own: lake query "SELECT … FROM events …"', file=sys.stderr)


def prompt(db: duckdb.DuckDBPyConnection, lake: Lake, form: str) -> None:
    """Answers what is typed, until the end of input."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  input() has history and arrows then
    print("SQL ends with a semicolon; Ctrl-D leaves.")
    typed = ""
    while True:
        try:
            typed += input("  -> " if typed else "lake> ") + "\n"
            if not typed.rstrip().endswith(";"):
                typed = typed if typed.strip() else ""
                continue
            ask(db, lake, typed, form)
        except Unanswered as error:
            command.say(NAME, str(error))
        except KeyboardInterrupt:
            print()
        except EOFError:
            print()
            return
        typed = ""


def ask(db: duckdb.DuckDBPyConnection, lake: Lake, sql: str, form: str) -> None:
    """Prints the answer to each statement."""
    for statement in separate(sql):
        rows = database.past_damage(db, lake, partial(answered, db, statement, form))
        if rows:
            answer.show(rows, form)
        else:
            print("Done; this statement has no rows.", file=sys.stderr)


def separate(sql: str) -> list[str]:
    """The statements of a text: DuckDB's, else Athena's."""
    try:
        return [statement.query for statement in duckdb.extract_statements(sql)]
    except duckdb.Error as error:
        said = error
    try:
        return sqlglot.transpile(sql, read="athena", write="duckdb")
    except sqlglot.errors.SqlglotError:
        raise Unanswered(f"the SQL was not answered: {database.sentence(said)}") from None


def answered(db: duckdb.DuckDBPyConnection, sql: str, form: str) -> answer.Answer | None:
    """The answer to DuckDB's SQL, else to Athena's."""
    try:
        return answer.whole(db.sql(sql), form)
    except database.OF_OBJECTS:
        raise
    except duckdb.Error as error:
        said = error
    try:
        translated = statements.transpiled(sql, "duckdb")
        if translated.strip() != sql.strip():
            return answer.whole(db.sql(translated), form)
    except database.OF_OBJECTS:
        raise
    except (duckdb.Error, sqlglot.errors.SqlglotError):
        pass  # What DuckDB said about the SQL as typed is clearer.
    raise Unanswered(f"the SQL was not answered: {database.sentence(said)}")


def start() -> None:
    command.run(NAME, main)


if __name__ == "__main__":
    start()
