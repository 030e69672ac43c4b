"""What the room costs: a trivial job and a one-page render, in the room and in other ways, alternating in one run.

    python -m benchmarks.sandbox [--jobs N] [--core N]

Every round does each job once in each way, so that a busy moment of the machine meets all of them. Wall is what the
caller waits; CPU is all processes together, a room's child counted to its last instruction. `--core` keeps everything
on one core, in real time where that is allowed, which comes near to an idle machine when this one is not.
"""

import argparse
import contextlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import pypdfium2

from attachguard.formats.contract import Claim, Order, Sample
from attachguard.kinds import KINDS
from attachguard.model import Attachment, Finding, Identification, Inspection, Limits, Part, Rebuilt
from attachguard.sandbox import channel, inside, wire, zygote
from attachguard.sandbox.room import Room
from attachguard.sandbox.settings import RoomSettings

LIMITS = Limits()
DPI = 100
TEXT = "BT /F 12 Tf 72 700 Td " + "".join(f"(line {n} of a page of text) Tj 0 -14 Td " for n in range(40)) + "ET"
PAGE = (
    "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
    "/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj\n"
    f"4 0 obj<</Length {len(TEXT)}>>stream\n{TEXT}\nendstream endobj\ntrailer<</Root 1 0 R/Size 5>>\n%%EOF\n"
).encode()
FRESH = str(Path(__file__).with_name("sandbox_fresh.py"))
TRIVIAL = b"trivial"


def work(data: bytes) -> bytes:
    """The job itself: nothing, or a page as RGB pixels."""
    if data == TRIVIAL:
        return data
    document = pypdfium2.PdfDocument(data)
    pixels: bytes = document[0].render(scale=DPI / 72).to_pil().convert("RGB").tobytes()
    document.close()
    return pixels


class Worker:
    """A format that does the job when it is inspected."""

    KIND = KINDS["pdf"]

    def sniff(self, sample: Sample) -> Claim | None:
        return Claim(kind="pdf", described=sample.extension)

    def inspect(self, data: bytes, limits: Limits) -> Inspection:
        assert limits
        return Inspection(parts=(Part(where="1", untrusted_name="", declared_type=None, data=work(data)),))

    def normalize(self, order: Order) -> Rebuilt:
        return Rebuilt(data=order.original)

    def verify(self, original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
        assert limits
        return () if original == copy else (Finding("copy.unfaithful"),)


def load() -> inside.Readers:
    """All that the real zygote holds, and the worker: a fork costs what the process is large."""
    real = inside.real_readers()
    work(PAGE)

    def identify(data: bytes, extension: str, limits: Limits) -> Identification:
        return real.identify(data, extension, limits)

    return inside.Readers(identify=identify, formats={**real.formats, "pdf": Worker()})


# -- the ways ---------------------------------------------------------------------------------------------------------


class MeteredRoom(Room):
    """A room that remembers what the last child used."""

    child_cpu = 0.0

    def _once(self, *arguments: object) -> channel.Done:
        done = super()._once(*arguments)  # type: ignore[arg-type]  # passed on as they came
        assert isinstance(done.ended, wire.Ended)
        self.child_cpu = done.ended.cpu
        return done

    def zygote_cpu(self) -> float:
        with self._keeper.lend() as tenant:
            return on_processor(tenant.zygote.pid)


def on_processor(pid: int) -> float:
    """Seconds, exact to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def in_room(command: tuple[str, ...]) -> Callable[[Attachment], float]:
    settings = RoomSettings(command=command, porter=command, recycle_jobs=10**9)
    room = ROOMS.enter_context(MeteredRoom(settings))

    def run(file: Attachment) -> float:
        before = time.process_time() + room.zygote_cpu()
        assert room.inspect(file, LIMITS).parts
        return time.process_time() + room.zygote_cpu() - before + room.child_cpu

    return run


def in_process(file: Attachment) -> float:
    before = time.process_time()
    assert work(file.path.read_bytes())
    return time.process_time() - before


def fresh(prefix: Sequence[str]) -> Callable[[Attachment], float]:
    def run(file: Attachment) -> float:
        before, own = resource.getrusage(resource.RUSAGE_CHILDREN), time.process_time()
        with file.path.open("rb") as data:
            made = subprocess.run(
                [*prefix, sys.executable, "-I", FRESH],
                stdin=data,
                stdout=subprocess.PIPE,
                check=True,
                env=channel.ENVIRONMENT,
            )
        assert made.stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime + time.process_time() - own

    return run


BWRAP = ("bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev")


@contextlib.contextmanager
def on_core(core: int | None) -> Iterator[str]:
    if core is None:
        yield "all cores, beside whatever else runs"
        return
    os.sched_setaffinity(0, {core})
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(5))
        yield f"core {core} alone, in real time"
    except PermissionError:
        yield f"core {core} alone"


def measure(jobs: int, core: int | None) -> None:
    folder = Path(ROOMS.enter_context(tempfile.TemporaryDirectory()))
    where = ROOMS.enter_context(on_core(core))
    ways: dict[str, Callable[[Attachment], float]] = {
        "in this process, no walls": in_process,
        "room": in_room((sys.executable, "-I", __file__, "--zygote")),
        "fresh Python, same walls": fresh(()),
    }
    if shutil.which("bwrap") and subprocess.run([*BWRAP, "true"], check=False, capture_output=True).returncode == 0:
        ways["bubblewrap, fresh Python, same walls"] = fresh(BWRAP)
    print(f"{jobs} rounds on {where}; milliseconds, median / 95 of 100\n")
    print(f"{'':40}{'wall':>18}{'CPU':>18}")
    for title, data in (("trivial job", TRIVIAL), (f"one page, {DPI} dpi", PAGE)):
        path = folder / title
        path.write_bytes(data)
        file = Attachment(path=path, size=len(data), sha256="", untrusted_name="", safe_name="", kind=KINDS["pdf"])
        compare(title, ways, file, jobs)


def compare(title: str, ways: dict[str, Callable[[Attachment], float]], file: Attachment, jobs: int) -> None:
    wall: dict[str, list[float]] = {name: [] for name in ways}
    cpu: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(jobs + 3):
        for name, run in ways.items():
            start = time.perf_counter()
            used = run(file)
            if turn >= 3:  # the first rounds warm everybody
                wall[name].append(time.perf_counter() - start)
                cpu[name].append(used)
    print(title)
    for name in ways:
        # bubblewrap's processes are children of its own, which the kernel does not add up for us
        used_in_all = "not counted" if name.startswith("bubblewrap") else figures(cpu[name])
        print(f"  {name:38}{figures(wall[name]):>18}{used_in_all:>18}")
    ratio = statistics.median(wall["room"]) / statistics.median(wall["fresh Python, same walls"])
    print(f"  the room takes {ratio:.2f} of a fresh Python's time\n")


def figures(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"{1000 * statistics.median(ordered):.1f} / {1000 * ordered[len(ordered) * 95 // 100]:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--core", type=int)
    options = parser.parse_args()
    with ROOMS:
        measure(options.jobs, options.core)


ROOMS = contextlib.ExitStack()

if __name__ == "__main__":
    if "--zygote" in sys.argv:
        zygote.main(load)
    else:
        main()
