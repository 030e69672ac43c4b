"""The port: what goes in comes to the reader, what the reader makes comes out, and how a job ends is a finding."""

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from attachguard.errors import SandboxUnavailable
from attachguard.findings import FINDINGS
from attachguard.model import Finding, JudgedPart, Limits, Outcome
from attachguard.sandbox.room import Room
from tests.rooms.rooms import attachment, attachment_of, hostile_room

LIMITS = Limits(pages=77)
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with hostile_room() as room:
        yield room


def test_the_reader_is_told_the_extension_and_the_limits(room: Room, tmp_path: Path) -> None:
    found = room.identify(attachment(tmp_path, "echo", name="a.b.PDF"), LIMITS)
    assert (found.kind, found.described, found.magic, found.findings) == ("pdf", "77 pages", "pdf", ())


def test_a_name_without_an_extension_has_none(room: Room, tmp_path: Path) -> None:
    assert room.identify(attachment(tmp_path, "echo", name="pdf"), LIMITS).magic == ""


def test_parts_come_out_byte_for_byte(room: Room, tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    (part,) = room.inspect(attachment_of(tmp_path, b"echo\n" + data), LIMITS).parts
    assert (part.where, part.untrusted_name, part.declared_type, part.data) == ("1", "n", None, data)


def test_judged_parts_go_back_in(room: Room, tmp_path: Path) -> None:
    kept = JudgedPart(where="1", outcome=Outcome.ACCEPTED, safe_name="x", data=b"part")
    lost = JudgedPart(where="2", outcome=Outcome.REJECTED, safe_name="y", data=None)
    rebuilt = room.normalize(attachment(tmp_path, "original"), "raster", (kept, lost), LIMITS)
    assert (rebuilt.data, rebuilt.findings) == (b"original|part|", ())


def test_method_print_sends_the_file_through_the_program_first(room: Room, tmp_path: Path) -> None:
    rebuilt = room.normalize(attachment(tmp_path, "print 'printed';"), "print", (), LIMITS)
    assert (rebuilt.data, rebuilt.findings) == (b"printed", ())


def test_a_program_that_prints_nothing_gives_no_copy(room: Room, tmp_path: Path) -> None:
    rebuilt = room.normalize(attachment(tmp_path, "1;"), "print", (), LIMITS)
    assert rebuilt.data is None
    assert rebuilt.findings == (Finding("copy.failed", detail="pdftocairo printed nothing"),)


def test_a_program_that_gives_up_gives_no_copy_whatever_it_printed(room: Room, tmp_path: Path) -> None:
    rebuilt = room.normalize(attachment(tmp_path, "print 'half'; exit 3;"), "print", (), LIMITS)
    assert rebuilt.data is None
    assert rebuilt.findings == (Finding("copy.failed", detail="pdftocairo gave up: exit status 3"),)


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("1 while 1;", "sandbox.timeout"),
        ("$| = 1; print 'x' x 65536 while 1;", "sandbox.output"),
        ("kill('SEGV', $$);", "sandbox.crashed"),
        ("kill('ABRT', $$);", "sandbox.crashed"),
    ],
)
def test_a_program_that_ends_badly_gives_no_copy(program: str, code: str, room: Room, tmp_path: Path) -> None:
    rebuilt = room.normalize(attachment(tmp_path, program), "print", (), LIMITS)
    assert (rebuilt.data, [finding.code for finding in rebuilt.findings]) == (None, [code])


def test_a_faithful_copy_has_no_finding(room: Room, tmp_path: Path) -> None:
    same = attachment(tmp_path, "echo")
    assert room.verify(same, same, LIMITS).findings == ()


def test_an_unfaithful_copy_has_one(room: Room, tmp_path: Path) -> None:
    other = attachment(tmp_path, "other")
    findings = room.verify(attachment(tmp_path, "echo"), other, LIMITS).findings
    assert findings == (Finding("copy.unfaithful", detail="77"),)


def test_the_largest_size_of_the_process_is_told(room: Room, tmp_path: Path) -> None:
    assert MIB < room.inspect(attachment(tmp_path, "echo"), LIMITS).peak_rss < 512 * MIB


@pytest.mark.parametrize(
    ("words", "code", "detail"),
    [
        (("segv",), "sandbox.crashed", "SIGSEGV"),
        (("abort",), "sandbox.crashed", "SIGABRT"),
        (("leave", "7"), "sandbox.crashed", "exit status 7"),
        (("leave", "0"), "sandbox.crashed", "no valid answer"),
        (("spin",), "sandbox.timeout", "s of processor time in"),
        (("take_memory",), "sandbox.memory", "noticed by the reader"),
        (("oom",), "sandbox.memory", "signal 9"),
        (("fill_output",), "sandbox.output", "more than 4194304 bytes"),
        (("big", str(5 * MIB)), "sandbox.output", "noticed by the reader"),
        (("execute",), "sandbox.violation", "forbidden"),
    ],
)
def test_how_a_reader_ends_is_a_finding_about_the_file(
    words: tuple[str, ...], code: str, detail: str, room: Room, tmp_path: Path
) -> None:
    inspection = room.inspect(attachment(tmp_path, *words), LIMITS)
    (finding,) = inspection.findings
    assert (finding.code, inspection.parts) == (code, ())
    assert detail in finding.detail


def test_a_reader_that_sleeps_is_killed_when_its_time_is_over(tmp_path: Path) -> None:
    with hostile_room(wall=0.3) as room:
        (finding,) = room.inspect(attachment(tmp_path, "sleep"), LIMITS).findings
    assert finding.code == "sandbox.timeout"


def test_every_operation_turns_a_bad_end_into_its_finding(room: Room, tmp_path: Path) -> None:
    bad, good = attachment(tmp_path, "segv"), attachment(tmp_path, "echo")
    identified = room.identify(bad, LIMITS)
    assert (identified.kind, [f.code for f in identified.findings]) == (None, ["sandbox.crashed"])
    assert [f.code for f in room.verify(bad, good, LIMITS).findings] == ["sandbox.crashed"]


@pytest.mark.parametrize(("word", "error"), [("fail", "ValueError"), ("recurse", "RecursionError")])
def test_what_a_reader_raises_is_named_by_its_class_and_not_by_the_files_words(
    word: str, error: str, room: Room, tmp_path: Path
) -> None:
    bad = attachment(tmp_path, word)
    assert room.inspect(bad, LIMITS).findings == (Finding("file.malformed", detail=error),)
    assert room.identify(bad, LIMITS).findings == (Finding("file.malformed", detail=error),)
    assert room.verify(bad, bad, LIMITS).findings == (Finding("copy.unfaithful", detail=error),)


def test_a_crowd_of_findings_is_cut_and_loses_no_code(room: Room, tmp_path: Path) -> None:
    findings = room.inspect(attachment(tmp_path, "findings"), LIMITS).findings
    assert len(findings) == 256
    assert {finding.code for finding in findings} == {"pdf.action", "pdf.javascript"}
    assert all(finding.code in FINDINGS for finding in findings)


def test_two_parts_in_one_place_are_a_broken_file(room: Room, tmp_path: Path) -> None:
    assert [f.code for f in room.inspect(attachment(tmp_path, "parts"), LIMITS).findings] == ["file.malformed"]


def test_a_machine_that_was_short_once_gets_a_second_try(room: Room, tmp_path: Path) -> None:
    assert room.inspect(attachment(tmp_path, "short_once"), LIMITS).findings == ()


def test_answers_are_not_mixed_up_between_threads(room: Room, tmp_path: Path) -> None:
    files = [attachment_of(tmp_path, b"echo\n%d" % number) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        inspections = pool.map(lambda file: room.inspect(file, LIMITS), files)
    assert [i.parts[0].data for i in inspections] == [b"%d" % number for number in range(40)]


def test_a_file_that_vanished_is_our_failing(room: Room, tmp_path: Path) -> None:
    gone = attachment(tmp_path, "echo")
    gone.path.unlink()
    with pytest.raises(SandboxUnavailable, match="can't be brought into the room"):
        room.inspect(gone, LIMITS)


def test_a_long_document_may_take_longer(room: Room, tmp_path: Path) -> None:
    long = dataclasses.replace(attachment(tmp_path, "spin"), pages=20)
    (finding,) = room.verify(long, long, LIMITS).findings
    assert finding.code == "sandbox.timeout"
    assert float(finding.detail.split(" ")[0]) > 2  # of 1 and a tenth for each page
