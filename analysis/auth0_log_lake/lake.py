"""A lake: which objects it holds, and those of them that are whole, as local files. What is skipped is named."""

import atexit
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from auth0_log_lake import keys, stores, whole
from auth0_log_lake.command import Unanswered
from auth0_log_lake.keys import Key


@dataclass
class Lake:
    """The objects of a lake by their keys, and what was skipped: each path with the reason."""

    where: str
    store: stores.Store
    keys: list[Key]
    skipped: dict[str, str]
    # A folder for what must lie on this machine until the end.
    desk: Path
    # Where each object that was taken lies, or None where it is damaged.
    taken: dict[Key, Path | None] = field(default_factory=dict)
    # The objects that close rejects.
    closings: list[str] = field(default_factory=list)

    def take(self, table: str, since: str | None = None, until: str | None = None) -> list[Key]:
        """Brings the objects of a table whose days lie in a range, checks each once, and returns those that are whole."""
        wanted = [key for key in self.keys if key.table == table and (since or "") <= key.day <= (until or "9999")]
        new = [key for key in wanted if key not in self.taken]
        with ThreadPoolExecutor(self.store.at_once) as pool:
            self.taken |= zip(new, pool.map(self.bring, new), strict=True)
        return [key for key in wanted if self.taken[key]]

    def bring(self, key: Key) -> Path | None:
        try:
            path = self.store.bring(key.text, self.desk)
            fault = whole.fault(path, key.compression)
        except stores.Unreadable as error:
            fault = str(error)
        if fault:
            self.skip(key, fault)
        return None if fault else path

    def skip(self, key: Key, fault: str) -> None:
        """Leaves an object out from now on."""
        self.skipped[key.text] = fault
        self.taken[key] = None

    def closed(self) -> set[str]:
        """The row ids of the rejects that are closed."""
        ids: set[str] = set()
        for path in self.closings:
            try:
                lines = self.store.bring(path, self.desk).read_text("utf-8").splitlines()
                ids |= {str(json.loads(line)["p_row_id"]) for line in lines}
            except (stores.Unreadable, OSError, ValueError, TypeError, KeyError):
                self.skipped[path] = "it has lines that close no reject"
        return ids

    def files(self, chosen: Iterable[Key]) -> list[str]:
        return [str(path) for key in chosen if (path := self.taken[key])]

    def told(self, tell: Callable[[str], None]) -> bool:
        """Names what was skipped, and returns whether anything was."""
        for path, why in sorted(self.skipped.items()):
            tell(f"skipped {path}: {why}")
        return bool(self.skipped)

    def refuse_empty(self) -> None:
        """Most empty lakes are a wrong address."""
        if not self.keys:
            held = f"; {next(iter(self.skipped))} is none" if self.skipped else ""
            raise Unanswered(f"the lake {self.where} is empty: there is no object under events/ or rejects/{held}; `lake run` stores some in ./lake")


def opened(where: str) -> Lake:
    """Lists a lake."""
    desk = tempfile.mkdtemp(prefix="lake-")
    atexit.register(shutil.rmtree, desk, ignore_errors=True)
    lake = Lake(where, stores.store_of(where), [], {}, Path(desk))
    for path, size in lake.store.list():
        key = keys.parse(path)
        if keys.CLOSED.fullmatch(path):
            lake.closings.append(path)
        elif key is None:
            lake.skipped[keys.foreign_part(path)] = "the receiver writes no such name"
        elif size == 0:
            lake.skipped[path] = "it is empty"
        else:
            lake.keys.append(key)
    return lake
