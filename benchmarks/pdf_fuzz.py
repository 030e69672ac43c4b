"""Does anything forbidden get through, or anything fall over, when documents are bent and broken at random?

    .venv/bin/python -m benchmarks.pdf_fuzz [COUNT] [--seed N]

COUNT (default 10,000) documents: half are bent in their structure (keys of objects set to anything), half in their
bytes. Each is inspected and rebuilt, every third for a policy that keeps links to the web; one in twenty is also really
printed, written anew and printed again where it blends, compared, and drawn as pictures. Batches run in forks, so that
a crash of a library is counted and not the end. A printed copy is rebuilt twice more, the last time without a change.
Exit 1 when a copy held what copies do not have or changed, or a reader raised.
"""

import argparse
import io
import os
import random
import resource
import sys
from collections import Counter
from collections.abc import Iterator

import pikepdf

from attachguard.formats.contract import Order, Sample
from attachguard.formats.pdf import inspect, normalize, sniff, verify
from attachguard.formats.pdf.audit import violations
from attachguard.formats.pdf.weblinks import MOST, addresses_on, is_web
from attachguard.model import Flatten, Limits, Links
from tests.formats.pdf.made import printed, saved
from tests.formats.pdf.test_properties import FORBIDDEN, KEYS, NAMES, SEEDS, mutated, names_in
from tests.formats.pdf.test_reprint import highlighted
from tests.formats.pdf.test_weblinks import acting, link

LIMITS = Limits(pages=20, member_size=4_000_000, pixels=4_000_000)
KEEPING = Limits(pages=20, member_size=4_000_000, pixels=4_000_000, flatten=Flatten(links=Links.KEEP_WEB))
LINKS = frozenset({"/A", "/Annots", "/URI"})
"""What a copy with links has and no other."""

BATCH = 50
REALLY = 20
"""One in so many is printed, compared and drawn."""

CPU_SECONDS = 120


def linked() -> bytes:
    """A document with links, good and bad, and something that acts."""
    pdf = acting()
    for address in ("https://shop.example/order?id=1", "mailto:a@shop.example", "javascript:alert(1)", "file:///etc"):
        link(pdf, address)
    return saved(pdf)


DOCUMENTS = {**SEEDS, "blended": highlighted(), "linked": linked()}


def value(chance: random.Random, depth: int = 0) -> object:
    """Make any value of a PDF."""
    kind = chance.randrange(8 if depth < 3 else 5)
    if kind == 0:
        return chance.choice([0, 1, -1, 2**31, 2**40, 0.5, 1e-9])
    if kind == 1:
        return chance.random() < 0.5
    if kind == 2:
        return chance.randbytes(chance.randrange(12))
    if kind in {3, 4}:
        return f"/{chance.choice(NAMES.split())}"
    if kind == 5:
        return [value(chance, depth + 1) for _ in range(chance.randrange(6))]
    return {f"/{chance.choice(KEYS.split())}": value(chance, depth + 1) for _ in range(chance.randrange(4))}


def bent(chance: random.Random) -> bytes:
    """Set keys of some objects of a document to anything."""
    seed = DOCUMENTS[chance.choice(sorted(DOCUMENTS))]
    changes = [
        (chance.randrange(200), f"/{chance.choice(KEYS.split())}", value(chance)) for _ in range(chance.randint(1, 8))
    ]
    return mutated(seed, changes)


def broken(chance: random.Random) -> bytes:
    """Flip, drop, repeat and cut bytes of a document."""
    data = bytearray(DOCUMENTS[chance.choice(["acting", "plain", "linked"])])
    for _ in range(chance.randint(1, 20)):
        place = chance.randrange(len(data))
        act = chance.randrange(4)
        if act == 0:
            data[place] = chance.randrange(256)
        elif act == 1:
            del data[place : place + chance.randrange(20)]
        elif act == 2:
            data[place:place] = data[place : place + chance.randrange(200)]
        else:
            data[place:place] = chance.choice([b"endobj", b"stream\n", b">>", b"<<", b"(", b"]", b"9999999999", b"#00"])
    return bytes(data)


def rebuilt(copy: bytes, limits: Limits) -> bytes:
    """Rebuild a copy as if it were a print; empty: it can't be."""
    return normalize(Order(original=copy, method="print", printed=copy, parts=(), limits=limits)).data or b""


def prints(data: bytes, limits: Limits) -> Iterator[tuple[str, bytes | None]]:
    """Give what copies are made from: the print, the print of what is written anew, and nothing for pictures."""
    yield "print", printed(data)
    written = normalize(Order(original=data, method="prepare", printed=None, parts=(), limits=limits)).data
    if written is not None:
        yield "reprint", printed(written)
    yield "raster", None


def forbidden(copy: bytes, limits: Limits) -> bool:
    """Whether a copy holds what copies do not have: by the grammar, by a list of names, by its addresses."""
    if list(violations(copy, limits)):
        return True
    if limits is LIMITS:
        return bool(names_in(copy) & FORBIDDEN)
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        addresses = [list(addresses_on(page.obj)) for page in pdf.pages]
    odd = any(len(held) > MOST or not all(map(is_web, held)) for held in addresses)
    return odd or bool(names_in(copy) & (FORBIDDEN - LINKS))


def judged(data: bytes, limits: Limits, *, really: bool) -> Iterator[str]:
    """Inspect a document and make copies; give what came of it."""
    sniff(Sample(data, "pdf"))
    inspect(data, limits)
    orders: list[tuple[str, bytes | None]] = [("print", data), *(prints(data, limits) if really else ())]
    for method, print_of_it in orders:
        order = Order(original=data, method=method, printed=print_of_it, parts=(), limits=limits)
        copy = normalize(order).data
        if copy is None:
            yield f"{method}: no copy"
            continue
        yield f"{method}: FORBIDDEN" if forbidden(copy, limits) else f"{method}: copy"
        if limits is KEEPING and b"/URI" in qdf(copy):
            yield f"{method}: copy with links"
        if method == "print":
            once = rebuilt(copy, limits)
            yield "print: nothing more to change" if rebuilt(once, limits) == once != b"" else "print: CHANGED AGAIN"
        if really and print_of_it is not data:
            against = {finding.code for finding in verify(data, copy, limits)} - {"copy.likeness"}
            yield f"{method}: refused by the gate" if against else f"{method}: faithful"


def qdf(copy: bytes) -> bytes:
    """Write a copy down plainly."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


def batch(seed: int, first: int, count: int) -> Counter[str]:
    """Judge some documents in a fork."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
        with os.fdopen(writer, "w", buffering=1) as lines:
            for number in range(first, first + count):
                chance = random.Random(seed * 1_000_003 + number)
                data = bent(chance) if number % 2 else broken(chance)
                try:
                    limits = KEEPING if number % 3 == 0 else LIMITS
                    for said in judged(data, limits, really=number % REALLY in {0, 1}):
                        lines.write(said + "\n")
                except Exception as error:  # noqa: BLE001 - whatever a reader raises is what is looked for
                    lines.write(f"RAISED {type(error).__name__} at {number}: {error}"[:300].replace("\n", " ") + "\n")
                lines.write("documents\n")
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as lines:
        counted = Counter(line.rstrip("\n") for line in lines)
    _, status = os.waitpid(child, 0)
    if status:
        counted[f"CRASHED with {status} after {first + counted['documents']}"] += 1
    return counted


def main() -> int:
    """Count, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", nargs="?", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first, to run it in pieces")
    chosen = parser.parse_args()
    total: Counter[str] = Counter()
    last = chosen.first + chosen.count
    for first in range(chosen.first, last, BATCH):
        total += batch(chosen.seed, first, min(BATCH, last - first))
    for said, number in sorted(total.items()):
        print(f"{number:7}  {said}")
    return int(any(word in said for said in total for word in ("FORBIDDEN", "CHANGED", "RAISED", "CRASHED")))


if __name__ == "__main__":
    sys.exit(main())
