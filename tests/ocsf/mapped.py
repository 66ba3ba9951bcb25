"""What the views of OCSF make of a lake, on DuckDB."""

import csv
import json
import pathlib
import sys

import published
from auth0_log_lake import database, statements

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT / "sql"), str(PROJECT / "tests/engines")]
import deployed  # noqa: E402
import generate_ocsf  # noqa: E402
import records  # noqa: E402

VIEWS = {class_uid: view for view, (class_uid, _) in generate_ocsf.VIEWS.items()}


def lines():
    """The mapping by type code, as it is read without any of the project's code."""
    with open(PROJECT / "sql/ocsf/types.tsv", encoding="utf-8", newline="") as file:
        return {line["code"]: line for line in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


def received(binary, folder, bodies):
    """Stores bodies as the receiver does, and opens the views over them."""
    receiver = deployed.Receiver(binary, folder)
    try:
        answers = [receiver.post(body) for body in bodies]
    finally:
        receiver.stop()
    db, _ = database.opened(str(folder))
    # Read once: each of the views would read every object again.
    db.sql("CREATE TABLE kept AS SELECT * FROM events")
    db.sql("CREATE OR REPLACE VIEW events AS SELECT * FROM kept")
    return db, sum(answer["accepted"] for answer in answers)


def samples_of_the_project():
    return [path.read_bytes() for path in sorted((PROJECT / "events").glob("*.json*"))] + [f"[{text}]" for text in records.HOSTILE]


def events(db, view, where="true"):
    """The events of a view as JSON has them."""
    found = db.sql(f"SELECT * FROM {view} WHERE {where}")
    return [json.loads(json.dumps(published.as_json(dict(zip(found.columns, row))))) for row in found.fetchall()]


def every(db):
    """The events of all class views."""
    return [event for view in VIEWS.values() for event in events(db, view)]


def with_line(db, code, **changed):
    """Gives one code another line, as a wrong edit of types.tsv would, and says what is wrong with its event then."""
    wrong = [{**line, **(changed if line["code"] == code else {})} for line in lines().values()]
    db.sql(statements.transpiled(generate_ocsf.ocsf_types(wrong), "duckdb"))
    class_uid = int(changed.get("class_uid", lines()[code]["class_uid"]))
    if class_uid not in VIEWS:
        return [f"class_uid: {class_uid} has no view"]
    return [fault for event in events(db, VIEWS[class_uid], f"metadata.event_code = '{code}'") for fault in published.faults(event)]
