"""Whether an object is whole: it unpacks to its end, and each of its lines is one row."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import zstandard

CHUNK = 1 << 16
# Each row of either table has this key once. Inside a value its quotes are escaped.
ROW = b'"p_row_id"'


def fault(path: Path, compression: str) -> str | None:
    """Returns what is wrong with an object, or None."""
    lines = rows = 0
    before = last = b""
    inside_line = False
    try:
        with path.open("rb") as file:
            for content in unpacked(file, compression):
                lines += content.count(b"\n")
                rows += (before + content).count(ROW)
                before = (before + content)[1 - len(ROW) :]
                last = content.rstrip(b"\r\n")[-1:] or last
                inside_line = not content.endswith(b"\n")
    except (EOFError, zlib.error, zstandard.ZstdError) as error:
        return f"it cannot be unpacked: {error}"
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    if not last:
        return "it is empty"
    if last != b"}":
        return "its last line is cut off"
    return None if lines + inside_line == rows else "it has lines that are not rows"


def unpacked(file: BinaryIO, compression: str) -> Iterator[bytes]:
    """The content in pieces that are not empty."""
    unpacker = None
    while chunk := file.read(CHUNK):
        if compression == "none":
            yield chunk
            continue
        while chunk:
            if unpacker is None or unpacker.eof:
                unpacker = unpacker_of(compression)
            if content := unpacker.decompress(chunk):
                yield content
            chunk = unpacker.unused_data if unpacker.eof else b""
    if unpacker is not None and not unpacker.eof:
        raise EOFError("the data end too early")


def unpacker_of(compression: str) -> Any:
    return zlib.decompressobj(31) if compression == "gzip" else zstandard.ZstdDecompressor().decompressobj()
