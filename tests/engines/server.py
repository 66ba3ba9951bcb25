"""A real Trino on loopback: a Hive and an Iceberg catalog over one file metastore, as Athena has both over Glue."""

import os
import pathlib
import socket
import subprocess

import trino
from home import installed, java

HEAP = os.environ.get("TRINO_HEAP", "3G")


class Server:
    """A Trino that reads and writes below one folder, named local:/// there."""

    def __init__(self, folder, catalogs=()):
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
        for name, properties in dict(catalogs).items():
            write(etc / f"catalog/{name}.properties", properties)
        self.log = open(self.folder / "server.log", "wb")
        self.process = subprocess.Popen(
            [java(), f"-Xmx{HEAP}", "-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError", "-Duser.timezone=UTC", "-Djdk.attach.allowAttachSelf=true",
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

    def named(self, text, catalog="hive", schema=None):
        """The names of the columns of one statement, and its rows."""
        cursor = trino.dbapi.connect(host="127.0.0.1", port=self.port, user="test", catalog=catalog, schema=schema).cursor()
        cursor.execute(text)
        rows = [tuple(row) for row in cursor.fetchall()]
        return tuple(column[0] for column in cursor.description or ()), rows

    def run(self, text, catalog="hive", schema=None, **session):
        """The rows of one statement, and what it took."""
        connection = trino.dbapi.connect(host="127.0.0.1", port=self.port, user="test", catalog=catalog, schema=schema, session_properties=session)
        cursor = connection.cursor()
        cursor.execute(text)
        return [tuple(row) for row in cursor.fetchall()], cursor.stats


def write(path, properties):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
