"""What the HTTP service costs: `python -m benchmarks.http`.

A clean PDF of 100 KB, another one each time, sent by 1, 8 and 32 clients to `/v1/scan`, to `/v1/submissions` with
`Prefer: wait`, and to a bare FastAPI handler that reads the upload and asks clamd through pyclamd. Both have a clamd
with the same signatures: the service the private one that it starts by itself, the handler another one.

Target: with one client, what the service adds to a check takes at most twice the median time of the bare handler.
"""

import io
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pikepdf

from attachguard.adapters.clamd_child import ClamdChild
from attachguard.adapters.clamd_wire import Deadline
from attachguard.adapters.signatures import choose_set
from tests.doors.http.server import Server

CLIENTS = (1, 8, 32)
ROUNDS = 6
SECONDS = 1.0
"""Of a round. All take turns, so that whatever else the machine does happens to all of them."""

NUMBERS = itertools.count()
SIZE = 100_000

BARE = """
import pyclamd, uvicorn
from fastapi import FastAPI, UploadFile
app = FastAPI()
@app.post("/scan")
def scan(files: UploadFile):
    clamd = pyclamd.ClamdUnixSocket({socket!r})
    return {{"hit": clamd.scan_stream(files.file.read())}}
uvicorn.run(app, port={port}, log_level="error")
"""


def document(number: int) -> bytes:
    out = io.BytesIO()
    made = pikepdf.new()
    made.add_blank_page(page_size=(595, 842))
    noise = os.urandom(SIZE - 1500).hex()[: SIZE - 1500]
    made.pages[0].Contents = made.make_stream(f"% {number} {noise}\n0 0 1 rg 20 20 200 100 re f".encode())
    made.save(out, compress_streams=False)
    return out.getvalue()


@dataclass(frozen=True)
class Door:
    """An address that files are sent to."""

    name: str
    url: str
    headers: dict[str, str]

    def send(self, client: httpx.Client) -> float:
        """Send a document that nobody has seen; returns the seconds until its answer."""
        data = document(next(NUMBERS))
        began = time.perf_counter()
        answer = client.post(self.url, files=[("files", ("a.pdf", data, "application/pdf"))], headers=self.headers)
        assert answer.status_code in {200, 201}, answer.text
        return time.perf_counter() - began


def measure(door: Door, clients: int) -> list[float]:
    """Send for a round, and give the seconds of each request but the first of each client."""
    until = time.perf_counter() + SECONDS

    def work(_: int) -> list[float]:
        with httpx.Client(timeout=120) as client:
            door.send(client)
            spent = [door.send(client)]
            while time.perf_counter() < until:
                spent.append(door.send(client))
        return spent

    with ThreadPoolExecutor(clients) as threads:
        return [seconds for spent in threads.map(work, range(clients)) for seconds in spent]


def compare(doors: Sequence[Door], clients: int) -> None:
    """Let all doors take turns, and show the medians and what they take beside the first."""
    spent: dict[str, list[float]] = {door.name: [] for door in doors}
    for _ in range(ROUNDS):
        for door in doors:
            spent[door.name] += measure(door, clients)
    bare = statistics.median(spent[doors[0].name])
    for name, seconds in spent.items():
        p50, p99 = statistics.median(seconds), sorted(seconds)[int(len(seconds) * 0.99)]
        rate = clients / statistics.fmean(seconds)
        adds = f"  adds {(p50 - bare) / bare:.2f} x" if name != doors[0].name else ""
        figures = f"{rate:7.1f}/s  p50 {p50 * 1000:7.1f} ms  p99 {p99 * 1000:7.1f} ms"
        print(f"{name:12}{clients:4} clients {figures}{adds}", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, ClamdChild(choose_set(None)) as child:
        live = child.live(Deadline.after(60))
        path = str(live.address).removeprefix("unix:").removeprefix("//")
        bare = subprocess.Popen([sys.executable, "-c", BARE.format(socket=path, port=8097)])
        server = Server(Path(folder), {})
        server.start()
        time.sleep(2)
        doors = (
            Door("bare", "http://127.0.0.1:8097/scan", {}),
            Door("scan", f"{server.url}/v1/scan", {}),
            Door("submissions", f"{server.url}/v1/submissions", {"Prefer": "wait=60"}),
        )
        try:
            for door in doors:
                measure(door, 1)
            for clients in CLIENTS:
                compare(doors, clients)
        finally:
            server.stop()
            bare.terminate()


if __name__ == "__main__":
    main()
