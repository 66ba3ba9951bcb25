"""What docs/TABLES.md shows is so."""

import re
import shlex
import subprocess
import sys

import deployed
from test_query import answered, lake  # noqa: F401

TEXT = (deployed.PROJECT / "docs/TABLES.md").read_text("utf-8")


def test_each_query_that_the_document_shows_finds_what_it_says(tables):
    tables.receive(*(
        f'{{"log_id":"{name}","data":{{"date":"{tables.sql(f"SELECT date_format({when}, {form!r})")[0][0]}","type":"gd_unenroll","user_id":"{name}"}}}}'
        for form in ["%Y-%m-%dT%H:%i:%s.000Z"]
        for name, when in {"last month": "date_trunc('month', now()) - INTERVAL '1' DAY", "this month": "date_trunc('month', now())", "long ago": "now() - INTERVAL '90' DAY"}.items()
    ))
    tables.merge(**tables.range())
    [query] = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)
    assert [row[1] for row in tables.sql(query)] == ["last month"]


def test_each_make_query_that_the_document_shows_runs_as_written(lake):  # noqa: F811
    commands = [line for line in TEXT.splitlines() if line.startswith("make query")]
    assert len(commands) == 3
    for command in commands:
        arguments = [part for part in shlex.split(command)[1:] if not part.startswith("LAKE=")]
        assert "│" in answered(*arguments, f"LAKE={lake}"), command


def test_the_table_of_costs_is_what_the_script_prints():
    printed = subprocess.run([sys.executable, deployed.PROJECT / "sql/cost.py"], capture_output=True, text=True, check=True).stdout
    assert printed in TEXT


def test_the_cost_script_counts_the_windows_as_they_are():
    import cost

    hourly, daily, weekly = (deployed.sql.windows()[name][0] for name in ("hourly", "daily", "weekly"))
    # Hours that the hourly window names; two days by three hours, listed. Whole days, and tomorrow, which clocks that run ahead fill.
    assert (hourly.count("hour("), cost.CADENCES["hourly"][1]) == (3, 6) and cost.CADENCES["hourly"][2] == 3
    assert "INTERVAL '1' DAY" in daily and cost.CADENCES["daily"][1:] == (3 * 24, 2)
    assert "INTERVAL '35' DAY" in weekly and cost.CADENCES["weekly"][1:] == (37 * 24, 35 // 7)
