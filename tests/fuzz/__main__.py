"""The long run: breaks good files and looks whether identification and inspection bear it.

    .venv/bin/python -m tests.fuzz [--seconds 600 | --inputs 50000] [--run NAME] [--out build/fuzz] [--workers N]
        [--kinds png,gif]

Our own samples are the seeds, and the files that ATTACHGUARD_CORPUS names with them. The same --run breaks the same
files in the same ways. Where atheris is installed (`pip install atheris`), half of the seconds go to it: it looks
which inputs reach new lines. Findings are written below --out; the exit code is 1 when there are any but
`costly` ones, where a large file brings an inspector to the limits at which the room ends it.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tests.fuzz.cases import case
from tests.fuzz.found import Found, write
from tests.fuzz.seeds import Seed, every
from tests.fuzz.targets import Failure, Look
from tests.fuzz.workers import Told, looks


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for."""

    seconds: float
    inputs: int
    run: str
    out: Path
    workers: int
    kinds: str


@dataclass(slots=True)
class Figures:
    """What a run amounts to."""

    inputs: int = 0
    failures: Counter[Failure] = field(default_factory=Counter)
    gave_up: Counter[str] = field(default_factory=Counter)
    probes_cpu: list[float] = field(default_factory=list)
    inspect_cpu: list[float] = field(default_factory=list)

    def add(self, look: Look) -> None:
        self.inputs += 1
        self.failures.update(look.failures)
        if look.gave_up:
            self.gave_up[look.gave_up] += 1
        self.probes_cpu.append(look.probes_cpu)
        self.inspect_cpu.append(look.inspect_cpu)


def main() -> int:
    wanted = _wanted(sys.argv[1:])
    console = Console(stderr=True, highlight=False)
    seeds = [seed for seed in every() if not wanted.kinds or seed.kind in wanted.kinds.split(",")]
    guided = importlib.util.find_spec("atheris") is not None and wanted.inputs == 0 and not wanted.kinds
    seconds = wanted.seconds / 2 if guided else wanted.seconds
    figures = _random(wanted, seeds, seconds, console)
    _tell(figures, len(seeds), console)
    status = 0 if all(failure.contained for failure in figures.failures) else 1
    if guided:
        status |= _guided(wanted, seconds)
    return status


def _wanted(arguments: Sequence[str]) -> Wanted:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Break good files and look at them.")
    parser.add_argument("--seconds", type=float, default=600.0, help="how long to go on")
    parser.add_argument("--inputs", type=int, default=0, help="how many inputs, however long they take")
    parser.add_argument("--run", default="1", help="the same name breaks the same files in the same ways")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"), help="where findings are written")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), help="processes")
    parser.add_argument("--kinds", default="", help="kinds of the files to break, with commas; all of them if left out")
    return Wanted(**vars(parser.parse_args(arguments)))


def _random(wanted: Wanted, seeds: Sequence[Seed], seconds: float, console: Console) -> Figures:
    figures = Figures()
    known: set[tuple[str, str, str]] = set()
    for number, look in _followed(wanted, seeds, seconds, console):
        figures.add(look)
        for failure in look.failures:
            sort = (failure.sort, failure.target, failure.detail if failure.sort == "escaped" else "")
            if sort not in known:
                known.add(sort)
                path = _keep(wanted, seeds, number, failure)
                console.print(f"{failure.sort}: {failure.target}: {failure.detail} -> {path}", markup=False)
    return figures


def _followed(wanted: Wanted, seeds: Sequence[Seed], seconds: float, console: Console) -> Generator[Told]:
    """Pass the looks on and show how far it is: a bar on a terminal, a line a minute elsewhere."""
    began = shown = time.monotonic()
    total = wanted.inputs or seconds
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with (
        closing(looks(wanted.run, seeds, wanted.workers)) as told,
        Progress(*columns, console=console, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("", total=total)
        for count, one in enumerate(told, start=1):
            yield one
            now = time.monotonic()
            done = count if wanted.inputs else now - began
            progress.update(task, completed=done, description=f"{count} inputs")
            if not console.is_terminal and now - shown > 60:
                shown = now
                console.print(f"{count} inputs, {now - began:.0f} s")
            if done >= total:
                return


def _keep(wanted: Wanted, seeds: Sequence[Seed], number: int, failure: Failure) -> Path:
    one = case(wanted.run, number, seeds)
    what = f"{failure.sort}: {failure.target}: {failure.detail} (run {wanted.run}, input {number}, from {one.seed})"
    return write(wanted.out, Found(what=what, kind=one.kind, extension=one.extension, pieces=one.pieces))


def _tell(figures: Figures, seeds: int, console: Console) -> None:
    costly = sum(count for failure, count in figures.failures.items() if failure.contained)
    failed = figures.failures.total() - costly
    console.print(f"{figures.inputs} inputs from {seeds} files: {failed} failures, {costly} costly inspections")
    for name, times in (("probes and libmagic", figures.probes_cpu), ("inspection", figures.inspect_cpu)):
        ordered = sorted(times)
        median, high = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
        console.print(f"{name}: median {median * 1000:.2f} ms, p99 {high * 1000:.1f} ms, most {ordered[-1]:.2f} s")
    console.print(f"an inspector gave up with an exception (file.malformed): {figures.gave_up.total()} times")
    for where, count in figures.gave_up.most_common():
        console.print(f"  {count:6} {where}", markup=False)


def _guided(wanted: Wanted, seconds: float) -> int:
    """Let atheris go on, in a process of its own: it never gives control back."""
    command = [sys.executable, "-m", "tests.fuzz.guided", str(int(seconds)), str(wanted.out)]
    return 1 if subprocess.run(command, check=False).returncode else 0


if __name__ == "__main__":
    sys.exit(main())
