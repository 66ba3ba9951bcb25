"""The two places that hold a lake, a folder and a bucket: what lies there, and each object as a local file."""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from auth0_log_lake import keys
from auth0_log_lake.command import Unanswered

# The folders of a lake, and the folders in each that hold its objects.
FOLDERS: dict[str, list[re.Pattern[str]]] = {**dict.fromkeys(keys.TABLES, keys.FOLDERS), "closed": []}


class Store(Protocol):
    """A place that holds a lake. Paths are literal: no character of them is a pattern."""

    # How many objects are brought at once.
    at_once: int

    def list(self) -> Iterator[tuple[str, int]]:
        """Each path under events/, rejects/ and closed/ with its size in bytes; a foreign folder is one path that ends with a slash."""

    def bring(self, key: str, desk: Path) -> Path:
        """Returns a local file with an object's bytes, on a path that DuckDB takes literally. Raises Unreadable."""

    def holds_other_things(self) -> bool:
        """Returns whether there is anything beside the folders of a lake."""


class Unreadable(Exception):
    """One object cannot be read; the text says why."""


def store_of(where: str) -> Store:
    """The place that an address names."""
    if where.startswith("s3://"):
        bucket, _, prefix = where.removeprefix("s3://").partition("/")
        if not bucket:
            raise Unanswered(f"{where} names no bucket: --lake takes a folder, file://folder or s3://bucket/prefix")
        return Bucket(bucket, prefix.strip("/"))
    return Folder(Path(where.removeprefix("file://")))


class Folder:
    """A lake in a folder."""

    at_once = os.cpu_count() or 1

    def __init__(self, root: Path):
        if not root.is_dir():
            raise Unanswered(f"there is no lake in {root}: --lake takes a folder that holds events/, or s3://bucket/prefix; `lake run` makes one in ./lake")
        self.root = root.absolute()

    def list(self) -> Iterator[tuple[str, int]]:
        for folder, below in FOLDERS.items():
            if (self.root / folder).is_dir():
                yield from walk(self.root / folder, folder, below)

    def bring(self, key: str, desk: Path) -> Path:
        # A link whose name holds no pattern: DuckDB reads `*`, `?` and `[` of a path as one.
        link = desk / "lake"
        if not link.is_symlink():
            with contextlib.suppress(FileExistsError):  # another thread made it
                link.symlink_to(self.root)
        return link / key

    def holds_other_things(self) -> bool:
        return any(not path.name.startswith(".") and path.name not in FOLDERS for path in self.root.iterdir())


def walk(folder: Path, path: str, below: list[re.Pattern[str]]) -> Iterator[tuple[str, int]]:
    """Files below a folder. What lies deeper than an object can is named, and not entered."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise Unanswered(f"the lake cannot be listed: {error}") from None
    for entry in entries:
        name = f"{path}/{entry.name}"
        if not entry.is_dir():
            # Only a regular file can be read without waiting.
            yield name, entry.stat().st_size if entry.is_file() else 0
        elif below and below[0].fullmatch(entry.name):
            yield from walk(folder / entry.name, name, below[1:])
        else:
            yield f"{name}/", 0


class Bucket:
    """A lake in S3, under a prefix, with the AWS credentials of the shell."""

    at_once = 32

    def __init__(self, bucket: str, prefix: str):
        import botocore.config
        import botocore.exceptions
        import botocore.session

        self.bucket, self.prefix = bucket, f"{prefix}/" if prefix else ""
        self.failed = (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError)
        session = botocore.session.get_session()
        try:
            if session.get_credentials() is None:
                raise Unanswered("an s3:// lake needs AWS credentials: aws configure, or AWS_PROFILE=…")
            region = session.get_config_variable("region") or "us-east-1"
            config = botocore.config.Config(max_pool_connections=self.at_once, s3={"addressing_style": addressing()})
            self.client = session.create_client("s3", region_name=region, config=config)
        except self.failed as error:
            raise Unanswered(f"the lake cannot be reached: {error}") from None

    def list(self) -> Iterator[tuple[str, int]]:
        for folder in FOLDERS:
            yield from self.below(f"{folder}/")

    def below(self, path: str) -> Iterator[tuple[str, int]]:
        try:
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix + path):
                for found in page.get("Contents", []):
                    # Consoles mark a folder with an empty object whose key ends with a slash.
                    if found["Size"] or not found["Key"].endswith("/"):
                        yield found["Key"].removeprefix(self.prefix), found["Size"]
        except self.failed as error:
            raise Unanswered(f"the lake cannot be listed: {error}") from None

    def bring(self, key: str, desk: Path) -> Path:
        to = desk / "lake" / key
        to.parent.mkdir(parents=True, exist_ok=True)
        try:
            body = self.client.get_object(Bucket=self.bucket, Key=self.prefix + key)["Body"]
            with to.open("wb") as file:
                shutil.copyfileobj(body, file)
        except self.failed as error:
            raise Unreadable(f"it cannot be read: {error}") from None
        return to

    def holds_other_things(self) -> bool:
        return False  # an empty prefix is an empty lake


def addressing() -> str:
    """A server that stands in for S3 need not know buckets as host names."""
    return "path" if os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") else "auto"
