"""How fast what is stored is judged again, beside clamdscan on the same files, and what a submission notices of it.

    python -m benchmarks.rescan files [N]      the file store: one worker and two, beside clamdscan --fdpass --multiscan
    python -m benchmarks.rescan s3 [N]         Swift over TLS: beside a loop of boto3 downloads with clamdscan
    python -m benchmarks.rescan latency [N]    p50 and p95 of submissions, without a batch and with one

clamd has the demo's signatures and SIGNATURES others: with a database as large as the official one every scan is
dearer, and the rest of the work smaller beside it.
"""

import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from attachguard.adapters.clamd_wire import Deadline, UnixAddress
from attachguard.adapters.processes import name_process
from attachguard.adapters.s3_shelf import S3Shelf
from attachguard.adapters.scanners import open_scanner
from attachguard.adapters.signatures import demo_set
from attachguard.batches import Request, Selection
from attachguard.bootstrap import open_service
from attachguard.ports import Scanner
from attachguard.runner import Runner
from attachguard.service import Service
from attachguard.settings import Secret, Settings
from attachguard.states import FINAL
from attachguard.uploads import upload_from_path
from samples.build import build
from tests.engine_made import settings
from tests.rescan.filled import fill
from tests.servers.swift import Swift

SIGNATURES = 200_000
USUAL_SECONDS = 0.25
TURNS = 3
REQUEST = Request(selection=Selection(older_than_signatures=True))


def files(count: int) -> None:
    """In turns, so that what else the machine does happens to all: clamdscan, one worker, two workers."""
    seconds = {0: 0.0, 1: 0.0, 2: 0.0}  # by workers; 0: clamdscan
    with place() as folder, clamd(folder) as socket:
        objects = mixture(folder, count)
        for turn in range(TURNS):
            mine = objects[turn::TURNS]
            plain = write(folder / f"plain{turn}", mine)
            seconds[0] += timed(lambda plain=plain: clamdscan(folder, socket, plain))  # type: ignore[misc]
            for workers in (1, 2):
                home = folder / f"w{workers}.{turn}"
                chosen = replace(settings(home), signatures=signatures(folder), job_lease=30)
                with open_service(chosen) as service:
                    fill(service, mine)
                seconds[workers] += len(mine) / through(chosen, workers, len(mine))
    print(f"{count} files of all kinds, {sum(len(data) for _, data in objects) / 2**20:.0f} MiB")
    print(f"clamdscan --fdpass --multiscan: {count / seconds[0]:.0f} objects/s")
    for workers in (1, 2):
        share = seconds[0] / seconds[workers]
        print(
            f"rescan, {workers} workers: {count / seconds[workers]:.0f} objects/s, {share:.2f} x clamdscan", flush=True
        )
    print(f"1 -> 2 workers: {seconds[1] / seconds[2]:.2f} x")


def s3(count: int) -> None:
    with place() as folder, closing(Swift()) as server:
        server.start()
        objects = mixture(folder, count)
        keys = {f"{part}_access_key": server.access_key for part in ("store", "quarantine")}
        secrets = {f"{part}_secret_key": Secret(server.secret_key) for part in ("store", "quarantine")}
        chosen = settings(
            folder / "w", signatures=signatures(folder), store_url=server.place("clean"),
            quarantine_url=server.place("quarantine"), **keys, **secrets,
        )  # fmt: skip
        with open_service(chosen) as service:
            shelf = cast("S3Shelf", service._clean)
            shelf.client().create_bucket(Bucket=shelf.place.bucket)
            fill(service, objects)
            with clamd(folder) as socket:
                looped = timed(lambda: download_and_scan(folder, socket, shelf))
            print(f"{count} files on Swift over TLS; boto3 download loop + clamdscan: {count / looped:.0f} objects/s")
        for workers in (1, 2):
            rate = through(chosen, workers, count, everything=True)
            print(f"rescan, {workers} workers: {rate:.0f} objects/s, {rate * looped / count:.2f} x", flush=True)


def latency(count: int) -> None:
    """Submissions one after the other, a pause between, as a shop has them; a batch beside them that never ends."""
    with place() as folder:
        objects = mixture(folder, 3000)
        samples = [folder / "samples" / name for name in ("invoice_clean_pdf", "photos_of_returned_goods")]
        wanted = [next(iter(sorted(path.glob("*.*")))) for path in samples]
        chosen = replace(settings(folder / "w"), signatures=signatures(folder), job_lease=30)
        with open_service(chosen) as service:
            fill(service, objects)
            with runner(chosen, 2):
                submissions(service, wanted, count // 10)  # everything has been used once
                batch = service.rescan.begin(REQUEST)
                without: list[float] = []
                beside: list[float] = []
                for _ in range(TURNS):  # in turns, so that what else the machine does happens to both
                    service.rescan.pause(batch.id)
                    without += submissions(service, wanted, count // TURNS)
                    service.rescan.resume(batch.id)
                    beside += submissions(service, wanted, count // TURNS)
                done = service.rescan.find(batch.id).tally.done
                service.rescan.cancel(batch.id)
    for name, spent in (("without a batch", without), ("with a batch", beside)):
        print(f"{name}: p50 {statistics.median(spent) * 1000:.0f} ms, p95 {p95(spent) * 1000:.0f} ms")
    print(f"p95 with a batch: {p95(beside) / p95(without):.2f} x; {done} objects were judged meanwhile")


def submissions(service: Service, paths: Sequence[Path], count: int) -> list[float]:
    spent = []
    for number in range(count):
        began = time.perf_counter()
        receipt = service.submit([upload_from_path(str(paths[number % len(paths)]))])
        while service.report(receipt.submission).state not in FINAL:
            time.sleep(0.005)
        spent.append(time.perf_counter() - began)
        time.sleep(0.2)
    return spent


def p95(spent: Sequence[float]) -> float:
    return statistics.quantiles(spent, n=20)[-1]


def through(chosen: Settings, workers: int, count: int, *, everything: bool = False) -> float:
    """Have a batch done; gives objects a second from its first object to its last, workers running already."""
    with open_service(chosen) as service, runner(chosen, workers):
        time.sleep(3)  # workers are up and idle
        batch = service.rescan.begin(Request() if everything else REQUEST)  # asks the scanner first
        while (found := service.rescan.find(batch.id)).tally.done < count:
            time.sleep(0.05)
        spent = (datetime.now(UTC) - batch.created_at).total_seconds()
        assert (found.tally.changed, found.tally.failed) == (0, 0), found.tally
    print(f"  {found.tally.requests / count:.2f} S3 requests for an object", flush=True)
    return count / spent


@contextmanager
def runner(chosen: Settings, workers: int) -> Iterator[None]:
    pid = os.fork()
    if pid == 0:
        Runner(lambda: open_service(chosen), name_process, processes=workers).run()
        os._exit(0)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


@contextmanager
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="attachguard-bench-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def signatures(folder: Path) -> Path:
    """Make the folder of signatures, once."""
    made = folder / "signatures"
    if not made.exists():
        made.mkdir()
        for path in demo_set().folder.glob("*.ndb"):
            shutil.copy(path, made)
        chance = random.Random(1)
        with (made / "many.ndb").open("w") as out:
            for number in range(SIGNATURES):
                out.write(f"Nothing.{number}:0:*:{chance.randbytes(24).hex()}\n")
    return made


@contextmanager
def clamd(folder: Path) -> Iterator[Path]:
    """A clamd with the settings and signatures that the workers' own has; gives its socket."""
    with open_scanner(None, signatures(folder)) as scanner:
        trial = folder / "trial"
        trial.write_text("x")
        scanner.scan(trial)
        address = scanner._source.live(Deadline.after(60)).address
        assert isinstance(address, UnixAddress)
        yield address.path


def mixture(folder: Path, count: int) -> list[tuple[str, bytes]]:
    """Files of all kinds up to 1 MB, all different, none infected, no bombs."""
    build(folder / "samples")
    found = [
        (f"file{path.suffix}", path.read_bytes())
        for path in sorted((folder / "samples").glob("*/*"))
        if path.suffix and path.name != "expected.toml" and path.stat().st_size < 1_000_000
    ]
    kept = [(name, data) for name, data in found if b"EICAR" not in data]
    with open_scanner(None, demo_set().folder) as scanner:
        kept = [one for one in kept if is_usual(scanner, folder, one)]
    chosen = (kept[number % len(kept)] for number in range(count))
    return [(name, data + f"\n%% {number}\n".encode()) for number, (name, data) in enumerate(chosen)]


def is_usual(scanner: Scanner, folder: Path, file: tuple[str, bytes]) -> bool:
    """Tell whether the scanner finds nothing, and needs no longer than for what people send: bombs take seconds."""
    trial = folder / "trial"
    trial.write_bytes(file[1])
    began = time.perf_counter()
    return scanner.scan(trial).hit is None and time.perf_counter() - began < USUAL_SECONDS


def write(folder: Path, objects: Sequence[tuple[str, bytes]]) -> Path:
    folder.mkdir()
    for number, (name, data) in enumerate(objects):
        (folder / f"{number}-{name}").write_bytes(data)
    return folder


def clamdscan(folder: Path, socket: Path, files: Path) -> None:
    conf = folder / "clamdscan.conf"
    conf.write_text(f"LocalSocket {socket}\n")
    done = subprocess.run(
        ["clamdscan", "--fdpass", "--multiscan", "--no-summary", "--quiet", f"--config-file={conf}", str(files)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done


def download_and_scan(folder: Path, socket: Path, shelf: S3Shelf) -> None:
    target = folder / "downloaded"
    target.mkdir()
    client = shelf.client()
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=shelf.place.bucket, Prefix=shelf.place.prefix)
    for page in pages:
        for item in page.get("Contents", []):
            client.download_file(shelf.place.bucket, item["Key"], str(target / item["Key"].replace("/", "_")))
    clamdscan(folder, socket, target)


def timed(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["files", *rest]:
            files(int(rest[0]) if rest else 4000)
        case ["s3", *rest]:
            s3(int(rest[0]) if rest else 1000)
        case ["latency", *rest]:
            latency(int(rest[0]) if rest else 100)
        case _:
            print(__doc__)
