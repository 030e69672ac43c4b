"""What does attachguard's scan path cost beside clamd's own client? And what does the official size of database cost?

    .venv/bin/python -m benchmarks.scan [FOLDER] [--rounds N] [--signatures N]

Needs clamdscan (Debian: apt-get install clamdscan). 500 files (about 200 MB of pictures, PDFs, documents and text,
made here; or the files of FOLDER) are scanned by one private clamd with the demo's signatures: by `clamdscan --fdpass
--multiscan`, and by Clamd.scan from as many threads as there are cores, in turn, N rounds (default 5). Then one file
of 10 MiB, by INSTREAM (ours) and by FILDES, in turn. With --signatures, so many made-up ones are loaded (8700000 is
the size of the official database): time to start and to take over new ones, and memory. They say nothing about
throughput.

Targets: wall <= 1.15 x clamdscan, 10 MiB <= 1.15 x FILDES, client CPU <= 2 % of clamd's.
"""

import argparse
import array
import io
import os
import random
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from attachguard.adapters.clamd import Clamd
from attachguard.adapters.clamd_child import ClamdChild
from attachguard.adapters.clamd_conf import socket_path
from attachguard.adapters.clamd_process import ClamdProcess
from attachguard.adapters.clamd_wire import Deadline
from attachguard.adapters.scan_cache import CachedScanner
from attachguard.adapters.signatures import SignatureSet, demo_set
from samples.makers import ooxml, pdf, pdf_file, pictures

MIB = 1024 * 1024
FILES = 500
SINGLE = 41
CLIENT_SHARE = 0.02
WALL_RATIO = 1.15


def main() -> int:
    arguments = argparse.ArgumentParser(description="Measure the scan path.")
    arguments.add_argument("folder", nargs="?", type=Path)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--signatures", type=int, default=0)
    asked = arguments.parse_args()
    if shutil.which("clamdscan") is None:
        print("clamdscan is not installed (Debian: apt-get install clamdscan)", file=sys.stderr)
        return 2
    console = Console()
    with tempfile.TemporaryDirectory(prefix="ag-bench-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        files = _chosen(asked.folder) if asked.folder else _made(folder / "files")
        console.print(f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.1f} MB, {_load()}")
        with ClamdChild(demo_set()) as child, Clamd(child) as scanner:
            _compare(console, files, child, scanner, asked.rounds)
            _compare_one(console, folder, child, scanner)
            _compare_reuse(console, files, scanner)
        if asked.signatures:
            _large(console, folder / "db", asked.signatures)
    return 0


def _load() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores"


# -- files


def _chosen(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size <= 10 * MIB)[:FILES]


def _made(folder: Path) -> list[Path]:
    """Make files of the kinds and sizes people send: half below 50 kB, a tenth above 1 MB, some of 10 MB."""
    folder.mkdir()
    chance = random.Random(8)
    makers = (_picture, _pdf, _document, _text)
    paths = []
    for number in range(FILES):
        size = min(10 * MIB, int(44_000 * chance.lognormvariate(0, 2.4)))
        path = folder / f"{number:03}"
        path.write_bytes(makers[number % len(makers)](size, chance)[: 10 * MIB])
        path.chmod(0o644)
        paths.append(path)
    return paths


def _picture(size: int, chance: random.Random) -> bytes:
    return pictures.jpeg()[:-2] + chance.randbytes(size)


def _pdf(size: int, chance: random.Random) -> bytes:
    pieces = (zlib.compress(_words(30_000, chance), 1) for _ in range(1 + size // 12_000))
    return pdf.invoice_with(*(pdf_file.stream(piece, b"/Filter /FlateDecode") for piece in pieces))


def _document(size: int, chance: random.Random) -> bytes:
    made = io.BytesIO(ooxml.docx())
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as package:
        for number in range(1 + size // 40_000):
            package.writestr(f"word/part{number}.xml", b"<a>" + _words(100_000, chance) + b"</a>")
    return made.getvalue()


def _text(size: int, chance: random.Random) -> bytes:
    return _words(max(1000, size), chance)


def _words(size: int, chance: random.Random) -> bytes:
    """Write nonsense that deflates about as well as text does."""
    words = [chance.randbytes(chance.randrange(1, 5)).hex().encode() for _ in range(500)]
    return b" ".join(chance.choices(words, k=size // 6))[:size]


# -- many files


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one pass took."""

    wall: float
    clamd: float
    client: float


def _measured(process: ClamdProcess, work: Callable[[], float | None]) -> Cost:
    """Time a pass: wall, CPU of clamd, CPU of the client (ours, or what `work` returns)."""
    clamd, own, began = _cpu(process.pid), _own_cpu(), time.monotonic()
    told = work()
    wall = time.monotonic() - began
    own = _own_cpu() - own
    return Cost(wall=wall, clamd=_cpu(process.pid) - clamd, client=own if told is None else told)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime, stime (proc(5))


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _process(child: ClamdChild) -> ClamdProcess:
    child.live(Deadline.after(60))
    assert child._start is not None
    return child._start.result()


def _clamdscan(process: ClamdProcess, paths: Sequence[Path], *options: str) -> float:
    listed = process.home.parent / f"{process.home.name}-list"
    listed.write_text("".join(f"{path}\n" for path in paths))
    before = _children_cpu()
    try:
        subprocess.run(
            [
                "clamdscan",
                f"--config-file={process.home / 'clamd.conf'}",
                "--fdpass",
                "--no-summary",
                f"--file-list={listed}",
                *options,
            ],
            stdout=subprocess.DEVNULL,
            check=False,
        )
    finally:
        listed.unlink()
    return _children_cpu() - before


def _compare(console: Console, files: Sequence[Path], child: ClamdChild, scanner: Clamd, rounds: int) -> None:
    process = _process(child)

    def theirs() -> float:
        return _clamdscan(process, files, "--multiscan")

    def ours() -> None:
        left = iter(files)  # each thread takes the next one
        threads = [threading.Thread(target=scan_all, args=(left,)) for _ in os.sched_getaffinity(0)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def scan_all(left: Iterator[Path]) -> None:
        for path in left:
            scanner.scan(path)

    theirs()  # once, so that every file is in memory for both
    ours()
    table = Table(
        "round", "clamdscan s", "ours s", "ratio", "clamd CPU", "client CPU", "client/clamd", "load", box=None
    )
    ratios, shares = [], []
    for number in range(1, rounds + 1):
        first, second = _measured(process, theirs), _measured(process, ours)
        ratios.append(second.wall / first.wall)
        shares.append(second.client / second.clamd)
        table.add_row(
            str(number),
            f"{first.wall:.2f}",
            f"{second.wall:.2f}",
            f"{ratios[-1]:.2f}",
            f"{second.clamd:.2f}",
            f"{second.client:.2f}",
            f"{shares[-1]:.1%}",
            _load(),
        )
    console.print(table)
    ratio, share = statistics.median(ratios), statistics.median(shares)
    console.print(f"wall / clamdscan --fdpass --multiscan: median {ratio:.2f} (target {WALL_RATIO})")
    console.print(f"client CPU / clamd CPU: median {share:.1%} (target {CLIENT_SHARE:.0%})")


# -- one file


def _fildes(process: ClamdProcess, path: Path) -> None:
    """Ask by passing the open file (clamd(8), FILDES): the least a client can do."""
    with path.open("rb") as file, socket.socket(socket.AF_UNIX) as link:
        link.connect(str(socket_path(process.home)))
        passed = array.array("i", [file.fileno()])
        link.sendall(b"zFILDES\0")
        link.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)])
        assert link.recv(1000).endswith(b": OK\0")


def _compare_one(console: Console, folder: Path, child: ClamdChild, scanner: Clamd) -> None:
    process = _process(child)
    path = folder / "ten"
    path.write_bytes(random.Random(1).randbytes(10 * MIB))
    path.chmod(0o644)
    theirs, ours = [], []
    for _ in range(SINGLE):
        began = time.monotonic()
        _fildes(process, path)
        middle = time.monotonic()
        scanner.scan(path)
        theirs.append(middle - began)
        ours.append(time.monotonic() - middle)
    first, second = statistics.median(theirs) * 1000, statistics.median(ours) * 1000
    console.print(
        f"10 MiB, median of {SINGLE}: FILDES {first:.1f} ms, ours {second:.1f} ms, "
        f"ratio {second / first:.2f} (target {WALL_RATIO}), {_load()}"
    )


def _compare_reuse(console: Console, files: Sequence[Path], scanner: Clamd) -> None:
    cached = CachedScanner(scanner, hours=1)
    walls = []
    for _ in range(2):
        began = time.monotonic()
        for path in files:
            cached.scan(path)
        walls.append(time.monotonic() - began)
    console.print(f"answers used again, one thread: first pass {walls[0]:.2f} s, second {walls[1]:.3f} s")


# -- a database of the official size


SHARES = (("mdb", 0.55), ("hdb", 0.15), ("hsb", 0.26), ("ndb", 0.03), ("ldb", 0.01))
"""Kinds of signatures and their shares, roughly those of the official database."""


def _line(kind: str, chance: random.Random, number: int) -> str:
    name = f"Synthetic.{kind}-{number}"
    size = chance.randrange(1_000, 5_000_000)
    if kind == "mdb":
        return f"{size}:{chance.randbytes(16).hex()}:{name}\n"
    if kind in {"hdb", "hsb"}:
        return f"{chance.randbytes(16 if kind == 'hdb' else 32).hex()}:{size}:{name}\n"
    body = chance.randbytes(24).hex()
    return f"{name}:0:*:{body}\n" if kind == "ndb" else f"{name};Engine:81-255,Target:0;0&1;{body[:24]};{body[24:]}\n"


def _write_database(folder: Path, count: int) -> SignatureSet:
    folder.mkdir()
    chance = random.Random(3)
    for kind, share in SHARES:
        with (folder / f"synthetic.{kind}").open("w") as lines:
            lines.writelines(_line(kind, chance, number) for number in range(int(count * share)))
    shutil.copyfile(demo_set().folder / "demo.ndb", folder / "demo.ndb")
    for path in folder.iterdir():
        path.chmod(0o644)
    folder.chmod(0o755)
    return SignatureSet(folder=folder)


def _memory(pid: int, field: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024


def _large(console: Console, folder: Path, count: int) -> None:
    signatures = _write_database(folder, count)
    began = time.monotonic()
    with ClamdChild(signatures, watch_seconds=0.5) as child:
        process = _process(child)
        console.print(
            f"{count} synthetic signatures: ready after {time.monotonic() - began:.1f} s, "
            f"{_memory(process.pid, 'VmRSS'):.0f} MiB (peak {_memory(process.pid, 'VmHWM'):.0f}), {_load()}"
        )
        began = time.monotonic()
        folder.joinpath("demo.ndb").write_text((demo_set().folder / "demo.ndb").read_text() + "# newer\n")
        slowest = 0.0
        with Clamd(child) as scanner:
            while child.live(Deadline.after(5)).fingerprint == process.live.fingerprint:
                asked = time.monotonic()
                scanner.scan(folder / "demo.ndb")
                slowest = max(slowest, time.monotonic() - asked)
                time.sleep(0.1)
            successor = _process(child)
            both = _memory(process.pid, "VmRSS") + _memory(successor.pid, "VmRSS")
            console.print(
                f"new signatures taken over after {time.monotonic() - began:.1f} s, both together {both:.0f} MiB, "
                f"slowest scan meanwhile {slowest:.2f} s, {_load()}"
            )


if __name__ == "__main__":
    sys.exit(main())
