"""Prints an answer: every row and every column, as a table for people, or as CSV or JSON for programs."""

import contextlib
import csv
import json
import os
import shlex
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import duckdb

from auth0_log_lake.command import counted
from auth0_log_lake.visible import visible

# Rows that are fetched together. A table is as wide as the first of these need.
BATCH = 1000
# What DuckDB writes for a floating-point number that JSON does not have.
NOT_JSON = {"NaN", "Infinity", "-Infinity"}
PLAN = ["explain_key", "explain_value"]
Row = tuple[str | None, ...]


@dataclass
class Answer:
    """The names of the columns, and the rows, each value as text or as JSON."""

    names: list[str]
    rows: Iterator[list[Row]]
    # Whether a table ends with the number of its rows.
    tally: bool = True


def whole(answer: duckdb.DuckDBPyRelation | None, form: str) -> Answer | None:
    """Reads an answer whole, so that an error comes here. DuckDB writes the values: it knows all of its types."""
    if answer is None:
        return None
    cell = "to_json(#{0})" if form == "json" else "CAST(#{0} AS VARCHAR)"
    rows = answer.project(", ".join(f"{cell.format(place)} AS column_{place}" for place in range(1, len(answer.columns) + 1))).execute()
    return Answer(answer.columns, iter(lambda: rows.fetchmany(BATCH), []))


def show(answer: Answer, form: str) -> int:
    """Prints all rows, and returns how many there were."""
    with paged() as out:
        if answer.names == PLAN and form == "table":
            return plan(answer.rows, out)
        count = {"table": table, "csv": comma_separated, "json": as_json}[form](answer.names, answer.rows, out)
        if form == "table" and answer.tally:
            out.write(f"({counted(count, 'row')})\n")
        return count


def plan(rows: Iterator[list[Row]], out: IO[str]) -> int:
    """What EXPLAIN answers is a drawing of many lines."""
    drawn = [text for batch in rows for _, text in batch if text]
    out.writelines(f"{visible(line)}\n" for text in drawn for line in text.splitlines())
    return len(drawn)


@contextlib.contextmanager
def paged() -> Iterator[IO[str]]:
    """On a terminal a pager that scrolls sideways too; elsewhere plain output."""
    pager = shlex.split(os.environ.get("PAGER") or "less -SFX")
    if not sys.stdout.isatty() or not shutil.which(pager[0]):
        yield sys.stdout
        return
    with subprocess.Popen(pager, stdin=subprocess.PIPE, encoding="utf-8") as running:
        assert running.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # the reader has seen enough
            yield running.stdin
            running.stdin.close()


def table(names: list[str], rows: Iterator[list[Row]], out: IO[str]) -> int:
    """Columns of equal width, with hidden characters escaped."""
    count, head, widths = 0, [visible(name) for name in names], None
    for batch in rows:
        cells = [["NULL" if cell is None else visible(cell) for cell in row] for row in batch]
        if widths is None:
            widths = [max(map(width, column)) for column in zip(head, *cells, strict=True)]
            heading(head, widths, out)
        out.writelines(line(row, widths) for row in cells)
        count += len(batch)
    if widths is None:
        heading(head, [width(name) for name in head], out)
    return count


def heading(names: list[str], widths: list[int], out: IO[str]) -> None:
    out.write(line(names, widths))
    out.write("─┼─".join("─" * wide for wide in widths) + "\n")


def line(cells: list[str], widths: list[int]) -> str:
    return " │ ".join(cell + " " * (wide - width(cell)) for cell, wide in zip(cells, widths, strict=True)).rstrip() + "\n"


def width(text: str) -> int:
    """Columns of a terminal."""
    return len(text) if text.isascii() else sum(2 if unicodedata.east_asian_width(letter) in "WF" else not unicodedata.combining(letter) for letter in text)


def comma_separated(names: list[str], rows: Iterator[list[Row]], out: IO[str]) -> int:
    """The values as they are, but escaped on a terminal; NULL is empty."""
    count, shown = 0, visible if sys.stdout.isatty() else str
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(shown, names))
    for batch in rows:
        writer.writerows(["" if cell is None else shown(cell) for cell in row] for row in batch)
        count += len(batch)
    return count


def as_json(names: list[str], rows: Iterator[list[Row]], out: IO[str]) -> int:
    """One array with an object a line. The cells are JSON already."""
    count, keys = 0, [json.dumps(name) for name in distinct(names)]
    out.write("[")
    for batch in rows:
        for row in batch:
            members = ", ".join(f"{key}: {'null' if cell is None else hidden_as_numbers(cell)}" for key, cell in zip(keys, row, strict=True))
            out.write(f"{',' if count else ''}\n{{{members}}}")
            count += 1
    out.write("\n]\n")
    return count


def hidden_as_numbers(text: str) -> str:
    """JSON with its hidden characters escaped; it means the same."""
    if text in NOT_JSON:
        return f'"{text}"'
    return text if text.isprintable() else "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)


def distinct(names: list[str]) -> list[str]:
    """Names for the members of an object: two columns of one name must not become one."""
    found: list[str] = []
    for name in names:
        number, unique = 1, name
        while unique in found:
            number += 1
            unique = f"{name}_{number}"
        found.append(unique)
    return found
