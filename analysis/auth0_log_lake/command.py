"""What the three commands share: their options, their errors, and how they end."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from auth0_log_lake import window
from auth0_log_lake.visible import visible

WELL, FOUND, UNANSWERED = 0, 1, 2
ENDS = "exit codes: 0 well; 1 {found}, or an object was skipped; 2 no answer, or wrong usage"
LAKE = "lake"
FORMATS = ("table", "csv", "json")


class Unanswered(Exception):
    """One sentence for the person who asked."""


def parser(name: str, says: str, found: str, examples: str) -> argparse.ArgumentParser:
    """The options that every command has."""
    form = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(f"lake-{name}", description=says, epilog=f"{examples}\n\n{ENDS.format(found=found)}", formatter_class=form, allow_abbrev=False)
    options.add_argument("--lake", metavar="WHERE", help="a folder, file://folder or s3://bucket/prefix; default: the lake of --stack, or ./lake")
    options.add_argument("--stack", metavar="NAME", help="the stack whose lake it is, where --lake is not given")
    options.add_argument("--since", metavar="TIME", help=f"start of the window: {window.FORMS}; UTC")
    options.add_argument("--until", metavar="TIME", help="end of the window, in the same forms; a day counts whole")
    return options


def lake_of(given: argparse.Namespace, otherwise: str = LAKE) -> str:
    """The lake of --lake or --stack, or another."""
    if given.lake or not given.stack:
        return str(given.lake or otherwise)
    from auth0_log_lake import stack  # needs botocore, which is slow to load

    return stack.lake_of(given.stack)


def window_of(given: argparse.Namespace) -> window.Window:
    """The window of --since and --until."""
    try:
        return window.read(given.since, given.until, now())
    except window.NoMoment as error:
        raise Unanswered(f"--since or --until is wrong: {error}") from None


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def run(name: str, main: Callable[[Sequence[str]], int]) -> None:
    """Runs a command to its end."""
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except Unanswered as error:
        say(name, str(error))
        code = UNANSWERED
    except BrokenPipeError:  # `lake query | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def say(name: str, sentence: str) -> None:
    """Tells the person at the terminal, in one line."""
    print(f"{name}: {visible(sentence)}", file=sys.stderr, flush=True)


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
