"""Times each detection alone on DuckDB over many events in four shapes: tests/everyday/run speed [--events 1000000].

The events are made in DuckDB, so that no lake is read. What detections share (`changes`, `attempts`) is made before, and timed too.
"""

import argparse
import time

import duckdb
from auth0_log_lake import detect, detections, relations, statements

TYPES = ["s", "s", "s", "seacft", "sertft", "ssa", "fp", "fu", "gd_send_pn", "gd_auth_succeed", "sapi", "mgmt_api_read", "pwd_leak", "ferrt", "fcoa", "gd_enrollment_complete", "limit_wc", "ss", "seccft", "slo"]
# For each shape: the address, the user and the type of the n-th event.
SHAPES = {
    "spread": ("concat('10.', n % 251, '.', n // 251 % 251, '.', n // 63001 % 251)", "n * 7919 % 200000", None),
    "a tenth behind three addresses": ("CASE WHEN n % 10 = 0 THEN concat('192.0.2.', n // 10 % 3) ELSE concat('10.', n % 251, '.', n // 251 % 251, '.', n // 63001 % 251) END", "n * 7919 % 200000", None),
    "one backend address": ("'192.0.2.1'", "n * 7919 % 200000", None),
    "twelve busy actors": ("concat('192.0.2.', n % 12)", "n % 12", "CASE WHEN n % 4 = 0 THEN 's' ELSE 'sapi' END"),
}
DETAILS = """CASE WHEN type IN ('sapi', 'mgmt_api_read') THEN concat(
  '{"request":{"method":"', CASE n % 5 WHEN 0 THEN 'delete' WHEN 1 THEN 'post' ELSE 'patch' END, '","path":"',
  CASE n % 9 WHEN 0 THEN '/api/v2/client-grants/cgr_' || n % 100 WHEN 1 THEN '/api/v2/guardian/factors/sms' WHEN 2 THEN '/api/v2/jobs/users-exports' ELSE '/api/v2/users/auth0%7C' || n END,
  '","auth":{"user":{"email":"', person, '@example.com","user_id":"auth0|', person, '"}},"body":{"enabled":', n % 2 = 0, ',"scope":["read:users","delete:users"]}},',
  '"response":{"statusCode":200,"body":{"audience":"https://x.auth0.com/api/v2/","enabled":', n % 2 = 0, '}}}')
  WHEN type = 'gd_enrollment_complete' THEN concat('{"authenticator":{"phone_number":"+1555', n % 900000, '"}}') ELSE '{}' END"""
LIMIT = 2  # seconds


def filled(shape, count):
    """A database with events in a shape, over two days."""
    address, person, type = SHAPES[shape]
    values = {
        "event_time": f"TIMESTAMP '2026-07-01' + n * INTERVAL '172800000000' MICROSECOND / {count}", "parse_time": "TIMESTAMP '2026-07-03'", "source": "'eu'", "row_id": "md5(n::VARCHAR)",
        "type": "type", "ip": address, "user_id": "concat('auth0|', person)", "user_name": "concat(person, '@example.com')", "client_id": "concat('client-', n % 12)", "tenant_name": "'acme'",
        "country_code": "['NL', 'DE', 'FR', 'US'][1 + n % 4]", "city_name": "['Amsterdam', 'Berlin', 'Paris', 'Austin'][1 + n % 4]", "latitude": "[52.4, 52.5, 48.9, 30.3][1 + n % 4]", "longitude": "[4.9, 13.4, 2.4, -97.7][1 + n % 4]",
        "description": "'reused'", "user_agent": "'Chrome'", "details": DETAILS,
    }
    columns = [row["column"] for row in statements.table("columns.tsv") if row["column"] not in detections.LEFT_OUT]
    selected = ", ".join(f"{values.get(name, 'NULL::VARCHAR')} AS {name}" for name in columns)
    db = duckdb.connect()
    types = "[" + ", ".join(f"'{code}'" for code in TYPES) + "]"
    db.sql(f"CREATE TEMP TABLE events_recent AS SELECT {selected} FROM (SELECT n, {person} AS person, {type or f'{types}[1 + n % {len(TYPES)}]'} AS type FROM range({count}) AS numbers (n))")
    db.sql("CREATE TEMP VIEW events_past AS SELECT * FROM events_recent")
    return db


def timed(db):
    """Seconds of what detections share, and of each detection alone."""
    earliest = "TIMESTAMP '2026-07-02'"  # the second day is new, the first is remembered
    took = {}
    for name, text in relations.tables(earliest).items():
        took[name] = seconds(db, f"CREATE OR REPLACE TEMP TABLE {name} AS {detect.translated(text)}")
    known = detections.all_of()
    return took | {id: seconds(db, f"SELECT count(*) FROM ({detect.translated(detections.query({id: d}, now=earliest, made=True))})") for id, d in known.items()}


def seconds(db, sql):
    start = time.process_time()
    db.sql(sql).fetchall() if sql.startswith("SELECT") else db.sql(sql)
    return time.process_time() - start


def main():
    parser = argparse.ArgumentParser(description="Times each detection alone.", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    count = parser.parse_args().events
    print(f"| seconds for {count:,} events | " + " | ".join(SHAPES) + " |\n|---|" + "---:|" * len(SHAPES))
    took = [timed(filled(shape, count)) for shape in SHAPES]
    half = [timed(filled(shape, count // 2)) for shape in SHAPES]
    for id in took[0]:
        print(f"| `{id}` | " + " | ".join(f"{of[id]:.2f}" for of in took) + " |")
    shared = relations.tables("now").keys()
    worst, id, shape = max((of[id], id, shape) for shape, of in zip(SHAPES, took, strict=True) for id in of if id not in shared)
    growth = max(of[id] / less[id] for of, less in zip(took, half, strict=True) for id in of if of[id] > 0.2)
    print(f"\nSlowest: {id}, {worst:.2f} s ({shape}). Twice the events take at most {growth:.1f} times as long.")
    raise SystemExit(worst > LIMIT)


if __name__ == "__main__":
    main()
