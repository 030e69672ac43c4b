"""A PostgreSQL from the system's packages, with fsync as in production."""

import glob
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

import psycopg

from tests.servers.process import MissingServerError, Process, find_program, free_port, wait_until


class Postgres:
    """One cluster; `new_database` gives every test one of its own."""

    def __init__(self) -> None:
        folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
        self._postgres, self._initdb = find_program("postgres", *folders), find_program("initdb", *folders)
        # PostgreSQL refuses to run as root; pytest's folders are closed to everyone else.
        self._user = "postgres" if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="attachguard-pg-"))
        self.data = self.folder / "data"
        self.port = free_port()
        if self._user:
            try:
                found = pwd.getpwnam(self._user)
            except KeyError as error:
                raise MissingServerError("there is no user postgres; run tools/setup-tests") from error
            os.chown(self.folder, found.pw_uid, found.pw_gid)
        self._run(self._initdb, "-D", str(self.data), "-U", "attachguard", "-A", "trust", "--no-sync")
        self._process: Process | None = None

    def _run(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, user=self._user, cwd=self.folder)

    def start(self) -> None:
        self._process = Process(
            [
                self._postgres,
                "-D",
                str(self.data),
                "-p",
                str(self.port),
                "-k",
                str(self.folder),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "shared_buffers=64MB",
                "-c",
                "max_connections=60",
            ],
            self.folder / "log",
            user=self._user,
            folder=self.folder,
        )
        wait_until(self.ready, 60, "PostgreSQL answers", self.folder / "log")

    def ready(self) -> bool:
        try:
            psycopg.connect(self._dsn("postgres"), connect_timeout=1).close()
        except psycopg.Error:
            return False
        return True

    def kill(self) -> None:
        """End all of it at once; what was committed is in its log of writes."""
        if self._process:
            self._process.kill()

    def close(self) -> None:
        if self._process:
            self._process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self) -> str:
        """Make an empty database and give its URL."""
        name = f"t{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql://attachguard:not-a-secret@127.0.0.1:{self.port}/{name}"

    def _dsn(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=attachguard dbname={database}"
