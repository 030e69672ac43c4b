"""PDFs that are small and ask for more than there is, through the real room: a finding, within the time of a job."""

import io
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from attachguard.adapters.memory import MemoryLedger, MemoryStore
from attachguard.model import Check, Limits, Outcome, ScanIdentity, ScanResult, Upload, Verdict
from attachguard.pipeline import guard
from attachguard.policy import load_policy
from attachguard.ports import Kit
from attachguard.sandbox.room import Room
from attachguard.sandbox.settings import RoomSettings
from tests.formats.pdf.made import add_page, hello, new, saved, script, stream
from tests.rooms.rooms import attachment_of

SECONDS = 2
"""Of processor time for one job: a fifth of what a service allows, so that this ends soon."""

ENDS = {"sandbox.timeout", "sandbox.memory", "sandbox.output", "sandbox.crashed", "copy.failed", "limit.inflated_size"}
ENDS |= {"pdf.too_many_pages", "pdf.malformed", "pdf.unreadable", "copy.unfaithful"}


class NothingFound:
    """A scanner that has seen nothing bad."""

    def scan(self, path: Path) -> ScanResult:
        assert path.exists()
        return ScanResult(
            hit=None, identity=ScanIdentity(engine="e", signatures="s", at=datetime(2026, 1, 1, tzinfo=UTC))
        )

    def probe(self) -> list[Check]:
        return []


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with Room(RoomSettings(cpu=SECONDS, wall=4.0 * SECONDS)) as room:
        yield room


def acting(pdf: pikepdf.Pdf) -> bytes:
    """With something that acts, so that a copy has to be made."""
    pdf.Root["/OpenAction"] = script(pdf)
    return saved(pdf, packed=True)


def nested_forms() -> bytes:
    """Seven forms, each drawing the next forty times: 40**7 drawings."""
    pdf = new(b"/X Do")
    inner: object = pdf.make_stream(b"0 0 9 9 re f", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 99, 99]))
    for _ in range(7):
        resources = Dictionary(XObject=Dictionary(X=inner))
        keys = {"Type": Name.XObject, "Subtype": Name.Form, "BBox": Array([0, 0, 99, 99]), "Resources": resources}
        inner = pdf.make_stream(b"/X Do " * 40, **keys)
    pdf.pages[0].obj["/Resources"]["/XObject"] = Dictionary(X=inner)
    return acting(pdf)


def a_gigabyte_of_content() -> bytes:
    deflate = zlib.compressobj(9)
    data = b"".join(deflate.compress(b"0 0 m\n" * 170_000) for _ in range(1000)) + deflate.flush()
    catalog = b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(1)>>>>"
    return hello(catalog=catalog, more={4: stream(data, b"/Filter/FlateDecode")})


def a_huge_picture() -> bytes:
    """30,000 by 30,000 points in colour: 2.7 GB."""
    pdf = new(b"600 0 0 700 0 0 cm /P Do")
    deflate = zlib.compressobj(9)
    data = b"".join(deflate.compress(bytes(2_700_000)) for _ in range(1000)) + deflate.flush()
    picture = pikepdf.Stream(pdf, data)
    picture.stream_dict = Dictionary(
        Type=Name.XObject, Subtype=Name.Image, Width=30_000, Height=30_000, BitsPerComponent=8,
        ColorSpace=Name.DeviceRGB, Filter=Name.FlateDecode,
    )  # fmt: skip
    pdf.pages[0].obj["/Resources"]["/XObject"] = Dictionary(P=picture)
    return acting(pdf)


def twenty_thousand_pages() -> bytes:
    pdf = pikepdf.new()
    page = pdf.make_indirect(Dictionary(Type=Name.Page, MediaBox=Array([0, 0, 612, 792])))
    for _ in range(20_000):
        pdf.pages.append(pikepdf.Page(page))
    return acting(pdf)


def streams_without_an_end() -> bytes:
    """Each of them leads a reader that repairs to the end of the file."""
    return hello() + b"7 0 obj\n<</Length 9>>stream\nabc\n" * 100_000


def strings_without_an_end() -> bytes:
    return hello() + b"7 0 obj <</A(" * 9_000


BOMBS: dict[str, Callable[[], bytes]] = {
    "forms in forms": nested_forms,
    "a gigabyte of content": a_gigabyte_of_content,
    "a huge picture": a_huge_picture,
    "20,000 pages": twenty_thousand_pages,
    "streams without an end": streams_without_an_end,
    "strings without an end": strings_without_an_end,
}


def judged(data: bytes, room: Room) -> tuple[Verdict, MemoryStore]:
    store = MemoryStore()
    kit = Kit(scanner=NothingFound(), sandbox=room, store=store, ledger=MemoryLedger())
    return guard(Upload(untrusted_name="a.pdf", open=lambda: io.BytesIO(data)), load_policy(), kit), store


@pytest.mark.slow
@pytest.mark.parametrize("bomb", sorted(BOMBS))
def test_a_bomb_ends_in_a_finding_or_in_a_small_copy_within_the_time_of_its_jobs(bomb: str, room: Room) -> None:
    data = BOMBS[bomb]()
    assert len(data) < Limits().file_size
    verdict, store = judged(data, room)
    if verdict.outcome is Outcome.NORMALIZED:
        (copy,) = store.objects.values()
        assert len(copy) < 1_000_000
    else:
        assert verdict.outcome is Outcome.REJECTED
        assert {finding.code for finding in verdict.reasons} & ENDS
        assert store.objects == {}


def test_the_pages_of_a_document_are_counted_up_to_the_limit(room: Room, tmp_path: Path) -> None:
    pdf = new()
    for _ in range(59):
        add_page(pdf)
    file = attachment_of(tmp_path, saved(pdf))
    assert [room.inspect(file, Limits(pages=most)).pages for most in (500, 50)] == [60, 50]
