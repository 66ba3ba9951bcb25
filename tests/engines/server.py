"""A real Trino on loopback: a Hive and an Iceberg catalog over one file metastore, as Athena has both over Glue."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import tarfile
import tempfile

import trino

VERSION = "476"
PLUGINS = ["hive", "iceberg"]
JAVA = 24  # Trino 476 asks for 24 or newer
CACHE = pathlib.Path(os.environ.get("TRINO_CACHE") or pathlib.Path.home() / ".cache/auth0-log-lake")
LIMIT = 300  # seconds until a start that hangs is given up


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


class Server:
    """A Trino that reads and writes below one folder, named local:/// there."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        home, etc = installed(), self.folder / "etc"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        write(etc / "config.properties", {
            "coordinator": "true",
            "node-scheduler.include-coordinator": "true",
            "http-server.http.port": self.port,
            "discovery.uri": f"http://127.0.0.1:{self.port}",
            "catalog.config-dir": etc / "catalog",
            "plugin.dir": home / "plugin",
            "query.max-memory": "1GB",
        })
        write(etc / "log.properties", {"io.trino": "WARN", "io.airlift": "WARN", "Bootstrap": "WARN", "io.trino.server.Server": "INFO"})
        shared = {"hive.metastore.catalog.dir": "local:///metastore", "fs.native-local.enabled": "true", "local.location": self.folder}
        write(etc / "catalog/hive.properties", {
            "connector.name": "hive", "hive.metastore": "file", "hive.partition-projection-enabled": "true",
            "hive.ignore-absent-partitions": "true",  # S3 has no folders that could be absent
            "hive.iceberg-catalog-name": "iceberg", **shared,
        })
        write(etc / "catalog/iceberg.properties", {
            "connector.name": "iceberg", "iceberg.catalog.type": "TESTING_FILE_METASTORE", "iceberg.hive-catalog-name": "hive",
            "iceberg.expire-snapshots.min-retention": "0s", "iceberg.remove-orphan-files.min-retention": "0s", **shared,
        })
        self.log = open(self.folder / "server.log", "wb")
        self.process = subprocess.Popen(
            [java(), "-Xmx2G", "-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError", "-Duser.timezone=UTC", "-Djdk.attach.allowAttachSelf=true",
             "--add-modules=jdk.incubator.vector", "-Dfile.encoding=UTF-8", f"-Dconfig={etc}/config.properties", f"-Dlog.levels-file={etc}/log.properties",
             "-Dnode.environment=test", "-Dnode.bind-ip=127.0.0.1", "-Dnode.internal-address=127.0.0.1", f"-Dnode.data-dir={self.folder}/data",
             "-cp", f"{home}/lib/*", "io.trino.server.TrinoServer"],
            cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        self.await_start()

    def await_start(self):
        for line in self.process.stdout:
            self.log.write(line.encode())
            if "SERVER STARTED" in line:
                # Nothing may block on the pipe later.
                self.drain = subprocess.Popen(["cat"], stdin=self.process.stdout, stdout=self.log)
                return
        self.stop()
        raise SystemExit(f"Trino did not start; see {self.folder}/server.log")

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def sql(self, text, catalog="hive", schema=None, **session):
        """The rows of one statement."""
        return self.run(text, catalog, schema, **session)[0]

    def run(self, text, catalog="hive", schema=None, **session):
        """The rows of one statement, and what it took."""
        connection = trino.dbapi.connect(host="127.0.0.1", port=self.port, user="test", catalog=catalog, schema=schema, session_properties=session)
        cursor = connection.cursor()
        cursor.execute(text)
        return [tuple(row) for row in cursor.fetchall()], cursor.stats


def write(path, properties):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
