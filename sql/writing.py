"""How the generators read tables and write SQL."""

import pathlib

HERE = pathlib.Path(__file__).resolve().parent


def listed(parts, indent=2):
    return (",\n" + " " * indent).join(parts)


def literal(text):
    return "'" + text.replace("'", "''") + "'"
