"""The commands that documents show, typed as they are written, on the lake of the samples."""

import os
import re
import shlex

import pytest
from conftest import PROJECT, make

COMMANDS = sorted({
    line for file in [*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md"), PROJECT / "sql/README.md"] for line in re.findall(r"^make (?:query|detect|report)\b.*$", file.read_text("utf-8"), re.MULTILINE)
})

# What each prints.
ENDS = {"query": r"\(\d+ rows?\)", "detect": r"\d+ hits? of \d+ detections? in \d+ events\.", "report": r"page\.html has \d+ events"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_a_document_runs_as_written(command, samples, s3, tmp_path):
    s3(samples, "my-lake", "auth0/")
    words = shlex.split(command, comments=True)[1:]
    # ./lake is the lake of whoever works here, and report.html their page.
    words += [] if any(word.startswith(("LAKE=", "TABLE=")) for word in words) else [f"LAKE={samples}"]
    words += [f"OUT={tmp_path / 'page.html'}"] if words[0] == "report" else []
    said = make(*[word for word in words if not word.startswith("OUT=") or word == words[-1]], env=dict(os.environ))
    if any(word.startswith("TABLE=") for word in words):  # tests/engines/test_report.py runs it on a table
        assert "report: the table auth0_log_lake.events cannot be read" in said.stderr
        return
    # make ends with 2 where detect found something, and says which code that was.
    assert said.returncode == 0 or "detect] Error 1" in said.stderr, said.stderr
    assert "Traceback" not in said.stderr
    assert re.search(ENDS[words[0]], said.stdout)


def test_documents_show_each_of_the_three():
    assert {command.split()[1] for command in COMMANDS} == {"query", "detect", "report"}
