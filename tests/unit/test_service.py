"""The verbs of the engine on one machine: what is promised when they return, and when they do not."""

import dataclasses
import itertools
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest

from attachguard.adapters.clamd_probes import eicar
from attachguard.adapters.memory_scanner import MemoryScanner
from attachguard.adapters.processes import is_gone, name_process
from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.errors import (
    KeyReused,
    LedgerUnavailable,
    NotPossible,
    PolicyError,
    ScannerUnavailable,
    StoreUnavailable,
    UploadUnreadable,
    UsageError,
)
from attachguard.jobs import Claim, Hint, Queue, Terms
from attachguard.model import Check, Outcome, ScanResult, SubmissionVerdict, Upload
from attachguard.service import Service
from attachguard.states import SubmissionState
from tests.engine_made import engine, settings, upload

ME = name_process(os.getpid())
QUICK = Terms(lease=timedelta(seconds=30), backoff=timedelta(0), grace=timedelta(0), retention=timedelta(days=30))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with engine(settings(tmp_path), terms_of=QUICK) as service:
        yield service


def work(service: Service) -> int:
    """Do all that is to do; gives how many attempts that were."""
    for count in itertools.count():
        claim = service.claim(ME, tuple(Queue))
        if claim is None:
            return count
        service.judge(claim)
    raise AssertionError


def outcomes(service: Service, submission: str) -> list[str]:
    verdict = service.report(submission).verdict
    return [one.outcome.value for one in verdict.verdicts] if verdict else []


def troubles(service: Service, submission: str) -> list[str]:
    verdict = service.report(submission).verdict
    return [one.trouble.code for one in verdict.verdicts if one.trouble] if verdict else []


def files(folder: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def whats(service: Service, submission: str) -> list[str]:
    return [event.what for event in service.ledger.events(submission)]


# -- coming in -------------------------------------------------------------------------------------------------


def test_a_submission_is_judged_after_it_was_acknowledged(service: Service, tmp_path: Path) -> None:
    receipt = service.submit([upload("one"), upload("reject this"), upload(eicar(), "virus.txt")])
    assert receipt.state is SubmissionState.QUEUED
    assert files(tmp_path / "clean") == []
    assert work(service) == 1
    assert outcomes(service, receipt.submission) == ["accepted", "rejected", "infected"]
    assert files(tmp_path / "clean") == [b"one"]
    assert files(tmp_path / "quarantine") == sorted([b"reject this", eicar()])


def test_what_can_not_be_read_is_not_taken(service: Service, tmp_path: Path) -> None:
    def unreadable() -> IO[bytes]:
        raise OSError(5, "Input/output error")

    with pytest.raises(UploadUnreadable):
        service.submit([upload("one"), Upload(untrusted_name="a.txt", open=unreadable)])
    assert files(tmp_path / "quarantine") == []
    assert work(service) == 0


@pytest.mark.parametrize("count", [0, 101])
def test_no_files_and_far_too_many_are_refused_at_the_door(service: Service, count: int) -> None:
    with pytest.raises(UsageError):
        service.submit([upload("x")] * count)


def test_six_files_are_a_verdict(service: Service) -> None:
    receipt = service.submit([upload("x")] * 6)
    work(service)
    assert outcomes(service, receipt.submission) == ["rejected"] * 6


def test_an_unknown_policy_is_refused_at_the_door(service: Service, tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        service.submit([upload("x")], policy="nonesuch")
    assert files(tmp_path / "quarantine") == []


def test_the_same_key_takes_the_same_submission_once(service: Service, tmp_path: Path) -> None:
    first = service.submit([upload("x")], idempotency_key="k")
    again = service.submit([upload("x")], idempotency_key="k")
    assert (again.submission, again.repeated) == (first.submission, True)
    assert files(tmp_path / "quarantine") == [b"x"]
    for other in ([upload("y")], [upload("x", "other.txt")], [upload("x"), upload("x")]):
        with pytest.raises(KeyReused):
            service.submit(other, idempotency_key="k")
    work(service)
    assert service.submit([upload("x")], idempotency_key="k").state is SubmissionState.DONE


def test_a_quarantine_that_takes_nothing_gives_no_receipt_and_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "quarantine").write_text("a file where a folder should be")
    with engine(settings(tmp_path), terms_of=QUICK) as service:
        with pytest.raises(StoreUnavailable):
            service.submit([upload("x")], idempotency_key="k")
        (tmp_path / "quarantine").unlink()
        assert work(service) == 0
        assert service.submit([upload("x")], idempotency_key="k").repeated is False


def test_a_ledger_that_is_gone_gives_no_receipt(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").write_bytes(b"this is no database" * 100)
    with engine(settings(tmp_path)) as service, pytest.raises(LedgerUnavailable):
        service.submit([upload("x")])
    assert files(tmp_path / "quarantine") == []


def test_cost_chooses_the_queue(service: Service) -> None:
    for name, data, queue in (
        ("a.txt", "x", Queue.SCAN),
        ("a.PDF", "x", Queue.RENDER),
        ("a.txt", "x" * 3_000_000, Queue.RENDER),
    ):
        receipt = service.submit([upload(data, name)])
        claim = service.claim(ME, [queue])
        assert claim is not None
        assert claim.submission == receipt.submission


# -- being judged ----------------------------------------------------------------------------------------------


def test_processing_a_job_twice_or_one_that_never_was_is_harmless(service: Service, tmp_path: Path) -> None:
    told = Told()
    service._wakeup = told
    receipt = service.submit([upload("x")])
    (hint,) = told.hints
    assert service.process(hint.job, ME)
    assert not service.process(hint.job, ME)
    assert not service.process("no such job", ME)
    assert service.report(receipt.submission).attempts == 1
    assert len(files(tmp_path / "clean")) == 1


def test_a_scanner_that_is_gone_is_asked_again_and_the_file_waits(tmp_path: Path) -> None:
    scanner = MemoryScanner(test_double=True)
    scanner.down = "no clamd answers"
    with engine(settings(tmp_path), scanner=scanner, terms_of=QUICK) as service:
        receipt = service.submit([upload("x"), upload("y")])
        claim = service.claim(ME, tuple(Queue))
        assert claim is not None
        service.judge(claim)
        assert service.report(receipt.submission).state is SubmissionState.QUEUED
        scanner.down = ""
        assert work(service) == 1
        assert outcomes(service, receipt.submission) == ["accepted", "accepted"]
        assert files(tmp_path / "clean") == [b"x", b"y"]
        assert files(tmp_path / "quarantine") == []


def test_a_scanner_that_stays_away_makes_it_undetermined_and_nothing_is_lost(tmp_path: Path) -> None:
    scanner = MemoryScanner(test_double=True)
    scanner.down = "no clamd answers"
    with engine(settings(tmp_path), scanner=scanner, terms_of=QUICK) as service:
        receipt = service.submit([upload("x")])
        assert work(service) == 3
        status = service.report(receipt.submission)
        assert (status.state, status.attempts) == (SubmissionState.FAILED, 3)
        assert troubles(service, receipt.submission) == ["scanner.unavailable"]
        assert files(tmp_path / "quarantine") == [b"x"]
        scanner.down = ""
        service.retry(receipt.submission)
        work(service)
        assert outcomes(service, receipt.submission) == ["accepted"]
        assert (files(tmp_path / "clean"), files(tmp_path / "quarantine")) == ([b"x"], [])


def test_what_was_delivered_before_a_later_file_was_undetermined_is_delivered_once(tmp_path: Path) -> None:
    scanner = PatchyScanner()
    with engine(settings(tmp_path), scanner=scanner, terms_of=QUICK) as service:
        receipt = service.submit([upload("good"), upload("sometimes")])
        assert work(service) == 2
        assert outcomes(service, receipt.submission) == ["accepted", "accepted"]
        assert files(tmp_path / "clean") == [b"good", b"sometimes"]


def test_a_bug_is_loud_and_ends_the_attempt(service: Service) -> None:
    receipt = service.submit([upload("bug")])
    for _ in range(3):
        claim = service.claim(ME, tuple(Queue))
        assert claim is not None
        with pytest.raises(ZeroDivisionError):
            service.judge(claim)
    assert work(service) == 0
    assert troubles(service, receipt.submission) == ["job.attempts"]


def test_bytes_that_changed_in_quarantine_are_never_judged(service: Service, tmp_path: Path) -> None:
    receipt = service.submit([upload("honest")])
    (stored,) = (path for path in (tmp_path / "quarantine").rglob("*") if path.is_file())
    for tampered in (b"changed", b"honest, and more", b"hon"):
        stored.write_bytes(tampered)
        claim = service.claim(ME, tuple(Queue))
        assert claim is not None
        service.judge(claim)
    assert outcomes(service, receipt.submission) == ["undetermined"]
    assert files(tmp_path / "clean") == []


def test_who_lost_his_claim_takes_back_what_he_delivered(service: Service, tmp_path: Path) -> None:
    receipt = service.submit([upload("x")])
    late = service.claim("late", tuple(Queue))
    assert late is not None
    service.ledger.return_owned("late", 3)
    assert work(service) == 1
    service.judge(late)
    assert files(tmp_path / "clean") == [b"x"]
    assert service.report(receipt.submission).attempts == 2


def test_a_job_whose_worker_is_dead_is_taken_over_at_once(service: Service) -> None:
    told = Told()
    service._wakeup = told
    service.submit([upload("x")])
    (hint,) = told.hints
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    dead = name_process(pid)
    os.waitpid(pid, 0)
    assert service.claim(dead, tuple(Queue)) is not None
    assert service.process(hint.job, ME)


def test_a_job_whose_worker_may_be_alive_is_left_alone(service: Service) -> None:
    told = Told()
    service._wakeup = told
    service.submit([upload("x")])
    (hint,) = told.hints
    assert service.claim("elsewhere:boot:ns:1:1", tuple(Queue)) is not None
    assert not service.process(hint.job, ME)
    assert not is_gone(ME)


def test_a_verdict_that_could_not_be_recorded_was_not_given_and_is_found_again(tmp_path: Path) -> None:
    ledger = FailingLedger(f"sqlite:///{tmp_path}/ledger.sqlite3")
    with engine(settings(tmp_path), ledger=ledger, terms_of=QUICK) as service:
        receipt = service.submit([upload("x")])
        claim = service.claim(ME, tuple(Queue))
        assert claim is not None
        with pytest.raises(LedgerUnavailable):
            service.judge(claim)
        assert service.report(receipt.submission).verdict is None
        assert work(service) == 1
        assert outcomes(service, receipt.submission) == ["accepted"]
        assert len(files(tmp_path / "clean")) == 2
        assert service.sweep().orphans == 1
        assert service.link(receipt.submission, 0).endswith(".txt")
        assert len(files(tmp_path / "clean")) == 1


# -- being asked and reviewed ----------------------------------------------------------------------------------


def test_what_was_delivered_has_a_link_and_nothing_else_has(service: Service) -> None:
    receipt = service.submit([upload("x"), upload("reject")])
    with pytest.raises(NotPossible):
        service.link(receipt.submission, 0)
    work(service)
    assert service.link(receipt.submission, 0).startswith("file:///")
    for number in (1, 2, -1):
        with pytest.raises(NotPossible):
            service.link(receipt.submission, number)
    with pytest.raises(NotPossible):
        service.report("none")


def test_a_release_is_judged_again_and_recorded(service: Service, tmp_path: Path) -> None:
    receipt = service.submit([upload("reject me"), upload("fine")], tenant="shop")
    work(service)
    (held,) = service.held()
    assert (held.attachment, held.outcome, held.reasons) == (
        f"{receipt.submission}.0", Outcome.REJECTED, ("type.unknown",)
    )  # fmt: skip
    again = service.release(held.attachment, "Ada", "the customer says it is fine")
    work(service)
    assert outcomes(service, again.submission) == ["rejected"]
    event = service.ledger.events(receipt.submission)[-1]
    assert (event.what, event.actor, event.attachment) == ("released", "Ada", held.attachment)
    assert again.submission in event.detail
    assert service.report(again.submission).tenant == "shop"
    assert files(tmp_path / "clean") == [b"fine"]


def test_a_held_file_is_deleted_with_a_record(service: Service, tmp_path: Path) -> None:
    receipt = service.submit([upload("reject me")])
    work(service)
    service.delete(f"{receipt.submission}.0", "Ada", "asked for by the sender")
    assert files(tmp_path / "quarantine") == []
    assert whats(service, receipt.submission)[-1] == "deleted"
    for verb in (service.delete, service.release):
        with pytest.raises(NotPossible):
            verb(f"{receipt.submission}.0", "Ada", "again")


def test_a_review_needs_a_name_a_note_and_a_verdict(service: Service) -> None:
    receipt = service.submit([upload("reject me")])
    name = f"{receipt.submission}.0"
    with pytest.raises(NotPossible):
        service.release(name, "Ada", "too early")
    work(service)
    for reviewer, note in (("", "x"), ("Ada", " ")):
        with pytest.raises(UsageError):
            service.release(name, reviewer, note)
    with pytest.raises(NotPossible):
        service.delete("nobody.0", "Ada", "x")


# -- being looked after ----------------------------------------------------------------------------------------


def test_the_sweeper_leaves_everything_that_is_needed(service: Service, tmp_path: Path) -> None:
    service.submit([upload("waiting")])
    done = service.submit([upload("x"), upload("reject")])
    claims = [service.claim(ME, tuple(Queue)) for _ in range(2)]
    for claim in claims:
        if claim is not None and claim.submission == done.submission:
            service.judge(claim)
    before = (files(tmp_path / "clean"), files(tmp_path / "quarantine"))
    swept = service.sweep()
    assert (swept.orphans, swept.expired, swept.abandoned) == (0, 0, 0)
    assert (files(tmp_path / "clean"), files(tmp_path / "quarantine")) == before


def test_the_sweeper_takes_orphans_of_ours_and_nobody_elses(service: Service, tmp_path: Path) -> None:
    receipt = service.submit([upload("x")])
    work(service)
    name = receipt.submission
    ours = [
        tmp_path / "clean" / name[:2] / f"{name}.7.0-abc.txt",
        tmp_path / "clean" / name[:2] / f".{name}.7.0-abc.txt.half.part",
        tmp_path / "quarantine" / name[:2] / f"{name}.9",
    ]
    others = [
        tmp_path / "clean" / "ab" / "abcdef0123.1.0-x.txt",
        tmp_path / "clean" / "ab" / "abcdef.pdf",
        tmp_path / "quarantine" / "notes.txt",
    ]
    for path in (*ours, *others):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"lost")
    assert service.sweep().orphans == 3
    assert [path.exists() for path in ours] == [False] * 3
    assert [path.exists() for path in others] == [True] * 3
    assert service.sweep().orphans == 0


def test_the_sweeper_waits_for_the_grace_time(tmp_path: Path) -> None:
    with engine(settings(tmp_path)) as service:
        receipt = service.submit([upload("x")])
        name = receipt.submission
        orphan = tmp_path / "quarantine" / name[:2] / f"{name}.9"
        orphan.write_bytes(b"lost")
        assert service.sweep().orphans == 0
        old = (datetime.now(UTC) - timedelta(days=2)).timestamp()
        os.utime(orphan, (old, old))
        assert service.sweep().orphans == 1


def test_an_intent_that_came_to_nothing_is_swept_with_its_bytes(tmp_path: Path) -> None:
    timing = dataclasses.replace(QUICK, abandon=timedelta(0))
    with engine(settings(tmp_path), terms_of=timing) as service:
        with pytest.raises(KeyboardInterrupt), interrupted_accept(service):
            service.submit([upload("x")])
        assert files(tmp_path / "quarantine") == [b"x"]
        assert service.sweep().abandoned == 1
        assert files(tmp_path / "quarantine") == []


def test_a_hint_that_did_not_get_through_is_given_again(service: Service) -> None:
    told = Told(deaf=True)
    service._wakeup = told
    service.submit([upload("x")])
    assert (service.relay(), told.hints) == (0, [])
    told.deaf = False
    assert service.relay() == 1
    assert len(told.hints) == 1
    assert service.relay() == 0


def test_the_probes_of_all_parts_are_asked(service: Service) -> None:
    assert set(service.probe()) == {"scanner", "sandbox", "store", "quarantine", "ledger", "broker"}


class Told:
    """A wake-up that remembers."""

    def __init__(self, *, deaf: bool = False) -> None:
        self.hints: list[Hint] = []
        self.deaf = deaf

    def hint(self, hint: Hint) -> bool:
        if not self.deaf:
            self.hints.append(hint)
        return not self.deaf

    def probe(self) -> list[Check]:
        return []


class PatchyScanner(MemoryScanner):
    """Fails the first time it sees `sometimes`."""

    def __init__(self) -> None:
        super().__init__(test_double=True)
        self._failed = False

    def scan(self, path: Path) -> ScanResult:
        if path.read_bytes() == b"sometimes" and not self._failed:
            self._failed = True
            raise ScannerUnavailable("clamd died")
        return super().scan(path)


class FailingLedger(SqlLedger):
    """Loses the connection the first time a verdict is recorded."""

    failed = False

    def finish(self, claim: Claim, verdict: SubmissionVerdict) -> None:
        if not self.failed:
            self.failed = True
            raise LedgerUnavailable("the connection was lost")
        super().finish(claim, verdict)


@contextmanager
def interrupted_accept(service: Service) -> Iterator[None]:
    """Die between the bytes and the acknowledgement, so suddenly that nothing is undone."""

    class Dying(SqlLedger):
        def accept(self, *_: object) -> Hint:
            raise KeyboardInterrupt

        def abandon(self, submission: str) -> bool:
            raise LedgerUnavailable("gone")

    whole = service.ledger
    assert isinstance(whole, SqlLedger)
    with closing(Dying(whole._database._url.render_as_string(hide_password=False))) as dying:
        service.ledger = dying
        try:
            yield
        finally:
            service.ledger = whole
