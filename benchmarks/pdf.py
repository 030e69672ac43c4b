"""How fast and how faithful are the ways to make a safe copy of a PDF? All engines in turn on the same files.

    .venv/bin/python -m benchmarks.pdf [FOLDER] [--runs N] [--pages N] [--least N] [--most N]

FOLDER (default: the `pdf` folder of what ATTACHGUARD_CORPUS names) holds PDFs; without it documents made here are used.
Every measurement runs in a fork of its own, under the limits that the room sets, so that a hostile file costs a line
and not the run. CPU seconds are those of the fork and what it started; the best of the runs counts, since the machine
has other work. Only files that every engine in a table converts are in that table.

    bare        pdftocairo -pdf alone
    print       pdftocairo, rebuild, and the gate
    raster      pictures of pages with a text layer
    structural  the rebuild alone, of the original: what a print saves from
    render      pdfium draws the pages at 150 dpi and throws them away
    lossless    the same, kept as Flate: the size that raster is compared with
"""

import argparse
import io
import os
import resource
import statistics
import subprocess
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pikepdf
from PIL import Image, ImageChops, ImageFilter, ImageMath
from rich.console import Console
from rich.table import Table

from attachguard.formats.contract import Order
from attachguard.formats.pdf import inspect, normalize, verify
from attachguard.formats.pdf.about import About
from attachguard.formats.pdf.audit import violations
from attachguard.formats.pdf.blending import misprints
from attachguard.formats.pdf.document import open_pdf
from attachguard.formats.pdf.losttext import comparing
from attachguard.formats.pdf.pdfium import UnreadableError
from attachguard.formats.pdf.render import printing
from attachguard.formats.pdf.writing import write_copy
from attachguard.model import Limits
from attachguard.sandbox.inside import real_readers
from tests.formats.pdf.made import add_page, new, saved
from tests.formats.pdf.paper import build

LIMITS = Limits()
CPU_SECONDS = 10
"""What the room allows a job."""
MEMORY = 1 << 30
LONG = 10
"""Pages from which on a document counts as long: process starts do not matter there."""

DPI = 72
"""At which likeness is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One engine on one file."""

    ok: bool
    cpu: float
    wall: float
    rss: int
    size: int
    note: str = ""


Engine = Callable[[bytes], bytes]


class FailedError(Exception):
    """An engine did not convert a file."""


def bare(data: bytes) -> bytes:
    done = subprocess.run(["/usr/bin/pdftocairo", "-pdf", "-", "-"], input=data, capture_output=True, check=False)
    if done.returncode or not done.stdout:
        raise FailedError("pdftocairo")
    return done.stdout


def printed(data: bytes) -> bytes:
    """Print, and where the gate refuses that or is known to, print what is written anew: as the pipeline does it."""
    if _foreseen(data):
        return _reprinted(data)
    try:
        return _through_the_gate(data, bare(data))
    except FailedError as error:
        return _reprinted(data, error)


def _foreseen(data: bytes) -> bool:
    """Look for what inspection, which reads every document anyway, says of the printing program."""
    try:
        with open_pdf(data, LIMITS) as pdf:
            return misprints(pdf, LIMITS)
    except pikepdf.PikepdfError:
        return False


def _reprinted(data: bytes, refused: FailedError | None = None) -> bytes:
    written = normalize(Order(original=data, method="prepare", printed=None, parts=(), limits=LIMITS)).data
    if written is None:
        raise refused or FailedError("nothing to print otherwise")
    return _through_the_gate(data, bare(written))


def _through_the_gate(data: bytes, print_of_it: bytes) -> bytes:
    made = normalize(Order(original=data, method="print", printed=print_of_it, parts=(), limits=LIMITS))
    if made.data is None:
        raise FailedError("; ".join(finding.detail for finding in made.findings))
    against = [found for found in verify(data, made.data, LIMITS) if found.code != "copy.likeness"]
    if against:
        raise FailedError("; ".join(f"{finding.where}: {finding.detail}" for finding in against[:2]))
    return made.data


def raster(data: bytes) -> bytes:
    made = normalize(Order(original=data, method="raster", printed=None, parts=(), limits=LIMITS))
    if made.data is None:
        raise FailedError("; ".join(finding.detail for finding in made.findings))
    return made.data


def structural(data: bytes) -> bytes:
    with open_pdf(data, LIMITS) as pdf, comparing(b"", b"") as texts:
        return write_copy(pdf, About(), texts, LIMITS)


def render(data: bytes) -> bytes:
    with printing(data) as document:
        for index in range(document.pages):
            with document.sheet(index) as sheet:
                sheet.draw(150, mode="RGB")
    return b"-"


def lossless(data: bytes) -> bytes:
    size = 0
    with printing(data) as document:
        for index in range(document.pages):
            with document.sheet(index) as sheet:
                size += len(zlib.compress(sheet.draw(150, mode="RGB").tobytes(), 6))
    return b"-" * size


ENGINES: dict[str, Engine] = {
    "bare": bare,
    "print": printed,
    "raster": raster,
    "structural": structural,
    "render": render,
    "lossless": lossless,
}


def measured(engine: Engine, data: bytes) -> tuple[Outcome, bytes]:
    """Run an engine in a fork; its output comes back through a pipe."""
    reader, writer = os.pipe()
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _work(engine, data, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - began
    ok, note, output = _understood(answer) if status == 0 else (False, f"ended with {status}", b"")
    outcome = Outcome(
        ok=ok, cpu=used.ru_utime + used.ru_stime, wall=wall, rss=used.ru_maxrss * 1024, size=len(output), note=note
    )
    return outcome, output


def _work(engine: Engine, data: bytes, writer: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        answer = b"+" + engine(data)
    except Exception as error:  # noqa: BLE001 - whatever an engine raises is its result
        answer = b"-" + f"{type(error).__name__}: {error}"[:300].encode()
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(answer)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert children.ru_utime >= 0
    os._exit(0)


def _understood(answer: bytes) -> tuple[bool, str, bytes]:
    if answer[:1] == b"+":
        return True, "", answer[1:]
    return False, answer[1:].decode("utf-8", "replace"), b""


class Fidelity(msgspec.Struct, frozen=True):
    """How a copy looks and reads beside its original, and what it holds that copies do not."""

    ssim: float
    text: float
    residue: int


def fidelity(original: bytes, copy: bytes, pages: int) -> Fidelity:
    """Compare the first pages by the usual measures: mean SSIM at inked places, F1 of words; count what is foreign."""
    likes: list[float] = []
    shared = wanted = given = 0
    with printing(original) as theirs, printing(copy) as ours:
        for index in range(min(pages, theirs.pages, ours.pages)):
            with theirs.sheet(index) as a, ours.sheet(index) as b:
                likes.append(ssim(a.draw(DPI), b.draw(DPI * a.width / b.width)))
                one, other = Counter(a.text().split()), Counter(b.text().split())
            shared, wanted, given = shared + (one & other).total(), wanted + one.total(), given + other.total()
    residue = len(list(violations(copy, LIMITS))) + len(inspect(copy, LIMITS).findings)
    return Fidelity(
        ssim=statistics.mean(likes) if likes else 0.0,
        text=2 * shared / (wanted + given) if wanted + given else 1.0,
        residue=residue,
    )


def ssim(one: Image.Image, other: Image.Image) -> float:
    """Mean structural similarity (Wang et al. 2004) in windows of 8 points, where either drawing shows something."""
    if one.size != other.size:
        other = other.resize(one.size)
    a, b = one.convert("F"), other.convert("F")

    def mean(picture: Image.Image) -> list[float]:
        return [float(value) for value in picture.reduce(8).get_flattened_data() if isinstance(value, float)]

    def product(x: Image.Image, y: Image.Image) -> Image.Image:
        multiplied: Image.Image = ImageMath.lambda_eval(lambda args: args["x"] * args["y"], x=x, y=y)
        return multiplied

    inked = ImageChops.darker(one, other).filter(ImageFilter.MinFilter(3)).reduce(8).get_flattened_data()
    rows = zip(mean(a), mean(b), mean(product(a, a)), mean(product(b, b)), mean(product(a, b)), inked, strict=True)
    values = [
        _similar(ma, mb, aa - ma * ma, bb - mb * mb, ab - ma * mb) for ma, mb, aa, bb, ab, ink in rows if ink < 250
    ]
    return statistics.mean(values) if values else 1.0


def _similar(ma: float, mb: float, va: float, vb: float, both: float) -> float:
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return (2 * ma * mb + c1) * (2 * both + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))


def documents(folder: Path | None) -> list[tuple[str, bytes]]:
    """Read the files, or make some."""
    if folder is not None:
        return [(path.name, path.read_bytes()) for path in sorted(folder.glob("*.pdf"))]
    report = new()
    for _ in range(29):
        add_page(report)
    return [("paper.pdf", build()), ("report.pdf", saved(report))]


def pages_of(data: bytes) -> int:
    try:
        with printing(data) as document:
            return max(0, document.pages)
    except UnreadableError:
        return 0


def readers_of(data: bytes) -> int:
    """How many of pdfium, qpdf and poppler open a file without a password and find a page in it."""
    opened = int(pages_of(data) > 0)
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            opened += int(len(pdf.pages) > 0)
    except pikepdf.PikepdfError:
        pass
    info = subprocess.run(["/usr/bin/pdfinfo", "-"], input=data, capture_output=True, check=False)
    return opened + int(info.returncode == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One file, all engines."""

    name: str
    size: int
    pages: int
    valid: bool
    outcomes: dict[str, Outcome]
    fidelity: dict[str, Fidelity]


def row(name: str, data: bytes, runs: int, seen_pages: int) -> Row:
    """Run every engine on a file, all engines in turn, several times; the quickest run of each counts."""
    best: dict[str, Outcome] = {}
    looks: dict[str, Fidelity] = {}
    pages = pages_of(data)
    for run in range(runs):
        for engine, function in ENGINES.items():
            if run and not best[engine].ok:
                continue
            outcome, output = measured(function, data)
            if engine not in best or outcome.cpu < best[engine].cpu:
                best[engine] = outcome
            if run == 0 and pages and outcome.ok and engine in {"bare", "print", "raster", "structural"}:
                looks[engine] = fidelity(data, output, seen_pages)
    return Row(name=name, size=len(data), pages=pages, valid=readers_of(data) > 1, outcomes=best, fidelity=looks)


def speed_table(rows: Iterable[Row], title: str, engines: Sequence[str]) -> Table:
    """Pages per CPU second, wall time per page, memory and size of the files that all these engines convert."""
    common = [one for one in rows if one.pages and all(one.outcomes[engine].ok for engine in engines)]
    pages = sum(one.pages for one in common)
    table = Table(title=f"{title}: {len(common)} files, {pages} pages")
    for heading in ("engine", "pages/CPU-s", "ms wall/page", "peak MiB", "out/in total", "out/in median"):
        table.add_column(heading, justify="left" if heading == "engine" else "right")
    for engine in engines:
        outcomes = [(one, one.outcomes[engine]) for one in common]
        cpu, wall = sum(o.cpu for _, o in outcomes), sum(o.wall for _, o in outcomes)
        sizes = [o.size / one.size for one, o in outcomes if one.size > 20_000] or [0.0]
        total = sum(o.size for _, o in outcomes) / max(1, sum(one.size for one in common))
        table.add_row(
            engine,
            f"{pages / cpu:.0f}" if cpu else "-",
            f"{1000 * wall / pages:.1f}" if pages else "-",
            f"{max((o.rss for _, o in outcomes), default=0) / 2**20:.0f}",
            f"{total:.2f}" if engine != "render" else "-",
            f"{statistics.median(sizes):.2f}" if engine != "render" else "-",
        )
    return table


def fidelity_table(rows: Sequence[Row]) -> Table:
    """How the copies look and read."""
    table = Table(title="copies beside their originals (pdfium's print of both)")
    for heading in ("engine", "valid", "made %", "SSIM mean", "p5", "text F1 mean", "foreign keys or findings"):
        table.add_column(heading, justify="left" if heading == "engine" else "right")
    valid = [one for one in rows if one.valid]
    for engine in ("bare", "print", "raster", "structural"):
        looks = [one.fidelity[engine] for one in valid if engine in one.fidelity]
        likes = sorted(look.ssim for look in looks) or [0.0]
        table.add_row(
            engine,
            str(len(valid)),
            f"{100 * len(looks) / max(1, len(valid)):.1f}",
            f"{statistics.mean(likes):.3f}",
            f"{likes[len(likes) // 20]:.3f}",
            f"{statistics.mean([look.text for look in looks] or [0.0]):.3f}",
            str(sum(look.residue for look in looks)),
        )
    return table


def two_processes(files: Sequence[tuple[str, bytes]]) -> float:
    """How many times faster two processes print the long files than one does, by the clock."""
    long = [data for _, data in files if pages_of(data) >= LONG]

    def clock(shares: Sequence[Sequence[bytes]]) -> float:
        began = time.perf_counter()
        children = []
        for share in shares:
            child = os.fork()
            if child == 0:
                for data in share:
                    measured(printed, data)
                os._exit(0)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)
        return time.perf_counter() - began

    return clock([long]) / clock([long[0::2], long[1::2]]) if len(long) > 1 else 0.0


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--pages", type=int, default=3, help="pages of each file whose looks are compared")
    parser.add_argument("--least", type=int, default=0, help="pages of the shortest file that is looked at")
    parser.add_argument("--most", type=int, default=10**6, help="pages of the longest")
    chosen = parser.parse_args()
    corpus = os.environ.get("ATTACHGUARD_CORPUS")
    folder = chosen.folder or (Path(corpus) / "pdf" if corpus else None)
    files = [one for one in documents(folder) if chosen.least <= pages_of(one[1]) <= chosen.most]
    console = Console(width=120)
    real_readers()  # every measurement begins like a job of the room: with libraries that are imported and warm
    render(build())
    rows = [row(name, data, chosen.runs, chosen.pages) for name, data in files]
    long = [one for one in rows if one.pages >= LONG]
    for title, some in ((f"{LONG} pages and more", long), ("all", rows)):
        console.print(speed_table(some, title, ("bare", "print")))
        console.print(speed_table(some, title, ("render", "raster", "lossless")))
        console.print(speed_table(some, title, ("bare", "structural")))
    console.print(fidelity_table(rows))
    console.print(f"two processes print the long files {two_processes(files):.2f} times as fast as one")
    valid = [one for one in rows if one.valid]
    console.print(f"{len(valid)} valid; not printed faithfully, so drawn as pictures:")
    for one in valid:
        if not one.outcomes["print"].ok:
            drawn = "raster" if one.outcomes["raster"].ok else f"NO COPY ({one.outcomes['raster'].note})"
            console.print(f"  {one.name}: {one.outcomes['print'].note} -> {drawn}", markup=False)


if __name__ == "__main__":
    main()
