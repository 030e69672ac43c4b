"""What the HTTP service costs: `python -m benchmarks.http`.

A clean PDF of 100 KB, another one each time, sent by 1, 8 and 32 clients to `/v1/scan`, to `/v1/submissions` with
`Prefer: wait`, and to a bare FastAPI handler that reads the upload and asks clamd through pyclamd. Both have a clamd
with the same signatures: the service the private one that it starts by itself, the handler another one.

Target: with one client, what the service adds to a check takes at most twice the median time of the bare handler.
"""

import io
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pikepdf

from attachguard.adapters.clamd_child import ClamdChild
from attachguard.adapters.clamd_wire import Deadline
from attachguard.adapters.signatures import choose_set
from tests.doors.http.server import Server

CLIENTS = (1, 8, 32)
SECONDS = 5.0
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


def measure(url: str, headers: dict[str, str], clients: int) -> tuple[float, list[float]]:
    """Requests per second, and the seconds of each."""
    spent: list[float] = []
    lock, until = threading.Lock(), time.perf_counter() + SECONDS
    numbers = iter(range(10**9))

    def work() -> None:
        with httpx.Client(timeout=120) as client:
            while time.perf_counter() < until:
                with lock:
                    data = document(next(numbers))
                began = time.perf_counter()
                answer = client.post(url, files=[("files", ("a.pdf", data, "application/pdf"))], headers=headers)
                assert answer.status_code in {200, 201}, answer.text
                with lock:
                    spent.append(time.perf_counter() - began)

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        for done in [threads.submit(work) for _ in range(clients)]:
            done.result()
    return len(spent) / (time.perf_counter() - began), sorted(spent)


def show(name: str, clients: int, rate: float, spent: list[float]) -> float:
    p50, p99 = statistics.median(spent), spent[min(len(spent) - 1, int(len(spent) * 0.99))]
    print(
        f"{name:12} {clients:3} clients  {rate:7.1f}/s  p50 {p50 * 1000:7.1f} ms  p99 {p99 * 1000:7.1f} ms", flush=True
    )
    return p50


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, ClamdChild(choose_set(None)) as child:
        live = child.live(Deadline.after(60))
        path = str(live.address).removeprefix("unix:").removeprefix("//")
        bare = subprocess.Popen([sys.executable, "-c", BARE.format(socket=path, port=8097)])
        server = Server(Path(folder), {})
        server.start()
        time.sleep(2)
        try:
            for clients in CLIENTS:
                bare_p50 = 0.0
                for name, url in (
                    ("bare", "http://127.0.0.1:8097/scan"),
                    ("scan", f"{server.url}/v1/scan"),
                    ("submissions", f"{server.url}/v1/submissions"),
                ):
                    headers = {"Prefer": "wait=60"} if name == "submissions" else {}
                    for _ in range(2):
                        warm = httpx.post(url, files=[("files", ("a.pdf", document(-1)))], headers=headers, timeout=60)
                        warm.raise_for_status()
                    p50 = show(name, clients, *measure(url, headers, clients))
                    bare_p50 = bare_p50 or p50
                    if name != "bare":
                        print(f"{'':12} adds {(p50 - bare_p50) / bare_p50:.2f} x the bare handler's median")
        finally:
            server.stop()
            bare.terminate()


if __name__ == "__main__":
    main()
