"""Fifty clients send 20 MiB each at the same time: nobody is lost, and none of it is held in memory."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.doors.http.made import send, text
from tests.doors.http.server import Server

CLIENTS = 50
GROWTH = 64 * 1024 * 1024


def rss(pid: int) -> int:
    """The largest resident size so far."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


@pytest.mark.slow
def test_fifty_clients_with_twenty_mebibytes_each(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    try:
        with server.client() as client:
            assert send(client, ("warm.txt", text())).status_code == 201
        pid = server.api_pid()
        before = rss(pid)

        def upload(number: int) -> int:
            line = f"client {number} says the same again and again\n".encode()
            half = (line * (10 * 1024 * 1024 // len(line)))[: 10 * 1024 * 1024 - 10]
            with server.client() as client:
                files = [("files", (f"{name}.txt", half, "text/plain")) for name in ("one", "two")]
                return client.post("/v1/submissions", files=files, timeout=600).status_code

        with ThreadPoolExecutor(CLIENTS) as threads:
            assert list(threads.map(upload, range(CLIENTS))) == [202] * CLIENTS
        grown = rss(pid) - before
        assert grown < GROWTH
    finally:
        server.stop()
