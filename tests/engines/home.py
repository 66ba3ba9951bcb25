"""Where Trino and its Java are: fetched from Maven Central once, and kept.

    tests/engines/home.py     # says what `make test-engines` would fetch or lacks here, and fails then
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

VERSION = "476"
PLUGINS = ["hive", "iceberg"]
JAVA = 24  # Trino 476 asks for 24 or newer
SPARK_JAVA = (17, 21)
CACHE = pathlib.Path(os.environ.get("TRINO_CACHE") or pathlib.Path.home() / ".cache/auth0-log-lake")


def java(oldest=JAVA, newest=99):
    """A Java of these releases: JAVA_HOME, the PATH, or one that the system keeps beside others."""
    homes = [pathlib.Path(os.environ["JAVA_HOME"])] if "JAVA_HOME" in os.environ else []
    found = shutil.which("java")
    candidates = [home / "bin/java" for home in homes] + ([pathlib.Path(found)] if found else [])
    candidates += sorted(pathlib.Path("/usr/lib/jvm").glob("*/bin/java"))
    for candidate in candidates:
        if candidate.exists() and oldest <= release(candidate) <= newest:
            return candidate
    raise SystemExit(f"make test-engines needs a Java of {oldest} to {newest} in JAVA_HOME, on the PATH or in /usr/lib/jvm")


def release(binary):
    said = subprocess.run([binary, "-version"], capture_output=True, text=True).stderr
    version = re.search(r'version "(\d+)', said)
    return int(version[1]) if version else 0


def installed():
    """The unpacked server with its two plugins, fetched from Maven Central once."""
    home = CACHE / f"trino-server-{VERSION}"
    if (home / "lib").exists():
        return home
    CACHE.mkdir(parents=True, exist_ok=True)
    archive = CACHE / f"trino-server-{VERSION}.tar.gz"
    if not archive.exists():
        print(f"fetching Trino {VERSION} (821 MB) into {CACHE}", flush=True)
        fetch = ["mvn", "-q", "dependency:copy", f"-Dartifact=io.trino:trino-server:{VERSION}:tar.gz", f"-DoutputDirectory={CACHE}"]
        subprocess.run(fetch, check=True, cwd=CACHE)
    # Plugins share files as hard links, so all are unpacked, and the others removed.
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        unpacked = pathlib.Path(folder) / home.name
        for plugin in (unpacked / "plugin").iterdir():
            if plugin.name not in PLUGINS:
                shutil.rmtree(plugin)
        unpacked.rename(home)
    return home


def lacking():
    """What `make test-engines` needs and is not here, or nothing."""
    try:
        java()
        java(*SPARK_JAVA)
    except SystemExit as reason:
        return str(reason)
    if (CACHE / f"trino-server-{VERSION}" / "lib").exists() or (CACHE / f"trino-server-{VERSION}.tar.gz").exists():
        return None
    return f"Trino (821 MB) is not in {CACHE} yet; make test-engines fetches it"


if __name__ == "__main__":
    reason = lacking()
    print(reason or "nothing is lacking")
    sys.exit(1 if reason else 0)
