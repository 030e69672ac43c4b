"""A reader that was taken over answers for itself: whatever it sends, the host believes no form but its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from attachguard.model import Inspection, Limits
from attachguard.sandbox import answers, wire
from attachguard.sandbox.room import Room
from tests.rooms.rooms import attachment_of, hostile_room

NOTHING = wire.encode(wire.Inspected(findings=(), parts=()))


def finding(code: str = "pdf.action", where: str = "", detail: str = "") -> bytes:
    said = wire.FindingOut(code=code, where=where, detail=detail)
    return wire.encode(wire.Inspected(findings=(said,), parts=()))


def parts(*spans: tuple[int, int], where: str = "") -> bytes:
    return wire.encode(
        wire.Inspected(
            findings=(),
            parts=tuple(
                wire.PartOut(
                    where=where or str(number),
                    untrusted_name="",
                    declared_type=None,
                    data=wire.Span(offset=offset, length=length),
                )
                for number, (offset, length) in enumerate(spans)
            ),
        )
    )


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with hostile_room() as room:
        yield room


def inspected(room: Room, folder: Path, answer: bytes, status: bytes = b"0") -> Inspection:
    return room.inspect(attachment_of(folder, b"lie\n" + status + b" " + answer), Limits())


def test_the_same_road_takes_an_honest_answer(room: Room, tmp_path: Path) -> None:
    inspection = inspected(room, tmp_path, NOTHING)
    assert (inspection.findings, inspection.parts) == ((), ())


LIES = {
    "nothing at all": b"",
    "garbage": b"\x00\xff\x17garbage",
    "deep JSON": b"[" * 50_000,
    "a deep unknown field": NOTHING[:-1] + b',"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "a duplicate key": NOTHING[:-1] + b',"parts":[]}',
    "an unknown field": NOTHING[:-1] + b',"verdict":"clean"}',
    "a missing field": b'{"type":"Inspected","findings":[]}',
    "white space": NOTHING + b"\n",
    "two answers": NOTHING + NOTHING,
    "an answer to another question": wire.encode(wire.Verified(findings=())),
    "a lone surrogate": finding().replace(b'"where":""', b'"where":"\\ud800"'),
    "bytes that are no UTF-8": finding().replace(b'"where":""', b'"where":"\xff"'),
    "an escape where none is needed": finding().replace(b'"where":""', b'"where":"\\u003cscript>"'),
    "a code that does not exist": finding("pdf.harmless"),
    "a code that is the scanner's": finding("malware.signature"),
    "a place that is too long": finding(where="x" * 201),
    "more findings than there are": wire.encode(
        wire.Inspected(findings=(wire.FindingOut(code="pdf.action", where="", detail=""),) * 257, parts=())
    ),
    "a part behind the end": parts((4 * 1024 * 1024 - 1, 2)),
    "a part before the start": parts((0, 1)).replace(b'"offset":0', b'"offset":-1'),
    "a huge number": parts((0, 1)).replace(b'"length":1', b'"length":' + b"9" * 40_000),
    "a fraction": parts((0, 1)).replace(b'"length":1', b'"length":1.0'),
    "an exponent": parts((0, 1)).replace(b'"length":1', b'"length":1e12'),
    "a truth for a number": parts((0, 1)).replace(b'"length":1', b'"length":true'),
    "not a number": parts((0, 1)).replace(b'"length":1', b'"length":NaN'),
    "parts that overlap": parts((0, 10), (5, 10)),
    "parts in one place": parts((0, 1), (1, 1), where="same"),
    "more parts than the limits allow": parts(*[(n, 1) for n in range(Limits().parts + 1)]),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_a_crashed_reader(lie: str, room: Room, tmp_path: Path) -> None:
    inspection = inspected(room, tmp_path, LIES[lie])
    assert [finding.code for finding in inspection.findings] == ["sandbox.crashed"]
    assert inspection.parts == ()


def test_a_good_answer_counts_for_nothing_with_a_bad_exit_status(room: Room, tmp_path: Path) -> None:
    (said,) = inspected(room, tmp_path, NOTHING, status=b"7").findings
    assert (said.code, said.detail) == ("sandbox.crashed", "exit status 7")


@pytest.mark.parametrize("status", [b"96", b"97", b"98"])
def test_the_exit_statuses_of_our_own_failures_cannot_be_forged(status: bytes, room: Room, tmp_path: Path) -> None:
    assert [f.code for f in inspected(room, tmp_path, NOTHING, status=status).findings] == ["sandbox.crashed"]


def test_a_flood_is_ended_at_once(room: Room, tmp_path: Path) -> None:
    (said,) = inspected(room, tmp_path, b"", status=b"flood").findings
    assert said.code == "sandbox.output"


def test_an_answer_of_almost_the_greatest_length_is_read(room: Room, tmp_path: Path) -> None:
    said = wire.FindingOut(code="pdf.action", where="\U0001f600" * 200, detail="\U0001f600" * 300)
    answer = wire.encode(wire.Inspected(findings=(said,) * 256, parts=()))
    assert len(inspected(room, tmp_path, answer).findings) == 256


@pytest.mark.parametrize(
    "answer",
    [
        wire.encode(wire.Made(copy=None, findings=())),
        wire.encode(wire.Made(copy=wire.Span(offset=0, length=0), findings=())),
        wire.encode(wire.Made(copy=wire.Span(offset=2**30, length=1), findings=())),
    ],
    ids=["no copy and no reason", "an empty copy", "a copy that lies elsewhere"],
)
def test_a_copy_that_is_not_there_is_not_delivered(answer: bytes) -> None:
    with pytest.raises(wire.WireError):
        answers.understand(answer, wire.Made, Limits(), 4096)


def test_a_kind_that_does_not_exist_is_not_believed() -> None:
    answer = wire.encode(wire.Identified(kind="exe", described="", magic="", findings=()))
    with pytest.raises(wire.WireError):
        answers.understand(answer, wire.Identified, Limits(), 4096)
