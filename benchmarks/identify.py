"""How well and how fast is a file's type told? Ours beside plain libmagic and, where installed, puremagic and magika.

    .venv/bin/python -m benchmarks.identify [FOLDER]

FOLDER (default: what ATTACHGUARD_CORPUS names) holds `types.csv` with the columns file, set, named and true_type.
Sets: good and edge_good (really of their type), mismatch, polyglot, and any whose name ends in nonaccepted, which are
tried under every accepted extension. The probes run in this process, so use it on files you dare to read.

Accepted means for us: the name, the bytes and the marketplace policy together do not reject at the identify stage.
For the others, which have no policy: their answer is the type that the name says, or a harmless alias of it.
"""

import csv
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from attachguard.adapters.memory import MemoryLedger, MemoryStore
from attachguard.adapters.memory_scanner import MemoryScanner
from attachguard.formats.identify import identify as identify_bytes
from attachguard.kinds import BY_EXTENSION, KINDS
from attachguard.model import Action, Attachment, Identification, Limits
from attachguard.names import clean
from attachguard.policy import load_policy
from attachguard.ports import Kit
from attachguard.reports import add, blank
from attachguard.stages.identify import identify as identify_stage

Answer = tuple[str | None, bool]
"""The kind that was found (None: none of ours), and whether the file would be accepted."""
Detector = Callable[[bytes, str], Answer]

ALIASES = frozenset({frozenset({"csv", "txt"}), frozenset({"html", "xhtml"}), frozenset({"xhtml", "xml"})})
"""Pairs of kinds that a detector without a name to go by can't be asked to tell apart."""

OTHER_NAMES: Mapping[str, str] = {
    "image/x-ms-bmp": "bmp",
    "text/xml": "xml",
    "text/rtf": "rtf",
    "application/x-ole-storage": "doc",
}

START = """
import time
from attachguard.formats.identify import identify
from attachguard.model import Limits
identify(b"a,b", "csv", Limits())
print(time.process_time() * 1000)
"""
"""Run in a fresh Python: tells the CPU milliseconds until the first answer."""

RUNS = 3
"""Each file is timed so often; the best run counts, since the machine has other work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One file of the folder."""

    path: Path
    data: bytes
    group: str
    named: str
    true_type: str


class BytesInMemory:
    """A sandbox that has the bytes already and reads them here; only identify works."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = data

    def identify(self, attachment: Attachment, limits: Limits) -> Identification:
        return identify_bytes(self.data, attachment.safe_name.rpartition(".")[2], limits)

    def _never(self, *_: object) -> None:
        raise NotImplementedError("this benchmark only identifies")

    inspect = normalize = verify = probe = _never


def ours() -> Detector:
    """The identify stage and the marketplace policy, as every door uses them, minus the room."""
    policy = load_policy("marketplace")
    limits = Limits(file_size=2**40)
    room = BytesInMemory()
    kit = Kit(
        scanner=MemoryScanner(test_double=True),
        sandbox=room,  # type: ignore[arg-type]  # it is asked for nothing but identify
        store=MemoryStore(),
        ledger=MemoryLedger(),
    )

    def ask(data: bytes, extension: str) -> Answer:
        name = clean(f"file.{extension}", limits.name_length)
        attachment = Attachment(
            path=Path(),
            size=len(data),
            sha256="",
            untrusted_name=name.name,
            safe_name=name.name,
            name_findings=name.findings,
        )
        room.data = data
        report = add(blank(attachment), identify_stage(attachment, limits, kit), (), (), policy)
        kind = report.attachment.kind
        rejected = any(policy.judge(None, [finding]).action is Action.REJECT for finding in report.findings)
        return (kind.name if kind else None), kind is not None and not rejected

    return ask


def libmagic() -> Detector:
    """python-magic as most people use it, but with the whole buffer."""
    magic = import_module("magic").Magic(mime=True)
    return lambda data, extension: _by_media_type(str(magic.from_buffer(data)), extension)


def puremagic() -> Detector:
    """puremagic's first guess. Raises ImportError where it is not installed."""
    module = import_module("puremagic")

    def ask(data: bytes, extension: str) -> Answer:
        try:
            return _by_media_type(str(module.from_string(data, mime=True)), extension)
        except (module.PureError, ValueError):
            return None, False

    return ask


def magika() -> Detector:
    """magika's prediction. Raises ImportError where it is not installed."""
    model = import_module("magika").Magika()
    return lambda data, extension: _by_media_type(str(model.identify_bytes(data).output.mime_type), extension)


def _by_media_type(media_type: str, extension: str) -> Answer:
    kinds = {**{kind.media_type: name for name, kind in KINDS.items()}, **OTHER_NAMES}
    kind = kinds.get(media_type)
    named = BY_EXTENSION[extension].name
    return kind, kind is not None and _same(kind, named)


def _same(one: str, other: str) -> bool:
    return one == other or frozenset({one, other}) in ALIASES


DETECTORS: Mapping[str, Callable[[], Detector]] = {
    "attachguard": ours,
    "libmagic": libmagic,
    "puremagic": puremagic,
    "magika": magika,
}


def read(folder: Path) -> Iterator[Labelled]:
    with (folder / "types.csv").open(newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table):
            path = folder / row["file"]
            data = path.read_bytes()
            if data:
                yield Labelled(
                    path=path, data=data, group=row["set"], named=row["named"].lower(), true_type=row["true_type"]
                )


def is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode()
    except UnicodeDecodeError:
        return False


def accuracy(detector: Detector, files: Iterable[Labelled]) -> tuple[dict[str, list[bool]], dict[str, list[bool]]]:
    """Exact and accepted per kind, on files that are really of a kind and named so."""
    exact: dict[str, list[bool]] = defaultdict(list)
    accepted: dict[str, list[bool]] = defaultdict(list)
    for file in files:
        if file.group in {"good", "edge_good"} and file.true_type in KINDS and file.named in BY_EXTENSION:
            kind, passed = detector(file.data, file.named)
            exact[file.true_type].append(kind is not None and _same(kind, file.true_type))
            accepted[file.true_type].append(passed)
    return exact, accepted


def false_accepts(detector: Detector, files: Iterable[Labelled]) -> dict[str, list[str]]:
    """Files of types that are not accepted which pass under any accepted extension: binary, text, polyglots."""
    passed: dict[str, list[str]] = {"binary": [], "text": [], "polyglot": []}
    for file in files:
        if file.group.endswith("nonaccepted") and file.true_type == "other":
            names = [kind.extension for kind in KINDS.values() if detector(file.data, kind.extension)[1]]
            if names:
                passed["text" if is_text(file.data) else "binary"].append(f"{file.path.name} as {', '.join(names)}")
        elif _is_polyglot(file) and detector(file.data, file.named)[1]:
            passed["polyglot"].append(file.path.name)
    return passed


def _is_polyglot(file: Labelled) -> bool:
    return file.group == "polyglot" and file.named in BY_EXTENSION and file.true_type not in KINDS


def cost(detector: Detector, files: Iterable[Labelled]) -> list[float]:
    """CPU milliseconds per good file, sorted."""
    times = []
    for file in files:
        if file.group == "good" and file.named in BY_EXTENSION:
            best = min(_timed(detector, file) for _ in range(RUNS))
            times.append(best * 1000)
    return sorted(times)


def _timed(detector: Detector, file: Labelled) -> float:
    began = time.process_time()
    detector(file.data, file.named)
    return time.process_time() - began


def start() -> float:
    """CPU milliseconds from a fresh Python to the first answer, best of RUNS: every reader is loaded by then.

    A worker pays this once, in the zygote, before it takes its first job.
    """
    told = (
        subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True) for _ in range(RUNS)
    )
    return min(float(one.stdout) for one in told)


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ATTACHGUARD_CORPUS", ""))
    console = Console()
    if not (folder / "types.csv").is_file():
        console.print(
            f"{folder or '(none)'} has no types.csv: name a folder with labelled files, or set ATTACHGUARD_CORPUS"
        )
        return 2
    files = tuple(read(folder))
    ready, missing = {}, []
    for name, make in DETECTORS.items():
        try:
            ready[name] = make()
        except ImportError:
            missing.append(name)
    console.print(_accuracy_table(ready, files))
    console.print(_summary_table(ready, files))
    for name in missing:
        console.print(f"{name} is not installed and was left out")
    return 0


def _accuracy_table(ready: Mapping[str, Detector], files: tuple[Labelled, ...]) -> Table:
    table = Table("kind", "files", title="exact % / false rejects %, good and edge files")
    results = {name: accuracy(detector, files) for name, detector in ready.items()}
    for name in ready:
        table.add_column(name, justify="right")
    first = next(iter(results.values()))[0]
    for kind in (*sorted(first), "all"):
        cells = [_cell(*results[name], kind) for name in ready]
        count = len(first[kind]) if kind in first else sum(map(len, first.values()))
        table.add_row(kind, str(count), *cells)
    return table


def _cell(exact: Mapping[str, list[bool]], accepted: Mapping[str, list[bool]], kind: str) -> str:
    told = exact[kind] if kind in exact else [answer for answers in exact.values() for answer in answers]
    passed = accepted[kind] if kind in accepted else [answer for answers in accepted.values() for answer in answers]
    return f"{100 * sum(told) / len(told):.1f} / {100 - 100 * sum(passed) / len(passed):.1f}"


def _summary_table(ready: Mapping[str, Detector], files: tuple[Labelled, ...]) -> Table:
    table = Table("", *ready, title="false accepts (files), CPU per good file and to start (ms)")
    passed = {name: false_accepts(detector, files) for name, detector in ready.items()}
    for group in ("binary", "text", "polyglot"):
        table.add_row(f"{group} accepted", *(str(len(passed[name][group])) for name in ready))
    times = {name: cost(detector, files) for name, detector in ready.items()}
    for label, share in (("p95", 0.95), ("p99", 0.99)):
        table.add_row(f"CPU {label}", *(f"{times[name][int(len(times[name]) * share)]:.2f}" for name in ready))
    table.add_row("CPU median", *(f"{statistics.median(times[name]):.2f}" for name in ready))
    table.add_row("start", f"{start():.0f}", *("" for _ in [*ready][1:]))
    for example in passed["attachguard"]["binary"] + passed["attachguard"]["polyglot"]:
        table.caption = f"{table.caption or 'accepted by attachguard:'} {example};"
    return table


if __name__ == "__main__":
    sys.exit(main())
