"""The table `events`, which merges fill, read as Iceberg: the snapshot that Glue names, less the rows that were deleted since."""

import pathlib

import botocore.exceptions
import botocore.session
import duckdb

from auth0_log_lake import query


def open_table(db, name):
    """Makes the view report.merged over a table of Glue, `database.table`."""
    database, table = name.split(".")
    try:
        where = metadata(database, table)
        query.reach_s3(db)
        for extension in ("avro", "iceberg"):
            db.sql(f"LOAD {query.quoted(str(packed(extension)))}")
        db.sql(f"CREATE VIEW report.merged AS SELECT * FROM iceberg_scan({query.quoted(where)})")
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, duckdb.Error) as error:
        raise query.Unanswered(f"the table {name} cannot be read: {query.first_line(error)}") from None


def metadata(database, table):
    """Where Glue says that the table's newest metadata lies."""
    session = botocore.session.get_session()
    glue = session.create_client("glue", region_name=session.get_config_variable("region") or "us-east-1")
    found = glue.get_table(DatabaseName=database, Name=table)["Table"].get("Parameters", {})
    if "metadata_location" not in found:
        raise query.Unanswered(f"{database}.{table} is no Iceberg table: TABLE needs the table that make tables makes, such as auth0_log_lake.events")
    return found["metadata_location"]


def packed(extension):
    """The file of an extension as its Python package brings it."""
    package = __import__(f"duckdb_extension_{extension}")
    return next(pathlib.Path(package.__file__).parent.rglob(f"{extension}.duckdb_extension"))
