"""A Redis with its append-only file on, as in production."""

import shutil
import signal
import tempfile
from pathlib import Path

from tests.servers.process import Process, find_program, free_port, listens, wait_until


class Redis:
    """One server; databases 0 to 15 are told apart by number."""

    def __init__(self) -> None:
        self._program = find_program("redis-server")
        self.folder = Path(tempfile.mkdtemp(prefix="attachguard-redis-"))
        self.port = free_port()
        self._process: Process | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self._process = Process(
            [
                self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder),
                "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
            ],
            self.folder / "log",
        )  # fmt: skip
        wait_until(lambda: listens(self.port), 20, "Redis listens", self.folder / "log")

    def kill(self) -> None:
        if self._process:
            self._process.kill()

    def pause(self) -> None:
        """Have it hang: connections are taken, nothing is answered."""
        if self._process:
            self._process.send_all(signal.SIGSTOP)

    def resume(self) -> None:
        if self._process:
            self._process.send_all(signal.SIGCONT)

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
