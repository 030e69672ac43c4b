"""A real server in a process of its own: `attachguard serve` with its workers and its scanner."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

_ADDRESS = re.compile(r"(http://\S+:\d+)")
START_SECONDS = 60.0


class Server:
    """Started with `start`, ended with `stop`; its state lies in a folder of its own."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None, *options: str) -> None:
        self.folder = folder
        self.url = ""
        self.log = folder / "serve.log"
        self._settings = dict(settings or {})
        self._options = options
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ATTACHGUARD_")}
        return {**kept, "XDG_STATE_HOME": str(self.folder / "state"), **self._settings}

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "attachguard", "serve", "--port", "0", "-n", "2", *self._options]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env=self.environment(), text=True, start_new_session=True
            )
        self._await_address()
        self._await_answer()

    def stop(self) -> int:
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise

    def client(self, **options: object) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=90, **options)  # type: ignore[arg-type]  # httpx's own options

    def events(self) -> list[str]:
        return self.log.read_text().splitlines()

    def api_pid(self) -> int:
        """The process that answers: the one child of the supervisor that holds a connection of ours."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        port = int(self.url.rsplit(":", 1)[1])
        busiest = [int(child) for child in children if _threads(int(child)) > 1 and _is_python(int(child))]
        assert busiest, f"nobody serves port {port}"
        return busiest[0]

    def _await_address(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            assert self._process
            found = _ADDRESS.search(self.log.read_text())
            if found:
                self.url = found[1]
                return
            assert self._process.poll() is None, self.log.read_text()
            select.select([], [], [], 0.05)
        raise AssertionError(self.log.read_text())

    def _await_answer(self) -> None:
        with self.client() as client:
            assert client.get("/healthz").status_code == 200


def _threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def _is_python(pid: int) -> bool:
    return "python" in Path(f"/proc/{pid}/exe").resolve().name
