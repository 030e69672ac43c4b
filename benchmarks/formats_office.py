"""What do office files and mail cost that are large, or made to cost? CPU time of each step, and memory.

    .venv/bin/python -m benchmarks.formats_office

Made files only: a document of 50 KB of each kind, the same grown to some 10 MiB, and files that an enemy would send.
Every row is a process of its own, so its memory is its own.
"""

import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from attachguard.formats.contract import Order
from attachguard.formats.office.compound import write_compound
from attachguard.formats.registry import BY_KIND
from attachguard.model import Inspection, JudgedPart, Limits, Outcome
from samples.makers import rtf, word97
from tests.formats.office_made import docx, odt, xlsx
from tests.formats.ole_made import record, sheet_entry, workbook

LIMITS = Limits()
MIB = 1024 * 1024
EXCEL = "00020820-0000-0000-C000-000000000046"


def letter(paragraphs: int) -> bytes:
    """Make a document of words that hardly compress."""
    dice = Random(1)
    return docx(
        "".join(
            f'<w:p><w:pPr><w:jc w:val="left"/></w:pPr><w:r><w:rPr><w:b/></w:rPr><w:t>{dice.random()}'
            f"{dice.random()}</w:t></w:r></w:p>"
            for _ in range(paragraphs)
        )
    )


def text(paragraphs: int) -> bytes:
    """Make an OpenDocument text."""
    dice = Random(2)
    return odt(
        "".join(
            f'<text:p text:style-name="P1">{dice.random()}<text:span text:style-name="T1">{dice.random()}'
            "</text:span></text:p>"
            for _ in range(paragraphs)
        )
    )


def table(rows: int, formula: str = "") -> bytes:
    """Make a workbook of eight columns of numbers, calculated by a formula where one is given."""
    dice = Random(3)
    f = f"<f>{formula}</f>" if formula else ""
    lines = (
        f'<row r="{n}">'
        + "".join(
            f'<c r="{c}{n}" s="1">{f.replace("#", str(n))}<v>{dice.random() * 1e6:.6f}</v></c>' for c in "ABCDEFGH"
        )
        + "</row>"
        for n in range(1, rows)
    )
    return xlsx(f"<sheetData>{''.join(lines)}</sheetData>")


def old_table(cells: int) -> bytes:
    """Make a workbook of 1997 of numbers."""
    return compound(*(record(0x0203, bytes(6) + n.to_bytes(8, "little")) for n in range(cells)))


def compound(*records: bytes) -> bytes:
    """Make a workbook of 1997 of any length."""
    return write_compound({("Workbook",): workbook(sheet_entry(), *records)}, EXCEL)


def formatted(lines: int) -> bytes:
    """Make an RTF file of formatted lines."""
    line = rtf.letter("en")[:-2].partition(b"\\fs22 ")[2]
    return rtf.letter("en")[:-2] + (b"{\\b\\f0 " + line + b"}\\par\n") * lines + b"}"


def mail(parts: int, size: int) -> bytes:
    """Make a mail with so many files of text."""
    body = b"word " * (size // 5)
    edge = b"\r\n--b\r\nContent-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\n"
    head = b"From: a@shop.example\r\nTo: b@mail.example\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    return head + b"".join(edge + body for _ in range(parts)) + b"\r\n--b--\r\n"


Make = Callable[[], bytes]

ORDINARY: Mapping[str, tuple[str, Make]] = {
    "docx, 50 KB": ("docx", lambda: letter(2_400)),
    "xlsx, 50 KB": ("xlsx", lambda: table(560)),
    "odt, 50 KB": ("odt", lambda: text(2_400)),
    "xls, 50 KB": ("xls", lambda: old_table(2_700)),
    "doc, small": ("doc", word97.letter),
    "rtf, 50 KB": ("rtf", lambda: formatted(60)),
    "eml, 50 KB": ("eml", lambda: mail(2, 25_000)),
}
LARGE: Mapping[str, tuple[str, Make]] = {
    "docx, 6 MiB, 300,000 paragraphs": ("docx", lambda: letter(300_000)),
    "odt, 6 MiB, 300,000 paragraphs": ("odt", lambda: text(300_000)),
    "xlsx, 9 MiB, 800,000 numbers": ("xlsx", lambda: table(100_000)),
    "xlsx, 8 MiB, 480,000 sums": ("xlsx", lambda: table(60_000, "A#*2+SUM(A1:A#)")),
    "xls, 10 MiB of numbers": ("xls", lambda: old_table(580_000)),
    "rtf, 10 MiB": ("rtf", lambda: formatted(12_000)),
    "eml, 10 MiB in 90 files": ("eml", lambda: mail(90, 110_000)),
}
HOSTILE: Mapping[str, tuple[str, Make]] = {
    "docx, 40 MB of empty tags": ("docx", lambda: docx(f"<w:p>{'<w:b/>' * 6_000_000}</w:p>")),
    "docx, 4,000,000 attributes": (
        "docx",
        lambda: docx("".join(f'<w:p w:a="{n}" w:b="{n}" w:c="{n}" w:d="{n}"/>' for n in range(1_000_000))),
    ),
    "docx, 100,000 fields": ("docx", lambda: docx(_fields(100_000))),
    "docx, 60 fields in each other": ("docx", lambda: docx(_nested(60, 2_000))),
    "xlsx, 480,000 formulas to be dropped": ("xlsx", lambda: table(60_000, "RTD(A#)")),
    "xlsx, a formula of 8 MiB": ("xlsx", lambda: xlsx(f'<c r="A1"><f>{"A1+(" * 2_000_000}</f></c>')),
    "odt, one paragraph of 40 MB": ("odt", lambda: odt(f"<text:p>{'word ' * 8_000_000}</text:p>")),
    "rtf, 10 MiB of braces": ("rtf", lambda: b"{\\rtf1 " + b"{}" * 5_000_000 + b"}"),
    "rtf, 10 MiB of fields": ("rtf", lambda: b"{\\rtf1 " + b"{\\field{\\*\\fldinst PAGE}}" * 400_000 + b"}"),
    "rtf, 10 MiB of backslashes": ("rtf", lambda: b"{\\rtf1 " + b"\\" * (10 * MIB)),
    "eml, 10 MiB of delimiters": ("eml", lambda: mail(0, 0).replace(b"\r\n--b--", b"\r\n--b" * 2_000_000)),
    "eml, 10 MiB of field lines": ("eml", lambda: b"From: a@b.c\r\nTo: d@e.f\r\n" + b"X: y\r\n" * 1_700_000),
    "xls, 2,600,000 empty records": ("xls", lambda: compound(record(0x0002) * 2_600_000)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one file cost, in seconds of CPU and MiB."""

    size: int
    inspect: float
    normalize: float
    verify: float
    memory: float
    says: str


def cost(group: str, name: str) -> Cost:
    """Make a file and measure it, here."""
    kind, make = GROUPS[group][name]
    data = make()
    limits = replace(LIMITS, ratio=10**6)  # so that the other limits show; the default refuses most of these sooner
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the most memory taken so far
    times = [time.process_time()]
    seen = BY_KIND[kind].inspect(data, limits)
    times.append(time.process_time())
    parts = tuple(_delivered(seen))
    made = BY_KIND[kind].normalize(Order(original=data, method="rebuild", printed=None, parts=parts, limits=limits))
    times.append(time.process_time())
    doubts = tuple(BY_KIND[kind].verify(data, made.data, limits)) if made.data is not None else made.findings
    times.append(time.process_time())
    return Cost(
        size=len(data),
        inspect=times[1] - times[0],
        normalize=times[2] - times[1],
        verify=times[3] - times[2],
        memory=memory(),
        says=", ".join(sorted({finding.code for finding in (*seen.findings, *doubts)})),
    )


def memory() -> float:
    """Give the most memory that this process has taken since the last look, the file itself included, in MiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def _delivered(seen: Inspection) -> list[JudgedPart]:
    return [
        JudgedPart(where=part.where, outcome=Outcome.ACCEPTED, safe_name=part.untrusted_name, data=part.data)
        for part in seen.parts
    ]


def _field(instruction: str) -> str:
    marks = {kind: f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")}
    code = f"<w:r><w:instrText>{instruction}</w:instrText></w:r>"
    return f"{marks['begin']}{code}{marks['separate']}<w:r><w:t>1</w:t></w:r>{marks['end']}"


def _fields(number: int) -> str:
    return f"<w:p>{_field('INCLUDETEXT x') * number}</w:p>"


def _nested(depth: int, times: int) -> str:
    inner = "PAGE"
    begin, separate = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate"))
    opened = f"{begin}<w:r><w:instrText>IF </w:instrText></w:r>" * depth
    closed = f'{separate}<w:r><w:fldChar w:fldCharType="end"/></w:r>' * depth
    return f"<w:p>{(opened + f'<w:r><w:instrText>{inner}</w:instrText></w:r>' + closed) * times}</w:p>"


GROUPS = {"ordinary": ORDINARY, "large": LARGE, "hostile": HOSTILE}


def main() -> int:
    """Print the table."""
    shown = Table("file", "KiB", "inspect s", "normalize s", "verify s", "MiB", "says")
    for group, files in GROUPS.items():
        for name in files:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                one = process.submit(cost, group, name).result()
            times = (f"{seconds:.3f}" for seconds in (one.inspect, one.normalize, one.verify))
            shown.add_row(name, str(one.size // 1024), *times, f"{one.memory:.0f}", one.says)
    Console(width=150).print(shown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
