"""How the generators read tables and write SQL."""

import csv
import pathlib

HERE = pathlib.Path(__file__).resolve().parent


def table(name):
    with open(HERE / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def listed(parts, indent=2):
    return (",\n" + " " * indent).join(parts)


def literal(text):
    return "'" + text.replace("'", "''") + "'"
