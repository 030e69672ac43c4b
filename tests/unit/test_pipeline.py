"""The heart, with a sandbox that says what a test wants and a scanner that is real in every other test."""

import dataclasses
import hashlib
import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec
import pytest

from attachguard.adapters.memory import MemoryLedger, MemoryStore
from attachguard.documents import attachment_document
from attachguard.errors import LedgerUnavailable, SandboxUnavailable, ScannerUnavailable, UploadUnreadable, UsageError
from attachguard.model import (
    Action,
    Attachment,
    Check,
    Finding,
    Identification,
    Inspection,
    JudgedPart,
    Limits,
    Outcome,
    Part,
    Rebuilt,
    ScanIdentity,
    ScanResult,
    Submission,
    SubmissionVerdict,
    Upload,
    Verification,
)
from attachguard.pipeline import guard, guard_all
from attachguard.policy import Policy
from attachguard.ports import Kit

SESAME = "open, sesame"


class ScriptedSandbox:
    """A room that reads what a test wrote: `kind|finding finding|part part`, `!` makes the copy."""

    def __init__(
        self, copy: bytes | None = b"pdf||", lost: tuple[str, ...] = (), verified: tuple[str, ...] = ()
    ) -> None:
        self.calls: list[str] = []
        self.parts_sent_back: tuple[JudgedPart, ...] = ()
        self._copy, self._lost, self._verified = copy, lost, verified

    def identify(self, attachment: Attachment, limits: Limits) -> Identification:
        self.calls.append("identify")
        kind = attachment.path.read_bytes().decode().split("|")[0]
        return Identification(
            kind=kind or None,
            described=kind or "nothing known",
            magic="",
            findings=(() if kind else (Finding("type.unknown"),)),
        )

    def inspect(self, attachment: Attachment, limits: Limits) -> Inspection:
        self.calls.append("inspect")
        _, findings, parts = attachment.path.read_bytes().decode().split("|", 2)
        return Inspection(
            findings=tuple(Finding(code) for code in findings.split()),
            parts=tuple(
                Part(where=f"part {number}", untrusted_name=f"{number}.pdf", declared_type=None, data=part.encode())
                for number, part in enumerate(parts.split())
            ),
            peak_rss=7 * 2**20,
        )

    def normalize(self, attachment: Attachment, method: str, parts: Sequence[JudgedPart], limits: Limits) -> Rebuilt:
        self.calls.append(f"normalize {method}")
        self.parts_sent_back = tuple(parts)
        return Rebuilt(data=self._copy, findings=tuple(Finding(code) for code in self._lost))

    def unlock(self, attachment: Attachment, password: str, limits: Limits) -> Rebuilt:
        self.calls.append("unlock")
        if password != SESAME:
            return Rebuilt(data=None, findings=(Finding("file.encrypted", detail="the password does not open it"),))
        return Rebuilt(data=attachment.path.read_bytes().replace(b"file.encrypted", b""))

    def verify(self, original: Attachment, copy: Attachment, limits: Limits) -> Verification:
        self.calls.append("verify")
        return Verification(findings=tuple(Finding(code) for code in self._verified))

    def probe(self) -> Sequence[Check]:
        return ()


class MisprintingSandbox(ScriptedSandbox):
    """A room that says of every file that the printer loses some of it."""

    def inspect(self, attachment: Attachment, limits: Limits) -> Inspection:
        return dataclasses.replace(super().inspect(attachment, limits), misprints=True)


class ScriptedScanner:
    """A scanner that hits on what a test names as bad, and says nothing when it is down."""

    def __init__(self, bad: bytes = b"EVIL", *, down: bool = False) -> None:
        self.scanned: list[bytes] = []
        self._bad, self._down = bad, down

    def scan(self, path: Path) -> ScanResult:
        if self._down:
            raise ScannerUnavailable("no clamd answers")
        data = path.read_bytes()
        self.scanned.append(data)
        identity = ScanIdentity(engine="scripted", signatures="none", at=datetime(2026, 1, 1, tzinfo=UTC))
        return ScanResult(hit="Evil.Test" if self._bad in data else None, identity=identity)

    def probe(self) -> Sequence[Check]:
        return ()


def kit(sandbox: ScriptedSandbox | None = None, scanner: ScriptedScanner | None = None) -> Kit:
    return Kit(
        scanner=scanner or ScriptedScanner(),
        sandbox=sandbox or ScriptedSandbox(),
        store=MemoryStore(),
        ledger=MemoryLedger(),
    )


def upload(text: str, name: str = "a.pdf") -> Upload:
    return Upload(untrusted_name=name, open=lambda: io.BytesIO(text.encode()))


def stored(parts: Kit) -> list[bytes]:
    assert isinstance(parts.store, MemoryStore)
    return list(parts.store.objects.values())


def recorded(parts: Kit) -> list[SubmissionVerdict]:
    assert isinstance(parts.ledger, MemoryLedger)
    return parts.ledger.verdicts


def codes(findings: Sequence[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def test_a_clean_file_is_delivered_byte_for_byte_and_recorded(policy: Policy) -> None:
    parts = kit()
    verdict = guard(upload("pdf||"), policy, parts)
    assert verdict.outcome is Outcome.ACCEPTED
    assert stored(parts) == [b"pdf||"]
    assert verdict.delivered is not None
    assert verdict.delivered.sha256 == verdict.attachment.sha256
    assert [one.outcome for one in recorded(parts)] == [Outcome.ACCEPTED]
    assert list(verdict.original.stages) == ["limit", "identify", "scan", "inspect", "verify"]
    assert verdict.original.peak_rss == 7 * 2**20


def test_what_acts_is_normalized_and_the_copy_is_delivered(policy: Policy) -> None:
    parts = kit()
    verdict = guard(upload("pdf|pdf.javascript|"), policy, parts)
    assert verdict.outcome is Outcome.NORMALIZED
    assert codes(verdict.reasons) == ["pdf.javascript"]
    assert stored(parts) == [b"pdf||"]


def test_the_copy_walks_the_whole_road_and_is_compared(policy: Policy) -> None:
    sandbox, scanner = ScriptedSandbox(), ScriptedScanner()
    guard(upload("pdf|pdf.javascript|"), policy, kit(sandbox, scanner))
    assert sandbox.calls == ["identify", "inspect", "normalize print", "identify", "inspect", "verify"]
    assert scanner.scanned == [b"pdf|pdf.javascript|", b"pdf||"]


@pytest.mark.parametrize(
    ("copy", "outcome", "reason"),
    [
        (b"pdf|pdf.launch|", Outcome.REJECTED, "pdf.launch"),
        (b"pdf||EVIL", Outcome.INFECTED, "malware.signature"),
        (b"||", Outcome.REJECTED, "type.unknown"),
        (b"html||", Outcome.REJECTED, "type.mismatch"),
        (b"", Outcome.REJECTED, "limit.empty"),
    ],
)
def test_a_copy_that_is_not_safe_is_not_delivered(policy: Policy, copy: bytes, outcome: Outcome, reason: str) -> None:
    parts = kit(ScriptedSandbox(copy=copy))
    verdict = guard(upload("pdf|pdf.javascript|"), policy, parts)
    assert verdict.outcome is outcome
    assert reason in codes(verdict.reasons)
    assert stored(parts) == []
    assert verdict.delivered is None


def locked(text: str, password: str | None) -> Upload:
    return Upload(untrusted_name="a.pdf", open=lambda: io.BytesIO(text.encode()), password=password)


def test_a_file_that_comes_with_its_password_is_opened_judged_and_a_copy_of_it_delivered(policy: Policy) -> None:
    sandbox = ScriptedSandbox()
    parts = kit(sandbox)
    verdict = guard(locked("pdf|file.encrypted|", SESAME), policy, parts)
    assert (verdict.outcome, stored(parts)) == (Outcome.NORMALIZED, [b"pdf||"])
    assert codes(verdict.reasons) == ["file.unlocked"]
    assert verdict.attachment.sha256 == hashlib.sha256(b"pdf|file.encrypted|").hexdigest()
    assert sandbox.calls[:5] == ["identify", "inspect", "unlock", "identify", "inspect"]


def test_what_a_password_opens_is_judged_like_any_other_file(policy: Policy) -> None:
    parts = kit()
    verdict = guard(locked("pdf|file.encrypted|EVIL", SESAME), policy, parts)
    assert (verdict.outcome, stored(parts)) == (Outcome.INFECTED, [])
    launch = guard(locked("pdf|file.encrypted pdf.launch|", SESAME), policy, kit())
    assert codes(launch.reasons)[:2] == ["pdf.launch", "file.unlocked"]


@pytest.mark.parametrize("password", [None, "", "close, sesame"])
def test_without_the_right_password_a_locked_file_stays_refused(policy: Policy, password: str | None) -> None:
    parts = kit()
    verdict = guard(locked("pdf|file.encrypted|", password), policy, parts)
    assert (verdict.outcome, stored(parts)) == (Outcome.REJECTED, [])
    assert set(codes(verdict.reasons)) == {"file.encrypted"}


def test_a_password_that_is_not_needed_is_not_used(policy: Policy) -> None:
    sandbox = ScriptedSandbox()
    verdict = guard(locked("pdf||", SESAME), policy, kit(sandbox))
    assert verdict.outcome is Outcome.ACCEPTED
    assert "unlock" not in sandbox.calls


@pytest.mark.parametrize("password", [SESAME, "close, sesame"])
def test_a_password_is_in_no_verdict_and_nothing_shows_it(policy: Policy, password: str) -> None:
    upload = locked("pdf|file.encrypted|", password)
    verdict = guard(upload, policy, kit())
    assert password not in repr(upload)
    assert password not in repr(verdict)
    assert password.encode() not in msgspec.json.encode(attachment_document(verdict, "en"))


def test_a_copy_that_is_not_faithful_is_not_delivered(policy: Policy) -> None:
    parts = kit(ScriptedSandbox(verified=("copy.unfaithful",)))
    verdict = guard(upload("pdf|pdf.javascript|"), policy, parts)
    assert (verdict.outcome, stored(parts)) == (Outcome.REJECTED, [])
    assert codes(verdict.reasons) == ["pdf.javascript", "copy.unfaithful"]


def test_what_is_known_to_misprint_is_written_anew_for_the_printer_first(policy: Policy) -> None:
    for sandbox, order in (
        (ScriptedSandbox(copy=None), ["print", "reprint", "raster"]),
        (MisprintingSandbox(copy=None), ["reprint", "print", "raster"]),
    ):
        guard(upload("pdf|pdf.javascript|"), policy, kit(sandbox))
        assert [call for call in sandbox.calls if "normalize" in call] == [f"normalize {method}" for method in order]


def test_when_no_copy_can_be_made_the_reasons_say_so(policy: Policy) -> None:
    parts = kit(ScriptedSandbox(copy=None, lost=("pdf.unreadable",)))
    verdict = guard(upload("pdf|pdf.javascript|"), policy, parts)
    assert (verdict.outcome, stored(parts)) == (Outcome.REJECTED, [])
    assert codes(verdict.reasons) == ["pdf.javascript", "pdf.unreadable"]


def test_malware_is_infected_and_nothing_more_is_read(policy: Policy) -> None:
    sandbox = ScriptedSandbox()
    parts = kit(sandbox)
    verdict = guard(upload("pdf|EVIL|"), policy, parts)
    assert (verdict.outcome, stored(parts)) == (Outcome.INFECTED, [])
    assert sandbox.calls == ["identify"]


@pytest.mark.parametrize("scanner", [ScriptedScanner(), ScriptedScanner(down=True)], ids=["well", "down"])
def test_an_unknown_file_is_rejected_whatever_the_scanner_beside_says(scanner: ScriptedScanner, policy: Policy) -> None:
    verdict = guard(upload("||"), policy, kit(scanner=scanner))
    assert verdict.outcome is Outcome.REJECTED
    assert codes(verdict.reasons) == ["type.unknown"]
    assert set(verdict.original.stages) == {"limit", "identify"}


def test_a_file_that_the_scanner_knows_is_not_looked_into(policy: Policy) -> None:
    verdict = guard(upload("pdf||EVIL"), policy, kit())
    assert verdict.outcome is Outcome.INFECTED
    assert set(verdict.original.stages) == {"limit", "identify", "scan"}


def test_a_file_of_the_wrong_size_is_not_even_scanned(policy: Policy) -> None:
    scanner = ScriptedScanner()
    assert guard(upload(""), policy, kit(scanner=scanner)).outcome is Outcome.REJECTED
    assert scanner.scanned == []


def test_a_dead_scanner_means_nobody_knows_and_nothing_is_delivered(policy: Policy) -> None:
    parts = kit(scanner=ScriptedScanner(down=True))
    verdict = guard(upload("pdf||"), policy, parts)
    assert verdict.outcome is Outcome.UNDETERMINED
    assert verdict.trouble is not None
    assert verdict.trouble.code == "scanner.unavailable"
    assert stored(parts) == []
    assert [one.outcome for one in recorded(parts)] == [Outcome.UNDETERMINED]


def test_a_room_that_does_not_open_means_nobody_knows(policy: Policy) -> None:
    class Shut(ScriptedSandbox):
        def inspect(self, attachment: Attachment, limits: Limits) -> Inspection:
            raise SandboxUnavailable("no room")

    parts = kit(Shut())
    verdict = guard(upload("pdf||"), policy, parts)
    assert (verdict.outcome, stored(parts)) == (Outcome.UNDETERMINED, [])


def test_a_store_that_takes_nothing_means_nothing_was_delivered(policy: Policy) -> None:
    parts = kit()
    assert isinstance(parts.store, MemoryStore)
    parts.store.broken = True
    verdict = guard(upload("pdf||"), policy, parts)
    assert (verdict.outcome, verdict.delivered) == (Outcome.UNDETERMINED, None)


def test_a_verdict_that_can_not_be_recorded_is_not_given(policy: Policy) -> None:
    parts = kit()
    assert isinstance(parts.ledger, MemoryLedger)
    parts.ledger.broken = True
    with pytest.raises(LedgerUnavailable):
        guard(upload("pdf||"), policy, parts)


def test_files_inside_walk_the_road_first_and_are_not_stored(policy: Policy) -> None:
    sandbox = ScriptedSandbox()
    parts = kit(sandbox)
    verdict = guard(upload("pdf|pdf.einvoice|pdf||"), policy, parts)
    assert [child.outcome for child in verdict.original.children] == [Outcome.ACCEPTED]
    assert verdict.outcome is Outcome.ACCEPTED
    assert stored(parts) == [b"pdf|pdf.einvoice|pdf||"]


def test_malware_inside_makes_the_whole_infected(policy: Policy) -> None:
    # The sign for a bad part is split over the script, as clamd does not see into every container either.
    scanner = ScriptedScanner(bad=b"pdf|BAD|")

    class Hiding(ScriptedSandbox):
        def inspect(self, attachment: Attachment, limits: Limits) -> Inspection:
            part = Part(where="x", untrusted_name="x.pdf", declared_type=None, data=b"pdf|BAD|")
            return Inspection(parts=(part,) if attachment.depth == 0 else ())

    parts = kit(Hiding(), scanner)
    verdict = guard(upload("pdf||"), policy, parts)
    assert (verdict.outcome, stored(parts)) == (Outcome.INFECTED, [])
    assert codes(verdict.reasons) == ["malware.part"]
    assert [child.outcome for child in verdict.original.children] == [Outcome.INFECTED]


def test_a_rebuild_gets_the_verdicts_on_the_parts_and_only_bytes_that_may_be_delivered(policy: Policy) -> None:
    class TwoParts(ScriptedSandbox):
        def inspect(self, attachment: Attachment, limits: Limits) -> Inspection:
            if attachment.depth or attachment.origin:
                return super().inspect(attachment, limits)
            parts = (
                Part(where="good", untrusted_name="good.pdf", declared_type=None, data=b"pdf||"),
                Part(where="bad", untrusted_name="bad.pdf", declared_type=None, data=b"pdf|pdf.portfolio|"),
            )
            return Inspection(findings=(Finding("pdf.embedded_file"),), parts=parts)

    sandbox = TwoParts()
    verdict = guard(upload("pdf||"), policy, kit(sandbox))
    assert verdict.outcome is Outcome.NORMALIZED
    assert [(part.where, part.outcome, part.data) for part in sandbox.parts_sent_back] == [
        ("good", Outcome.ACCEPTED, b"pdf||"),
        ("bad", Outcome.REJECTED, None),
    ]


def test_files_nested_for_ever_end_at_the_depth_limit(policy: Policy) -> None:
    class Endless(ScriptedSandbox):
        def inspect(self, attachment: Attachment, limits: Limits) -> Inspection:
            return Inspection(parts=(Part(where="x", untrusted_name="x.pdf", declared_type=None, data=b"pdf||"),))

    verdict = guard(upload("pdf||"), policy, kit(Endless()))
    assert verdict.outcome is Outcome.REJECTED
    deepest = verdict
    while deepest.original.children:
        deepest = deepest.original.children[0]
    assert deepest.attachment.depth == policy.limits.depth
    assert "limit.depth" in codes(deepest.original.findings)


def test_a_file_with_too_many_files_inside_is_not_opened_further(policy: Policy) -> None:
    class Crowded(ScriptedSandbox):
        def inspect(self, attachment: Attachment, limits: Limits) -> Inspection:
            return Inspection(
                parts=tuple(
                    Part(where=f"{n}", untrusted_name="x.pdf", declared_type=None, data=b"pdf||") for n in range(101)
                )
            )

    verdict = guard(upload("pdf||"), policy, kit(Crowded()))
    assert codes(verdict.reasons) == ["limit.parts"]
    assert verdict.original.children == ()


@pytest.mark.parametrize(("size", "reason"), [(0, "limit.empty"), (10 * 2**20 + 1, "limit.file_size")])
def test_a_size_out_of_bounds_is_refused_unread(policy: Policy, size: int, reason: str) -> None:
    sandbox = ScriptedSandbox()
    verdict = guard(upload("x" * size), policy, kit(sandbox))
    assert codes(verdict.reasons) == [reason]
    assert sandbox.calls == []


def submission(*uploads: Upload) -> Submission:
    return Submission(id="s1", uploads=uploads)


def test_six_files_are_one_too_many_for_all_of_them(policy: Policy) -> None:
    parts = kit()
    verdict = guard_all(submission(*[upload("pdf||")] * 6), policy, parts)
    assert verdict.outcome is Outcome.REJECTED
    assert codes(verdict.reasons) == ["limit.file_count"]
    assert {one.outcome for one in verdict.verdicts} == {Outcome.REJECTED}
    assert stored(parts) == []


def test_three_files_of_seven_mib_and_a_bit_are_too_large_together(policy: Policy) -> None:
    big = upload("pdf||" + " " * 7 * 2**20)
    verdict = guard_all(submission(big, big, big), policy, kit())
    assert codes(verdict.reasons) == ["limit.total_size"]


def test_an_endless_source_is_cut_at_the_limit(policy: Policy) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b"x" * size

    source = Endless()

    def open_source() -> IO[bytes]:
        return source  # type: ignore[return-value] # a RawIOBase reads like a file

    verdict = guard(Upload(untrusted_name="a.pdf", open=open_source), policy, kit())
    assert codes(verdict.reasons) == ["limit.file_size"]
    assert source.given == policy.limits.file_size + 1


def test_one_bad_file_does_not_refuse_the_others(policy: Policy) -> None:
    parts = kit()
    verdict = guard_all(submission(upload("pdf||"), upload("||")), policy, parts)
    assert [one.outcome for one in verdict.verdicts] == [Outcome.ACCEPTED, Outcome.REJECTED]
    assert verdict.outcome is Outcome.REJECTED
    assert stored(parts) == [b"pdf||"]


def raising(error: Exception) -> Callable[[], IO[bytes]]:
    def open_it() -> IO[bytes]:
        raise error

    return open_it


def test_a_file_that_can_not_be_read_says_so_in_one_line(policy: Policy) -> None:
    broken = Upload(untrusted_name="a.pdf", open=raising(FileNotFoundError(2, "No such file")), source="x/a\n.pdf")
    with pytest.raises(UploadUnreadable) as caught:
        guard(broken, policy, kit())
    assert str(caught.value) == "x/a\\u000a.pdf can't be read: No such file"


def test_a_submission_without_files_makes_no_sense(policy: Policy) -> None:
    with pytest.raises(UsageError):
        guard_all(submission(), policy, kit())


def test_a_strict_policy_makes_a_copy_of_a_clean_pdf() -> None:
    from attachguard.policy import load_policy

    verdict = guard(upload("pdf||"), load_policy("strict"), kit())
    assert (verdict.outcome, verdict.reasons) == (Outcome.NORMALIZED, ())


def test_no_stage_is_skipped_for_what_is_delivered(policy: Policy) -> None:
    verdict = guard(upload("pdf||"), policy, kit())
    from attachguard.reports import conclude

    for stage in verdict.original.stages:
        fewer = {name: seconds for name, seconds in verdict.original.stages.items() if name != stage}
        outcome, _ = conclude(dataclasses.replace(verdict.original, stages=fewer), None, tuple(verdict.original.stages))
        assert outcome is Outcome.REJECTED


def test_no_byte_is_left_in_the_temporary_folder(
    policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    guard(upload("pdf|pdf.javascript|"), policy, kit())
    guard(upload("||"), policy, kit())
    assert list(tmp_path.iterdir()) == []


def test_a_policy_can_not_let_an_unknown_file_through(policy: Policy) -> None:
    lax = dataclasses.replace(policy, rulings=dict.fromkeys(policy.rulings, Action.KEEP))
    parts = kit()
    verdict = guard(upload("||"), lax, parts)
    assert (verdict.outcome, stored(parts)) == (Outcome.REJECTED, [])
    assert codes(verdict.reasons) == ["type.unknown"]
