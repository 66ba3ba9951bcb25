"""The table `events`, which merges fill, read as Iceberg: the snapshot that Glue names, less the rows that were deleted since."""

import importlib
import os
from pathlib import Path

import botocore.exceptions
import botocore.session
import duckdb

from auth0_log_lake.command import Unanswered
from auth0_log_lake.database import quoted, sentence


def open_table(db: duckdb.DuckDBPyConnection, name: str) -> None:
    """Makes the view report.merged over a table of Glue, `database.table`."""
    database, table = name.split(".")
    try:
        where = metadata(database, table)
        for extension in ("httpfs", "avro", "iceberg"):
            db.sql(f"LOAD {quoted(str(packed(extension)))}")
        reach_s3(db)
        db.sql(f"CREATE VIEW report.merged AS SELECT * FROM iceberg_scan({quoted(where)})")
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise Unanswered(f"the table {name} cannot be read: {error}") from None
    except duckdb.Error as error:
        raise Unanswered(f"the table {name} cannot be read: {sentence(error)}") from None


def metadata(database: str, table: str) -> str:
    """Where Glue says that the table's newest metadata is."""
    session = botocore.session.get_session()
    glue = session.create_client("glue", region_name=session.get_config_variable("region") or "us-east-1")
    found = glue.get_table(DatabaseName=database, Name=table)["Table"].get("Parameters", {})
    if "metadata_location" not in found:
        raise Unanswered(f"{database}.{table} is no Iceberg table: --table needs the table that `lake tables` makes, such as auth0_log_lake.events")
    return str(found["metadata_location"])


def packed(extension: str) -> Path:
    """The file of an extension as its Python package brings it."""
    package = importlib.import_module(f"duckdb_extension_{extension}")
    return next(Path(str(package.__file__)).parent.rglob(f"{extension}.duckdb_extension"))


def reach_s3(db: duckdb.DuckDBPyConnection) -> None:
    """Hands over the AWS credentials of this shell."""
    session = botocore.session.get_session()
    credentials = session.get_credentials()
    if credentials is None:
        raise Unanswered("a table needs AWS credentials: aws configure, or AWS_PROFILE=…")
    keys = credentials.get_frozen_credentials()
    secret = {"KEY_ID": keys.access_key, "SECRET": keys.secret_key, "REGION": session.get_config_variable("region") or "us-east-1"}
    if keys.token:
        secret["SESSION_TOKEN"] = keys.token
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        scheme, _, host = endpoint.rstrip("/").partition("://")
        secret |= {"ENDPOINT": host, "URL_STYLE": "path", "USE_SSL": str(scheme == "https").lower()}
    db.sql(f"CREATE SECRET (TYPE s3, {', '.join(f'{key} {quoted(value)}' for key, value in secret.items())})")
