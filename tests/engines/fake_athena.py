"""Athena's API on loopback, with a real Trino behind it: takes Athena's own syntax, and refuses what only Trino would take."""

import http.server
import json
import re
import threading
import time
import uuid

import deployed
import trino

# Statements that Athena has and Trino says in another way.
DDL = {
    r"CREATE TABLE IF NOT EXISTS events \(": lambda tables, text: tables.iceberg(made(tables, text)),
    r"CREATE TABLE IF NOT EXISTS alerts \(": lambda tables, text: tables.iceberg(alerts(tables, text)),
    r"ALTER TABLE events ADD COLUMNS \(": lambda tables, text: [tables.iceberg(column) for column in added(text)] and [],
    r"SHOW CREATE TABLE events_landing$": lambda tables, text: [("LOCATION",), ("  's3://lake/auth0/events/'",), ("TBLPROPERTIES (",)],
    r"OPTIMIZE (events|alerts) REWRITE DATA USING BIN_PACK$": lambda tables, text: tables.iceberg(f"ALTER TABLE {text.split()[1]} EXECUTE optimize"),
    r"VACUUM (events|alerts)$": lambda tables, text: [vacuumed(tables, text.split()[1], step) for step in ("expire_snapshots", "remove_orphan_files")] and [],
    # They set when OPTIMIZE and VACUUM do something; here they always do.
    r"ALTER TABLE (events|alerts) SET TBLPROPERTIES \(": lambda tables, text: [],
    # Trino finds a table's own tables in the catalog of Iceberg alone.
    r"SELECT\s+\(SELECT count\(\*\) FROM (events|alerts) WHERE": lambda tables, text: tables.iceberg(text),
}


def vacuumed(tables, table, step):
    return tables.iceberg(f"ALTER TABLE {table} EXECUTE {step}(retention_threshold => '0s')")


def run(tables, text):
    """Runs a statement of Athena's on Trino."""
    for start, do in DDL.items():
        if re.match(start, text):
            return do(tables, text)
    names, rows = tables.named(text)
    return [names, *rows] if text.startswith("SELECT") else rows


def made(tables, text):
    assert "LOCATION 's3://lake/auth0/tables/events/'" in text, text
    return deployed.table_ddl(f"local:///{tables.name}/table").replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS")


def alerts(tables, text):
    assert "LOCATION 's3://lake/auth0/tables/alerts/'" in text, text
    return deployed.alerts_ddl(f"local:///{tables.name}/alerts")


def added(text):
    columns = re.findall(r"`(\w+)` ([\w<>]+)", text)
    return [f'ALTER TABLE events ADD COLUMN "{name}" {deployed.trino_type(deployed.exp.DataType.build(kind, dialect="hive"))}' for name, kind in columns]


class Athena:
    """The workgroups of one stack over the tables of one lake. `fail` gives a statement an error in place of running it."""

    def __init__(self, tables):
        self.tables, self.statements, self.ended, self.pages, self.fail = tables, [], {}, [], lambda text: None
        self.workgroups = {"primary": [], "a-stack": [], "a-stack-merge": [], "a-stack-upkeep": []}
        athena = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = json.dumps(getattr(athena, self.headers["X-Amz-Target"].partition(".")[2])(asked)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()

    def StartQueryExecution(self, asked):  # noqa: N802
        text, name = asked["QueryString"].strip(), str(uuid.uuid4())
        self.statements.append(text)
        assert asked["QueryExecutionContext"]["Database"] == self.tables.name
        assert asked["WorkGroup"] == {"MERGE": "a-stack-merge", "OPTIMIZE": "a-stack-upkeep", "VACUUM": "a-stack-upkeep"}.get(text.split()[0], "a-stack")
        started = time.time()
        try:
            reason = self.fail(text)
            rows = None if reason else run(self.tables, text)
        except trino.exceptions.TrinoQueryError as error:
            rows, reason = None, f"{error.error_name}: {error.message}"
        self.ended[name] = (rows, reason, started, time.time())
        self.workgroups[asked["WorkGroup"]].insert(0, name)
        return {"QueryExecutionId": name}

    def GetQueryExecution(self, asked):  # noqa: N802
        _, reason, started, ended = self.ended[asked["QueryExecutionId"]]
        status = {"State": "FAILED", "StateChangeReason": reason} if reason else {"State": "SUCCEEDED"}
        status |= {"SubmissionDateTime": started, "CompletionDateTime": ended}
        statistics = {"DataScannedInBytes": 12_345_678, "EngineExecutionTimeInMillis": 1500}
        return {"QueryExecution": {"QueryExecutionId": asked["QueryExecutionId"], "Status": status, "Statistics": statistics}}

    def ListWorkGroups(self, asked):  # noqa: N802
        return {"WorkGroups": [{"Name": name} for name in self.workgroups]}

    def ListQueryExecutions(self, asked):  # noqa: N802
        return {"QueryExecutionIds": self.workgroups[asked["WorkGroup"]][:50]}

    def BatchGetQueryExecution(self, asked):  # noqa: N802
        return {"QueryExecutions": [self.GetQueryExecution({"QueryExecutionId": name})["QueryExecution"] for name in asked["QueryExecutionIds"]]}

    def GetQueryResults(self, asked):  # noqa: N802
        rows = self.ended[asked["QueryExecutionId"]][0]
        start, most = int(asked.get("NextToken", 0)), asked.get("MaxResults", 1000)
        page = [{"Data": [{"VarCharValue": str(cell)} for cell in row]} for row in rows[start:start + most]]
        more = {"NextToken": str(start + most)} if start + most < len(rows) else {}
        self.pages.append(len(page))
        return {"ResultSet": {"Rows": page}, **more}
