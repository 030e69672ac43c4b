"""A mirror of signatures on loopback: what freshclam fetches from, without leaving the machine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(frozen=True)
class Mirror:
    """A folder that is served, and what was asked of it."""

    folder: Path
    url: str
    asked: list[str] = field(default_factory=list)
    """Method, path and answer of each request."""

    def publish(self, name: str, data: bytes | str) -> str:
        """Put a file there, or another in its place; returns its address."""
        (self.folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
        return f"{self.url}/{name}"


class _Quiet(SimpleHTTPRequestHandler):
    def __init__(self, *args: object, asked: list[str], folder: Path) -> None:
        self._asked = asked
        super().__init__(*args, directory=str(folder))  # type: ignore[arg-type]  # http.server's own arguments

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        self._asked.append(f"{self.command} {self.path} {int(code)}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name for it
        """Say nothing."""


@contextmanager
def mirror(folder: Path) -> Iterator[Mirror]:
    """Serve a folder on a free loopback port."""
    folder.mkdir()
    asked: list[str] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, asked=asked, folder=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield Mirror(folder=folder, url=f"http://127.0.0.1:{server.server_port}", asked=asked)
        finally:
            server.shutdown()
            thread.join()
