"""Whatever goes in: no reader of ours falls over, and what comes out holds nothing that a copy must not hold."""

import contextlib
import io

import pikepdf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from pikepdf import Array, Dictionary, Name

from attachguard.formats.contract import Order, Sample
from attachguard.formats.pdf import inspect, normalize, sniff
from attachguard.formats.pdf.audit import violations
from attachguard.model import Limits
from tests.formats.pdf.made import attach, hello, new, saved, script
from tests.formats.pdf.paper import build

LIMITS = Limits(pages=20, member_size=2_000_000, pixels=4_000_000)
FEW = settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))

FORBIDDEN = frozenset(
    {"/JS", "/JavaScript", "/AA", "/OpenAction", "/A", "/Annots", "/AcroForm", "/XFA", "/Names", "/EF", "/AF"}
    | {"/Launch", "/URI", "/RichMedia", "/Metadata", "/OCProperties", "/StructTreeRoot", "/OPI", "/Ref", "/PieceInfo"}
    | {"/JBIG2Decode", "/JPXDecode"}
)


def names_in(data: bytes) -> set[str]:
    """Every key and every name of a document, in whatever object."""
    found: set[str] = set()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        waiting: list[object] = [pdf.trailer, *pdf.objects]
        while waiting:
            item = waiting.pop()
            if isinstance(item, pikepdf.Name):
                found.add(str(item))
            elif isinstance(item, (pikepdf.Dictionary, pikepdf.Stream)):
                found |= item.keys()
                waiting.extend(value for value in item.values() if not _is_reference(value))
            elif isinstance(item, pikepdf.Array):
                waiting.extend(value for value in item if not _is_reference(value))
    return found


def _is_reference(value: object) -> bool:
    return isinstance(value, pikepdf.Object) and value.is_indirect


def make(data: bytes, printed: bytes | None, method: str) -> bytes | None:
    return normalize(Order(original=data, method=method, printed=printed, parts=(), limits=LIMITS)).data


def check(data: bytes | None) -> None:
    """A copy is by the grammar, holds no forbidden name, and making it again changes nothing of that."""
    if data is None:
        return
    assert list(violations(data, LIMITS)) == []
    assert not names_in(data) & FORBIDDEN
    assert {finding.code for finding in inspect(data, LIMITS).findings} <= {"pdf.hidden_text", "pdf.too_many_pages"}
    again = make(data, data, "print")
    assert again is not None
    assert not names_in(again) & FORBIDDEN


KEYS = """OpenAction AA A JS S Names EF XFA Annots Resources Contents Type MediaBox Font XObject Filter Length Subtype
SMask Group Next F W FunctionType Pattern Shading CharProcs Widths ColorSpace UserUnit Rotate Kids"""
NAMES = """JavaScript Launch URI Form Image Page Type3 JBIG2Decode FlateDecode DCTDecode DeviceRGB Widget EmbeddedFile
Catalog A#B"""
keys = some.sampled_from([f"/{key}" for key in KEYS.split()])
names = some.sampled_from([f"/{name}" for name in NAMES.split()])
leaves = some.one_of(
    some.integers(-5, 10**12),
    some.floats(allow_nan=False, allow_infinity=False, width=16),
    some.booleans(),
    some.binary(max_size=12),
    names,
)
values = some.recursive(
    leaves,
    lambda inner: some.one_of(some.lists(inner, max_size=6), some.dictionaries(keys, inner, max_size=4)),
    max_leaves=8,
)
mutations = some.lists(some.tuples(some.integers(0, 200), keys, values), max_size=6)


def built(value: object) -> object:
    """A value of a PDF from a plain one: text stands for a name, bytes for a string."""
    if isinstance(value, str):
        return Name(value)
    if isinstance(value, bytes):
        return pikepdf.String(value)
    if isinstance(value, list):
        return Array([built(item) for item in value])
    if isinstance(value, dict):
        return Dictionary({key: built(item) for key, item in value.items()})
    return value


def mutated(data: bytes, changes: list[tuple[int, str, object]]) -> bytes:
    """A document with keys of its objects set to anything."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        holders = [item for item in pdf.objects if isinstance(item, (pikepdf.Dictionary, pikepdf.Stream))]
        for place, key, value in changes:
            with contextlib.suppress(pikepdf.PikepdfError, ValueError, TypeError, RuntimeError):
                holders[place % len(holders)][key] = built(value)
        try:
            return saved(pdf)
        except (pikepdf.PikepdfError, RuntimeError, ValueError):
            return data


def hostile() -> bytes:
    pdf = new()
    pdf.Root["/OpenAction"] = script(pdf)
    attach(pdf, "a.exe", b"MZ")
    return saved(pdf)


SEEDS = (build(), hostile(), hello())


@FEW
@given(some.sampled_from(SEEDS), mutations)
def test_no_forbidden_name_passes_the_rebuild_of_any_structure(
    seed: bytes, changes: list[tuple[int, str, object]]
) -> None:
    document = mutated(seed, changes)
    check(make(document, document, "print"))


@FEW
@given(some.sampled_from(SEEDS[1:]), mutations)
def test_no_forbidden_name_is_in_the_pictures_of_any_structure(
    seed: bytes, changes: list[tuple[int, str, object]]
) -> None:
    check(make(mutated(seed, changes), None, "raster"))


@FEW
@given(
    some.sampled_from(SEEDS[1:]),
    some.lists(some.tuples(some.integers(0, 5000), some.integers(0, 255)), max_size=30),
    some.integers(0, 5000),
)
def test_damaged_bytes_end_in_findings_or_in_a_copy_by_the_grammar(
    seed: bytes, flips: list[tuple[int, int]], cut: int
) -> None:
    damaged = bytearray(seed)
    for place, value in flips:
        damaged[place % len(damaged)] = value
    data = bytes(damaged[: max(20, len(damaged) - cut % 400)])
    sniff(Sample(data, "pdf"))
    inspect(data, LIMITS)
    check(make(data, data, "print"))


@FEW
@given(some.binary(max_size=400))
def test_any_bytes_are_sniffed_and_inspected_without_an_exception(data: bytes) -> None:
    sniff(Sample(b"%PDF-1.7\n1 0 obj" + data, "pdf"))
    inspect(b"%PDF-1.7\n1 0 obj" + data, LIMITS)
