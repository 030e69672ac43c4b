"""What the ledger promises the engine; each database's tests inherit this."""

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.errors import ClaimLost, KeyReused, LedgerUnavailable, NotPossible, StillReceiving
from attachguard.jobs import Claim, Event, IdempotencyKey, Intent, Queue, Received
from attachguard.model import (
    Action,
    Attachment,
    Delivered,
    Finding,
    Outcome,
    Report,
    ScanIdentity,
    SubmissionVerdict,
    Trouble,
    Verdict,
)
from attachguard.states import BytesState, SubmissionState

LEASE = timedelta(seconds=30)
DEADLINE = timedelta(hours=1)
ALL = tuple(Queue)
NAME = "rechnung \udcfe\x00\u202e.pdf"
"""A name that neither UTF-8 nor PostgreSQL takes as it is."""


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
        self.each = timedelta(0)
        """How far it goes on whenever somebody looks: as on a machine where everything takes long."""

    def __call__(self) -> datetime:
        self.time += self.each
        return self.time

    def forward(self, **by: float) -> None:
        self.time += timedelta(**by)


def intent(
    submission: str = "s1", key: IdempotencyKey | None = None, tenant: str = "shop", queue: str = "scan"
) -> Intent:
    return Intent(
        submission=submission,
        tenant=tenant,
        actor="till 4",
        policy="marketplace",
        queue=Queue(queue),
        files=(
            Received(
                id=f"{submission}.0",
                number=0,
                untrusted_name=NAME,
                safe_name="rechnung.pdf",
                declared_type="application/pdf",
                source="",
                size=3,
                sha256="0" * 64,
                key=f"{submission}/0",
            ),
        ),
        idempotency=key,
    )


def judged(claim: Claim, outcome: Outcome = Outcome.ACCEPTED, location: str = "/clean/x") -> SubmissionVerdict:
    attachment = Attachment(
        path=Path("/nonexistent"), size=3, sha256="0" * 64, untrusted_name=NAME, safe_name="rechnung.pdf"
    )
    part = dataclasses.replace(attachment, depth=1, where="part 1", untrusted_name="inner.txt")
    finding = Finding("pdf.launch", where="page 1", detail="https://example.org")
    scan = ScanIdentity(engine="ClamAV 1.4.6", signatures="daily 27", at=datetime(2026, 3, 4, tzinfo=UTC))
    inner = Verdict(
        outcome=Outcome.ACCEPTED,
        original=Report(attachment=part, findings=(), action=Action.KEEP, deciding=(), scan=scan),
        rendered=None,
        policy="marketplace@1",
    )
    report = Report(
        attachment=attachment,
        findings=(finding,),
        action=Action.KEEP,
        deciding=(),
        children=(inner,),
        scan=scan,
        stages={"limit": 0.25},
        peak_rss=7,
    )
    fine = outcome in {Outcome.ACCEPTED, Outcome.NORMALIZED}
    one = Verdict(
        outcome=outcome,
        original=report,
        rendered=None,
        policy="marketplace@1",
        reasons=() if fine else (finding,),
        trouble=Trouble(code="scanner.unavailable", detail="gone") if outcome is Outcome.UNDETERMINED else None,
        delivered=Delivered(
            name="rechnung.pdf", media_type="application/pdf", size=3, sha256="0" * 64, location=location
        )
        if fine
        else None,
        seconds=0.5,
    )
    return SubmissionVerdict(
        submission=claim.submission, policy="marketplace@1", verdicts=tuple(one for _ in claim.files)
    )


class EngineLedgerContract:
    """What is acknowledged is never lost, and of two workers one finishes."""

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        raise NotImplementedError

    @pytest.fixture
    def ledger(self, url: str, clock: Clock) -> Iterator[SqlLedger]:
        with closing(SqlLedger(url, clock)) as ledger:
            yield ledger

    def accepted(self, ledger: SqlLedger, submission: str = "s1", queue: str = "scan") -> str:
        one = intent(submission, queue=queue)
        assert ledger.begin(one) is None
        return ledger.accept(one, DEADLINE).job

    def claimed(self, ledger: SqlLedger, owner: str = "w1") -> Claim:
        claim = ledger.claim(owner, LEASE, ALL)
        assert claim is not None
        return claim

    def state(self, ledger: SqlLedger, submission: str = "s1") -> SubmissionState:
        status = ledger.status(submission)
        assert status is not None
        return status.state

    # -- coming in ---------------------------------------------------------------------------------------------

    def test_an_intent_is_no_job_yet(self, ledger: SqlLedger) -> None:
        ledger.begin(intent())
        assert self.state(ledger) is SubmissionState.RECEIVING
        assert ledger.claim("w1", LEASE, ALL) is None

    def test_what_is_acknowledged_can_be_claimed_with_everything_needed_to_judge_it(self, ledger: SqlLedger) -> None:
        job = self.accepted(ledger)
        claim = self.claimed(ledger)
        assert (claim.job, claim.submission, claim.attempts, claim.policy) == (job, "s1", 1, "marketplace")
        assert claim.files == intent().files
        assert self.state(ledger) is SubmissionState.PROCESSING

    def test_a_submission_is_acknowledged_once(self, ledger: SqlLedger) -> None:
        self.accepted(ledger)
        with pytest.raises(NotPossible):
            ledger.accept(intent(), DEADLINE)
        self.claimed(ledger)
        assert ledger.claim("w2", LEASE, ALL) is None

    def test_an_abandoned_intent_can_no_longer_be_acknowledged(self, ledger: SqlLedger) -> None:
        ledger.begin(intent())
        assert ledger.abandon("s1")
        with pytest.raises(NotPossible):
            ledger.accept(intent(), DEADLINE)
        assert self.state(ledger) is SubmissionState.ABANDONED

    def test_what_is_acknowledged_can_not_be_abandoned(self, ledger: SqlLedger) -> None:
        self.accepted(ledger)
        assert not ledger.abandon("s1")
        assert self.state(ledger) is SubmissionState.QUEUED

    def test_the_same_key_with_the_same_request_gives_the_first_receipt(self, ledger: SqlLedger) -> None:
        key = IdempotencyKey(key="k", request="r")
        first = intent("s1", key=key)
        ledger.begin(first)
        with pytest.raises(StillReceiving):
            ledger.begin(intent("s2", key=key))
        ledger.accept(first, DEADLINE)
        again = ledger.begin(intent("s3", key=key))
        assert again is not None
        assert (again.submission, again.repeated) == ("s1", True)
        assert ledger.status("s3") is None

    def test_the_same_key_with_another_request_is_refused(self, ledger: SqlLedger) -> None:
        ledger.begin(intent("s1", key=IdempotencyKey(key="k", request="r")))
        with pytest.raises(KeyReused):
            ledger.begin(intent("s2", key=IdempotencyKey(key="k", request="other")))

    def test_keys_of_two_tenants_do_not_meet(self, ledger: SqlLedger) -> None:
        key = IdempotencyKey(key="k", request="r")
        assert ledger.begin(intent("s1", key=key)) is None
        assert ledger.begin(intent("s2", key=key, tenant="other shop")) is None

    def test_an_abandoned_submission_frees_its_key(self, ledger: SqlLedger) -> None:
        key = IdempotencyKey(key="k", request="r")
        ledger.begin(intent("s1", key=key))
        ledger.abandon("s1")
        assert ledger.begin(intent("s2", key=key)) is None

    def test_of_many_that_send_one_key_at_once_one_comes_in(self, ledger: SqlLedger) -> None:
        ledger.status("nothing")  # the tables are there
        came: list[str] = []

        def send(number: int) -> None:
            one = intent(f"s{number}", key=IdempotencyKey(key="k", request="r"))
            try:
                if ledger.begin(one) is None:
                    came.append(one.submission)
            except (StillReceiving, LedgerUnavailable):
                return

        run([threading.Thread(target=send, args=(number,)) for number in range(8)])
        assert len(came) == 1

    # -- being worked on ---------------------------------------------------------------------------------------

    def test_of_many_workers_each_job_has_one(self, ledger: SqlLedger) -> None:
        jobs = {self.accepted(ledger, f"s{number}") for number in range(12)}
        taken: list[str] = []

        def work(owner: str) -> None:
            while claim := ledger.claim(owner, LEASE, ALL):
                taken.append(claim.job)

        run([threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)])
        assert sorted(taken) == sorted(jobs)

    def test_the_oldest_comes_first_and_a_rescan_last(self, ledger: SqlLedger, clock: Clock) -> None:
        self.accepted(ledger, "s1", queue="rescan")
        for submission, queue in (("s2", "render"), ("s3", "scan")):
            clock.forward(seconds=1)
            self.accepted(ledger, submission, queue=queue)
        assert [self.claimed(ledger).submission for _ in range(3)] == ["s2", "s3", "s1"]

    def test_a_worker_gets_jobs_of_its_queues_only(self, ledger: SqlLedger) -> None:
        self.accepted(ledger, queue="render")
        assert ledger.claim("w1", LEASE, [Queue.SCAN]) is None
        assert ledger.claim("w1", LEASE, [Queue.SCAN, Queue.RENDER]) is not None

    def test_a_job_is_claimed_by_its_name_once(self, ledger: SqlLedger) -> None:
        job = self.accepted(ledger)
        assert ledger.claim_job(job, "w1", LEASE) is not None
        assert ledger.claim_job(job, "w2", LEASE) is None
        assert ledger.claim_job("no such job", "w2", LEASE) is None
        assert ledger.owner_of(job) == "w1"

    def test_a_verdict_is_read_as_it_was_given(self, ledger: SqlLedger) -> None:
        self.accepted(ledger)
        claim = self.claimed(ledger)
        given = judged(claim)
        ledger.finish(claim, given)
        status = ledger.status("s1")
        assert status is not None
        assert status.state is SubmissionState.DONE
        assert status.verdict is not None
        assert status.verdict.outcome is Outcome.ACCEPTED
        (read,), (one,) = status.verdict.verdicts, given.verdicts
        assert (read.delivered, read.reasons, read.trouble) == (one.delivered, one.reasons, one.trouble)
        assert (read.original.findings, read.original.scan) == (one.original.findings, one.original.scan)
        assert (read.original.stages, read.original.peak_rss) == ({"limit": 0.25}, 7)
        assert read.attachment.untrusted_name == NAME
        assert [child.attachment.where for child in read.original.children] == ["part 1"]

    def test_a_job_that_is_done_is_done(self, ledger: SqlLedger) -> None:
        self.accepted(ledger)
        claim = self.claimed(ledger)
        ledger.finish(claim, judged(claim))
        with pytest.raises(ClaimLost):
            ledger.finish(claim, judged(claim, Outcome.REJECTED))
        assert not ledger.renew(claim, LEASE)
        assert not ledger.give_back(claim, "late", timedelta(0), 3)
        status = ledger.status("s1")
        assert status is not None
        assert status.verdict is not None
        assert status.verdict.outcome is Outcome.ACCEPTED

    def test_a_lease_that_is_renewed_lasts(self, ledger: SqlLedger, clock: Clock) -> None:
        self.accepted(ledger)
        claim = self.claimed(ledger)
        clock.forward(seconds=20)
        assert ledger.renew(claim, LEASE)
        clock.forward(seconds=20)
        assert ledger.return_lost(LEASE, 3) == 0

    def test_a_lease_begins_when_the_job_is_taken_not_when_it_is_looked_for(
        self, ledger: SqlLedger, clock: Clock
    ) -> None:
        self.accepted(ledger)
        clock.each = timedelta(seconds=20)
        self.claimed(ledger)
        assert ledger.return_lost(LEASE, 3) == 0

    def test_who_comes_back_after_his_lease_changes_nothing(self, ledger: SqlLedger, clock: Clock) -> None:
        self.accepted(ledger)
        late = self.claimed(ledger, "w1")
        clock.forward(seconds=31)
        assert ledger.return_lost(LEASE, 3) == 1
        second = self.claimed(ledger, "w2")
        assert (second.attempts, second.fence) == (2, late.fence + 1)
        with pytest.raises(ClaimLost):
            ledger.finish(late, judged(late, location="/clean/late"))
        assert not ledger.renew(late, LEASE)
        ledger.finish(second, judged(second, location="/clean/second"))
        assert ledger.wanted_locations(["/clean/late", "/clean/second"]) == {"/clean/second"}

    def test_a_lease_from_a_clock_that_was_wrong_ends(self, ledger: SqlLedger, clock: Clock) -> None:
        clock.forward(days=3)
        self.accepted(ledger)
        self.claimed(ledger)
        clock.forward(days=-3)
        assert ledger.return_lost(LEASE, 3) == 1

    def test_a_job_that_waits_until_a_time_from_a_wrong_clock_does_not_wait(
        self, ledger: SqlLedger, clock: Clock
    ) -> None:
        clock.forward(days=3)
        self.accepted(ledger)
        clock.forward(days=-3)
        self.claimed(ledger)

    def test_the_jobs_of_a_dead_worker_return_at_once(self, ledger: SqlLedger) -> None:
        self.accepted(ledger, "s1")
        self.accepted(ledger, "s2")
        first, other = self.claimed(ledger, "dead"), self.claimed(ledger, "alive")
        assert ledger.owners() == {"dead", "alive"}
        assert ledger.return_owned("dead", 3) == 1
        assert self.claimed(ledger, "next").submission == first.submission
        assert ledger.renew(other, LEASE)

    def test_an_attempt_that_broke_off_is_followed_by_another_after_a_pause(
        self, ledger: SqlLedger, clock: Clock
    ) -> None:
        self.accepted(ledger)
        claim = self.claimed(ledger)
        assert ledger.give_back(claim, "scanner.unavailable", timedelta(seconds=5), 3)
        assert ledger.claim("w1", LEASE, ALL) is None
        assert self.state(ledger) is SubmissionState.QUEUED
        clock.forward(seconds=6)
        assert self.claimed(ledger).attempts == 2

    def test_after_the_last_attempt_the_submission_is_undetermined(self, ledger: SqlLedger) -> None:
        self.accepted(ledger)
        for _ in range(3):
            assert self.state(ledger) is SubmissionState.QUEUED
            ledger.give_back(self.claimed(ledger), "it fell over", timedelta(0), 3)
        assert ledger.claim("w1", LEASE, ALL) is None
        status = ledger.status("s1")
        assert status is not None
        assert (status.state, status.attempts) == (SubmissionState.FAILED, 3)
        assert status.verdict is not None
        (one,) = status.verdict.verdicts
        assert one.outcome is Outcome.UNDETERMINED
        assert one.trouble is not None
        assert one.trouble.code == "job.attempts"
        assert "it fell over" in one.trouble.detail

    def test_an_undetermined_verdict_fails_the_submission(self, ledger: SqlLedger) -> None:
        self.accepted(ledger)
        claim = self.claimed(ledger)
        ledger.finish(claim, judged(claim, Outcome.UNDETERMINED))
        assert self.state(ledger) is SubmissionState.FAILED

    @pytest.mark.parametrize("running", [False, True])
    def test_nothing_is_pending_past_its_deadline(self, ledger: SqlLedger, clock: Clock, running: bool) -> None:
        self.accepted(ledger)
        late = self.claimed(ledger) if running else None
        clock.forward(minutes=61)
        assert ledger.claim("w2", LEASE, ALL) is None
        assert ledger.fail_overdue() == 1
        status = ledger.status("s1")
        assert status is not None
        assert status.verdict is not None
        assert status.state is SubmissionState.FAILED
        assert [one.trouble.code for one in status.verdict.verdicts if one.trouble] == ["job.deadline"]
        if late:
            with pytest.raises(ClaimLost):
                ledger.finish(late, judged(late))

    def test_a_failed_submission_can_be_tried_again(self, ledger: SqlLedger) -> None:
        self.accepted(ledger)
        first = self.claimed(ledger)
        ledger.finish(first, judged(first, Outcome.UNDETERMINED))
        ledger.retry("s1", "reviewer", DEADLINE)
        again = self.claimed(ledger)
        assert (again.attempts, again.fence > first.fence) == (1, True)
        ledger.finish(again, judged(again))
        assert self.state(ledger) is SubmissionState.DONE
        with pytest.raises(NotPossible):
            ledger.retry("s1", "reviewer", DEADLINE)

    def test_a_submission_whose_bytes_are_gone_can_not_be_tried_again(self, ledger: SqlLedger) -> None:
        self.accepted(ledger)
        claim = self.claimed(ledger)
        ledger.finish(claim, judged(claim, Outcome.UNDETERMINED))
        ledger.bytes_gone(["s1.0"])
        with pytest.raises(NotPossible):
            ledger.retry("s1", "reviewer", DEADLINE)

    # -- being looked after ------------------------------------------------------------------------------------

    def test_an_intent_goes_stale(self, ledger: SqlLedger, clock: Clock) -> None:
        ledger.begin(intent("s1"))
        clock.forward(minutes=30)
        ledger.begin(intent("s2"))
        self.accepted(ledger, "s3")
        clock.forward(minutes=40)
        assert list(ledger.stale_intents(timedelta(hours=1))) == ["s1"]

    def test_a_job_that_nobody_claimed_is_announced_again(self, ledger: SqlLedger, clock: Clock) -> None:
        job = self.accepted(ledger)
        age = timedelta(seconds=30)
        assert list(ledger.unannounced(age)) == []
        ledger.not_announced(job)
        assert [hint.job for hint in ledger.unannounced(age)] == [job]
        ledger.announced([job])
        assert list(ledger.unannounced(age)) == []
        clock.forward(seconds=31)
        assert [hint.job for hint in ledger.unannounced(age)] == [job]
        self.claimed(ledger)
        assert list(ledger.unannounced(age)) == []

    def test_an_attempt_that_broke_off_is_announced_when_its_pause_is_over(
        self, ledger: SqlLedger, clock: Clock
    ) -> None:
        job = self.accepted(ledger)
        ledger.give_back(self.claimed(ledger), "scanner.unavailable", timedelta(seconds=5), 3)
        assert list(ledger.unannounced(timedelta(seconds=30))) == []
        clock.forward(seconds=6)
        assert [hint.job for hint in ledger.unannounced(timedelta(seconds=30))] == [job]

    def test_it_knows_what_it_has_heard_of(self, ledger: SqlLedger) -> None:
        self.accepted(ledger)
        assert ledger.known(["s1", "s2"]) == {"s1"}

    def test_quarantine_keeps_what_was_refused_until_its_time_is_over(self, ledger: SqlLedger, clock: Clock) -> None:
        for submission, outcome in (("s1", Outcome.ACCEPTED), ("s2", Outcome.REJECTED)):
            self.accepted(ledger, submission)
            claim = self.claimed(ledger)
            ledger.finish(claim, judged(claim, outcome))
        ledger.begin(intent("s3"))
        ledger.abandon("s3")
        self.accepted(ledger, "s4")
        month = timedelta(days=30)
        assert {held.attachment for held in ledger.no_longer_needed(month)} == {"s1.0", "s3.0"}
        assert ledger.wanted_keys(["s1/0", "s2/0", "s3/0", "s4/0", "x"]) == {"s1/0", "s2/0", "s4/0"}
        assert [(held.attachment, held.outcome, held.reasons) for held in ledger.held(10)] == [
            ("s2.0", Outcome.REJECTED, ("pdf.launch",))
        ]
        ledger.bytes_gone(["s1.0", "s3.0"])
        clock.forward(days=31)
        assert {held.attachment for held in ledger.no_longer_needed(month)} == {"s2.0"}

    def test_a_held_file_is_found_by_its_name(self, ledger: SqlLedger) -> None:
        self.accepted(ledger)
        held = ledger.held_file("s1.0")
        assert held is not None
        assert (held.file, held.bytes, held.outcome) == (intent().files[0], BytesState.HELD, None)
        assert ledger.held_file("s1.1") is None

    def test_the_audit_tells_everything_in_order(self, ledger: SqlLedger, clock: Clock) -> None:
        self.accepted(ledger)
        claim = self.claimed(ledger)
        ledger.finish(claim, judged(claim))
        ledger.note(Event(at=clock(), what="released", submission="s1", actor="Ada", detail="looked at it"))
        assert [event.what for event in ledger.events("s1")] == [
            "receiving", "accepted", "claimed", "judged", "released"
        ]  # fmt: skip
        assert ledger.events("s1")[-1].actor == "Ada"

    def change_events(self, url: str, statement: str) -> str:
        """Run a statement on the database behind the ledger's back; gives the error it made."""
        raise NotImplementedError

    @pytest.mark.parametrize("statement", ["UPDATE events SET what = 'x'", "DELETE FROM events"])
    def test_the_audit_can_not_be_changed(self, ledger: SqlLedger, url: str, statement: str) -> None:
        self.accepted(ledger)
        assert "append-only" in self.change_events(url, statement)
        assert [event.what for event in ledger.events("s1")] == ["receiving", "accepted"]

    def test_many_processes_may_open_a_new_ledger_at_once(self, url: str) -> None:
        ledgers = [SqlLedger(url) for _ in range(4)]
        failed: list[LedgerUnavailable] = []

        def look(ledger: SqlLedger) -> None:
            try:
                ledger.status("x")
            except LedgerUnavailable as error:
                failed.append(error)

        run([threading.Thread(target=look, args=(ledger,)) for ledger in ledgers])
        for ledger in ledgers:
            ledger.close()
        assert failed == []


def run(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
