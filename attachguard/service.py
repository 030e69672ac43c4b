"""The verbs every door uses: submit, process, report, retry, release, sweep.

A door hands files over once and can forget them. Written down first, then put into quarantine, then acknowledged
together with their job; judged by `guard_all` and by nothing else; recorded behind a fence. Whatever dies in between,
the ledger knows what is left to do.
"""

import contextlib
import dataclasses
import hashlib
import itertools
import threading
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import IO, cast

from attachguard.delivery import Delivery
from attachguard.errors import (
    ClaimLost,
    LedgerUnavailable,
    NotPossible,
    ObjectMissing,
    PolicyError,
    StoreUnavailable,
    Unavailable,
    UsageError,
)
from attachguard.jobs import (
    Announced,
    Claim,
    Event,
    Held,
    IdempotencyKey,
    Intent,
    Kept,
    Label,
    PendingUpload,
    Queue,
    Receipt,
    Received,
    Sending,
    Status,
    Swept,
    Terms,
    Whereabouts,
)
from attachguard.logs import log, traced
from attachguard.model import Attachment, Check, Outcome, Submission, SubmissionVerdict, Upload
from attachguard.pipeline import guard_all, receive
from attachguard.policy import Policy
from attachguard.ports import Drawer, EngineLedger, Kit, Shelf, Store, Wakeup
from attachguard.rescan import Rescan
from attachguard.rescan.work import Tools
from attachguard.states import BytesState, SubmissionState
from attachguard.tenancy import kit_of
from attachguard.verified import Verified
from attachguard.workroom import workroom

MOST_FILES = 100
"""A submission with more files is refused at the door: the policy's own limit is a verdict, and much lower."""

RENDERED = frozenset({".dat", ".eml", ".pdf", ".tif", ".tiff", ".tnef"})
"""Names of what may be printed page by page, or may hold what may be."""

SMALL = 2 * 1024 * 1024
"""Bytes of a submission above which it is no quick one, whatever it is called."""

WITHHELD = frozenset({Outcome.REJECTED, Outcome.INFECTED, Outcome.UNDETERMINED})
"""Verdicts after which a file is held in quarantine for review."""

_PAGE = 500


def _no_foreign(source: str) -> Shelf:
    raise UsageError(f"{source}: this engine opens no foreign places")


class Service:
    """One engine: a ledger, a quarantine, a clean store and the parts that judge. Safe for threads and for fork."""

    def __init__(
        self,
        *,
        kit: Kit,
        ledger: EngineLedger,
        quarantine: Shelf,
        clean: Shelf,
        wakeup: Wakeup,
        policies: Callable[[str], Policy],
        default_policy: str,
        terms: Terms,
        is_gone: Callable[[str], bool],
        foreign: Callable[[str], Shelf] = _no_foreign,
        drawer: Drawer | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Put the parts together; nothing is started. `is_gone` tells whether an owner's process is known dead.

        `foreign` opens a place by its URL that attachguard did not fill. `clock` tells the time (UTC).
        """
        self.now = clock
        self.kit = kit
        self.ledger = ledger
        self.terms = terms
        self._quarantine = quarantine
        self._clean = clean
        self._wakeup = wakeup
        self._policies = policies
        self._default_policy = default_policy
        self._is_gone = is_gone
        tools = Tools(
            kit=kit,
            ledger=ledger,
            quarantine=quarantine,
            clean=clean,
            policies=policies,
            default_policy=default_policy,
            terms=terms,
        )
        self.rescan = Rescan(tools, foreign, is_gone)
        self._drawer = drawer

    # -- coming in ---------------------------------------------------------------------------------------------

    def submit(
        self,
        uploads: Sequence[Upload],
        *,
        tenant: str = "",
        actor: str = "",
        policy: str | None = None,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Take files in; when this returns, they are ours to judge, whatever dies.

        Raises UsageError (no files, too many), PolicyError, UploadUnreadable, KeyReused, StillReceiving, and
        Unavailable when quarantine or ledger did not take them: then nothing was taken.
        """
        if len(uploads) > MOST_FILES:
            raise UsageError(f"a submission has at most {MOST_FILES} files")
        wanted = policy or self._default_policy
        sending = Sending(tenant=tenant, actor=actor, policy=wanted, idempotency_key=idempotency_key)
        with workroom() as room:
            return self.take(receive(uploads, self.policy(wanted).limits, room), sending)

    def take(self, attachments: Sequence[Attachment], sending: Sending) -> Receipt:
        """Take files in that lie in a workroom already; else like `submit`."""
        intent = _intent(attachments, sending, sending.policy or self._default_policy)
        before = self.ledger.begin(intent)
        if before:
            return before
        with self._coming_in(intent, attachments):
            hint = self.ledger.accept(intent, self.terms.deadline)
        if not self._wakeup.hint(hint):
            with contextlib.suppress(LedgerUnavailable):
                self.ledger.not_announced(hint.job)
        return Receipt(submission=intent.submission, state=SubmissionState.QUEUED)

    @contextlib.contextmanager
    def _coming_in(self, intent: Intent, attachments: Sequence[Attachment]) -> Iterator[None]:
        """Put files into quarantine, to be acknowledged within; what breaks off is undone."""
        try:
            for file, attachment in zip(intent.files, attachments, strict=True):
                self._quarantine.put(file.key, attachment.path, Label(sha256=file.sha256, size=file.size))
            yield
        except BaseException:
            self._abandon(intent)
            raise

    def policy(self, name: str | None = None) -> Policy:
        """Load a policy, once; None: the engine's own. Raises PolicyError."""
        return self._policies(name or self._default_policy)

    def _abandon(self, intent: Intent) -> None:
        """Undo what came in half; what can't be undone now is swept later. Never what was acknowledged after all."""
        with contextlib.suppress(Unavailable):
            if self.ledger.abandon(intent.submission):
                self._discard(intent.files)

    def _discard(self, files: Iterable[Received]) -> None:
        gone = []
        for file in files:
            self._quarantine.delete(file.key)
            gone.append(file.id)
        self.ledger.bytes_gone(gone)

    # -- being judged ------------------------------------------------------------------------------------------

    def process(self, job: str, owner: str) -> bool:
        """Judge one job by its id, if it is ready or its worker is known to be dead; False: nothing was to do.

        Calling it twice, late, or for a job that never was is harmless. Raises LedgerUnavailable.
        """
        claim = self.ledger.claim_job(job, owner, self.terms.lease)
        if claim is None:
            holder = self.ledger.owner_of(job)
            if holder is not None and self._is_gone(holder):
                self.ledger.return_owned(holder, self.terms.attempts)
                claim = self.ledger.claim_job(job, owner, self.terms.lease)
        if claim is None:
            return False
        self.judge(claim)
        return True

    def claim(self, owner: str, queues: Collection[Queue]) -> Claim | None:
        """Take the next job of these queues. Raises LedgerUnavailable."""
        return self.ledger.claim(owner, self.terms.lease, queues)

    def judge(self, claim: Claim) -> None:
        """Judge a claimed job by `guard_all`; the verdict is recorded only while the claim is ours.

        What breaks on our side ends the attempt; the next one comes after a pause, and after the last one the verdict
        is `undetermined`. A bug ends the attempt too, and is raised. Raises LedgerUnavailable.
        """
        with traced(claim.trace):
            self._judge(claim)

    def _judge(self, claim: Claim, password: str | None = None) -> None:
        delivery = Delivery(self._clean, claim.submission, claim.fence)
        recorder = _Recorder(self.ledger, claim, self.terms)
        uploads = tuple(self._upload(file, password) for file in claim.files)
        kit = dataclasses.replace(kit_of(self.kit, claim.tenant), store=delivery, ledger=recorder)
        with _heartbeat(self.ledger, claim, self.terms):
            try:
                policy = self._policies(claim.policy).for_retry(claim.method)
                verdict = guard_all(Submission(id=claim.submission, uploads=uploads), policy, kit)
            except ClaimLost:
                delivery.take_back()
                return
            except LedgerUnavailable as error:
                # The verdict may have been recorded all the same: what was delivered stays until it is swept, and
                # giving back changes nothing then.
                with contextlib.suppress(LedgerUnavailable):
                    recorder.give_back(error.code)
                raise
            except (Unavailable, PolicyError) as error:
                recorder.give_back(str(error))
                return
            except BaseException as error:
                with contextlib.suppress(LedgerUnavailable):
                    recorder.give_back(f"{type(error).__name__} while it was judged")
                raise
        if recorder.recorded:
            _log_verdict(claim, verdict)
            self._release_quarantine(claim, verdict)
        else:
            delivery.take_back()

    def _upload(self, file: Received, password: str | None = None) -> Upload:
        def open_verified() -> IO[bytes]:
            return cast("IO[bytes]", Verified(self._quarantine.open(file.key), file.sha256, file.size))

        return Upload(
            untrusted_name=file.untrusted_name,
            open=open_verified,
            declared_type=file.declared_type,
            source=file.source,
            password=password,
        )

    def _release_quarantine(self, claim: Claim, verdict: SubmissionVerdict) -> None:
        """Delete what was delivered; everything stays while a file is undetermined, so that it can be tried again."""
        if any(one.outcome is Outcome.UNDETERMINED for one in verdict.verdicts):
            return
        with contextlib.suppress(Unavailable):  # the sweeper does it again
            self._discard(
                file for file, one in zip(claim.files, verdict.verdicts, strict=True) if one.deliverable is not None
            )

    # -- being asked -------------------------------------------------------------------------------------------

    def report(self, submission: str) -> Status:
        """Tell where a submission is. Raises NotPossible when there is none, LedgerUnavailable."""
        status = self.ledger.status(submission)
        if status is None:
            raise NotPossible(f"there is no submission {submission}")
        return status

    def link(self, submission: str, number: int, seconds: int = 300) -> str:
        """Give a download link for a delivered file, valid for so many seconds.

        Raises NotPossible when that file was not delivered, StoreUnavailable, LedgerUnavailable.
        """
        verdict = self.report(submission).verdict
        files = verdict.verdicts if verdict else ()
        delivered = files[number].delivered if 0 <= number < len(files) else None
        if delivered is None:
            raise NotPossible(f"file {number} of submission {submission} was not delivered")
        label = Label(
            sha256=delivered.sha256, size=delivered.size, media_type=delivered.media_type, name=delivered.name
        )
        return self._clean.link(delivered.location, label, seconds)

    def retry(self, submission: str, actor: str = "") -> None:
        """Judge a failed submission again. Raises NotPossible, LedgerUnavailable."""
        hint = self.ledger.retry(submission, actor, self.terms.deadline)
        if not self._wakeup.hint(hint):
            with contextlib.suppress(LedgerUnavailable):
                self.ledger.not_announced(hint.job)

    def retry_file(self, file: Received, sending: Sending) -> Receipt:
        """Judge one held file again on other terms, as a submission of its own. Raises what `submit` raises."""
        with workroom() as room:
            limits = self.policy(sending.policy).limits
            return self.take(receive([self._upload(file)], limits, room), sending)

    def retry_with_password(self, file: Received, sending: Sending, password: str, owner: str) -> Receipt:
        """Judge one held file again, opened with its password, before this returns.

        The password is held in memory for as long as that takes and written nowhere: should this process end on the
        way, the next attempt knows none. Raises what `submit` raises.
        """
        with workroom() as room:
            attachments = receive([self._upload(file)], self.policy(sending.policy).limits, room)
            intent = _intent(attachments, sending, sending.policy or self._default_policy)
            before = self.ledger.begin(intent)
            if before:
                return before
            with self._coming_in(intent, attachments):
                claim = self.ledger.accept_claimed(intent, self.terms.deadline, owner, self.terms.lease)
        with traced(claim.trace):
            self._judge(claim, password)
        return Receipt(submission=intent.submission, state=SubmissionState.PROCESSING)

    def address_for(self, upload: PendingUpload, file: Announced, seconds: int) -> str | None:
        """Give the address to which an announced file can be put directly; None: the quarantine has none."""
        return self._quarantine.put_link(upload.key(file.number), file.size, seconds)

    def put_aside(self, upload: PendingUpload, file: Announced, attachment: Attachment) -> None:
        """Keep an announced file until its upload is complete; again replaces it. Raises StoreUnavailable."""
        key = upload.key(file.number)
        self._quarantine.delete(key)
        self._quarantine.put(key, attachment.path, Label(sha256=attachment.sha256, size=attachment.size))

    @contextlib.contextmanager
    def put_together(self, upload: PendingUpload) -> Iterator[tuple[Attachment, ...]]:
        """Fetch the files of an upload into a workroom. Raises NotPossible when one is not there, Unavailable."""
        limits = self.policy(upload.policy).limits

        def opener(key: str) -> Callable[[], IO[bytes]]:
            return lambda: self._quarantine.open(key)

        uploads = [
            Upload(
                untrusted_name=one.untrusted_name, open=opener(upload.key(one.number)), declared_type=one.declared_type
            )
            for one in upload.files
        ]
        with workroom() as room:
            try:
                attachments = receive(uploads, limits, room)
            except ObjectMissing as error:
                raise NotPossible("a file that was announced is not there") from error
            yield attachments

    def clear_aside(self, upload: PendingUpload) -> None:
        """Throw the files of an upload away that became a submission. What can't be deleted now is swept later."""
        with contextlib.suppress(StoreUnavailable):
            for one in upload.files:
                self._quarantine.delete(upload.key(one.number))

    def check(
        self, uploads: Sequence[Upload], store: Store, policy: str | None = None, tenant: str = ""
    ) -> SubmissionVerdict:
        """Judge files at once and keep nothing: what is cleared goes to `store`, and no ledger hears of it."""
        kit = dataclasses.replace(kit_of(self.kit, tenant), store=store, ledger=_Forgetful())
        return guard_all(Submission(id=uuid.uuid4().hex, uploads=tuple(uploads)), self.policy(policy), kit)

    def preview(self, submission: str, number: int) -> bytes | None:
        """Draw the first page or picture of a delivered file as PNG; None when there is nothing to draw.

        Raises NotPossible when it was not delivered, StoreUnavailable, SandboxUnavailable, LedgerUnavailable.
        """
        status = self.report(submission)
        verdict = status.verdict.verdicts[number] if status.verdict else None
        if verdict is None or verdict.delivered is None or self._drawer is None or verdict.attachment.kind is None:
            return None
        delivered = verdict.delivered

        def opened() -> IO[bytes]:
            stream = self._clean.open(self._clean.key(delivered.location))
            return cast("IO[bytes]", Verified(stream, delivered.sha256, delivered.size))

        limits = self.policy(status.policy).limits
        with workroom() as room:
            upload = Upload(untrusted_name=delivered.name, open=opened)
            attachment = room.receive(upload, limits, delivered.size)
            return self._drawer.preview(dataclasses.replace(attachment, kind=verdict.attachment.kind), limits)

    def remove(self, status: Status, file: Whereabouts, actor: str) -> None:
        """Take a file away that is judged, from the clean store and from quarantine; its verdict stays.

        Doing it twice is harmless. Raises StoreUnavailable, LedgerUnavailable.
        """
        self.ledger.removed(file.file.id)  # first: what is half gone is not given out any more
        verdict = status.verdict.verdicts[file.file.number] if status.verdict else None
        if verdict is not None and verdict.delivered is not None:
            self._clean.delete(self._clean.key(verdict.delivered.location))
        if file.bytes is BytesState.HELD:
            self._discard([file.file])
        if file.removed_at is None:
            self.ledger.note(
                Event(at=self.now(), what="removed", submission=status.submission, attachment=file.file.id, actor=actor)
            )

    # -- being reviewed ----------------------------------------------------------------------------------------

    def held(self, limit: int = 100, tenant: str | None = None) -> Sequence[Held]:
        """List what was not delivered and can be reviewed, newest first; None: everybody's.

        Raises LedgerUnavailable.
        """
        return self.ledger.held(limit, tenant)

    def held_file(self, attachment: str) -> Held:
        """Find a received file. Raises NotPossible, LedgerUnavailable."""
        held = self.ledger.held_file(attachment)
        if held is None:
            raise NotPossible(f"there is no attachment {attachment}")
        return held

    def release(self, attachment: str, reviewer: str, note: str, policy: str | None = None) -> Receipt:
        """Judge a held file again, as a submission of its own, and record who wanted it and why.

        Nothing is let through unjudged: under another policy, or with newer signatures, the verdict may be another.
        Raises NotPossible when it is not in quarantine, PolicyError, Unavailable.
        """
        held = self._reviewable(attachment, reviewer, note)
        receipt = self.submit(
            [self._upload(held.file)], tenant=held.tenant, actor=reviewer, policy=policy or held.policy
        )
        self._note(held, "released", reviewer, f"as {receipt.submission}: {note}")
        return receipt

    def delete(self, attachment: str, reviewer: str, note: str) -> None:
        """Delete a held file from quarantine, and record who wanted it and why.

        Raises NotPossible when it is not there or still pending, Unavailable.
        """
        held = self._reviewable(attachment, reviewer, note)
        self._note(held, "deleted", reviewer, note)  # first: a deletion without a record must not be
        self._discard([held.file])

    def _reviewable(self, attachment: str, reviewer: str, note: str) -> Held:
        if not reviewer.strip() or not note.strip():
            raise UsageError("a review has a reviewer and a note")
        held = self.held_file(attachment)
        if held.state not in {SubmissionState.DONE, SubmissionState.FAILED}:
            raise NotPossible(f"{attachment} is {held.state.value}: there is no verdict to review yet")
        if held.bytes is not BytesState.HELD:
            raise NotPossible(f"{attachment} is no longer in quarantine")
        return held

    def _note(self, held: Held, what: str, reviewer: str, detail: str) -> None:
        self.ledger.note(
            Event(
                at=self.now(),
                what=what,
                submission=held.submission,
                attachment=held.attachment,
                actor=reviewer,
                detail=detail,
            )
        )

    # -- being looked after ------------------------------------------------------------------------------------

    def tend(self) -> Swept:
        """Return what lost workers held, end what is out of time, announce what waits. Raises LedgerUnavailable."""
        attempts = self.terms.attempts
        dead = [owner for owner in self.ledger.owners() if self._is_gone(owner)]
        returned = sum(self.ledger.return_owned(owner, attempts) for owner in dead)
        return Swept(
            returned=returned + self.ledger.return_lost(self.terms.lease, attempts),
            objects=self.rescan.tend(),
            overdue=self.ledger.fail_overdue(),
            announced=self.relay(),
        )

    def relay(self) -> int:
        """Announce the jobs that nobody claimed. Raises LedgerUnavailable."""
        told = []
        for hint in self.ledger.unannounced(self.terms.announce):
            if not self._wakeup.hint(hint):
                break  # the broker is away; the next round tries again
            told.append(hint.job)
        if told:
            self.ledger.announced(told)
        return len(told)

    def sweep(self) -> Swept:
        """Do all of `tend`, then clear away abandoned intents, expired files and orphaned objects.

        An orphan is an object of a submission of this ledger that nothing refers to, and older than the grace time. An
        object of a submission that this ledger has never heard of is somebody else's and stays. Raises Unavailable.
        """
        tended = self.tend()
        abandoned = sum(self.ledger.abandon(one) for one in self.ledger.stale_intents(self.terms.abandon))
        expired = self.ledger.no_longer_needed(self.terms.retention)
        for held in expired:
            if held.outcome in WITHHELD:  # its time was over; what was delivered goes without a word
                self._note(held, "expired", "", f"{held.outcome}, held since {held.at:%Y-%m-%d}")
        self._discard(held.file for held in expired)
        self.ledger.forget_links()
        orphans = self._sweep_shelf(self._quarantine, self._unwanted_in_quarantine)
        orphans += self._sweep_shelf(self._clean, self._unwanted_in_clean)
        return dataclasses.replace(tended, abandoned=abandoned, expired=len(expired), orphans=orphans)

    def _sweep_shelf(self, shelf: Shelf, unwanted: Callable[[Sequence[Kept]], Sequence[Kept]]) -> int:
        """List first, read the ledger afterwards, look again before each delete: what is just coming in stays."""
        before = self.now() - self.terms.grace
        count = 0
        for page in _pages(kept for kept in shelf.listing() if kept.at <= before):
            for kept in unwanted(page):
                if unwanted([kept]):
                    shelf.delete(kept.key)
                    count += 1
        return count

    def _unwanted_in_quarantine(self, page: Sequence[Kept]) -> Sequence[Kept]:
        wanted = self.ledger.wanted_keys([kept.key for kept in page])
        return self._ours([kept for kept in page if kept.key not in wanted])

    def _unwanted_in_clean(self, page: Sequence[Kept]) -> Sequence[Kept]:
        wanted = self.ledger.wanted_locations([kept.location for kept in page])
        return self._ours([kept for kept in page if kept.location not in wanted])

    def _ours(self, page: Sequence[Kept]) -> Sequence[Kept]:
        known = self.ledger.known({_submission_of(kept) for kept in page})
        return [kept for kept in page if _submission_of(kept) in known]

    def probe(self) -> dict[str, Sequence[Check]]:
        """Ask every part; never raises."""
        parts = self.parts()
        return {
            "scanner": parts["scanner"],
            "sandbox": self.kit.sandbox.probe(),
            "store": parts["store"],
            "quarantine": parts["quarantine"],
            "ledger": self.ledger.probe(),
            "broker": parts["broker"],
        }

    def parts(self) -> dict[str, Sequence[Check]]:
        """Ask the parts that can be away while the ledger and this machine are well; never raises."""
        return {
            "scanner": self.kit.scanner.probe(),
            "store": self._clean.probe(),
            "quarantine": self._quarantine.probe(),
            "broker": self._wakeup.probe(),
        }


class _Recorder:
    """The port `Ledger` for one claim: records a verdict behind the fence, or keeps it for a later attempt."""

    def __init__(self, ledger: EngineLedger, claim: Claim, terms: Terms) -> None:
        self._ledger, self._claim, self._terms = ledger, claim, terms
        self.recorded = False

    def record(self, verdict: SubmissionVerdict) -> None:
        """Finish the job; a verdict that is undetermined counts only when it was the last attempt."""
        troubles = [one.trouble.code for one in verdict.verdicts if one.outcome is Outcome.UNDETERMINED and one.trouble]
        if troubles and self._claim.attempts < self._terms.attempts:
            self.give_back(troubles[0])
            return
        self._ledger.finish(self._claim, verdict)
        self.recorded = True

    def give_back(self, why: str) -> None:
        """End this attempt; the pause before the next one grows."""
        pause = self._terms.backoff * 4 ** (self._claim.attempts - 1)
        claim = self._claim
        log().warning("attempt.ended", submission=claim.submission, job=claim.job, attempt=claim.attempts, why=why)
        self._ledger.give_back(self._claim, why[:200], pause, self._terms.attempts)

    def probe(self) -> Sequence[Check]:
        """Ask the ledger."""
        return self._ledger.probe()


class _Forgetful:
    """The port `Ledger` for a check of which nothing is kept."""

    def record(self, verdict: SubmissionVerdict) -> None:
        """Forget it."""

    def probe(self) -> Sequence[Check]:
        """Nothing is kept, so nothing is asked."""
        return ()


def _log_verdict(claim: Claim, verdict: SubmissionVerdict) -> None:
    """Write a line per file and one for all of them: ids, codes and figures."""
    for file, one in zip(claim.files, verdict.verdicts, strict=True):
        log().info(
            "attachment.judged",
            attachment=file.id,
            submission=claim.submission,
            tenant=claim.tenant,
            verdict=one.outcome.value,
            kind=one.attachment.kind.name if one.attachment.kind else None,
            reasons=[finding.code for finding in one.reasons],
            trouble=one.trouble.code if one.trouble else None,
            size=file.size,
            seconds=round(one.seconds, 4),
        )
    log().info(
        "submission.judged",
        submission=claim.submission,
        job=claim.job,
        tenant=claim.tenant,
        attempt=claim.attempts,
        verdict=verdict.outcome.value,
        policy=verdict.policy,
    )


@contextlib.contextmanager
def _heartbeat(ledger: EngineLedger, claim: Claim, terms: Terms) -> Iterator[None]:
    """Show signs of life while a job is judged, for as long as one attempt may take."""
    over = threading.Event()
    pause = terms.lease.total_seconds() / 3

    def beat() -> None:
        for _ in range(int(terms.seconds / pause) + 1):
            if over.wait(pause):
                return
            with contextlib.suppress(LedgerUnavailable):
                if not ledger.renew(claim, terms.lease):
                    return

    thread = threading.Thread(target=beat, name=f"heartbeat {claim.job}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def likely_queue(attachments: Sequence[Attachment]) -> Queue:
    """Guess what a submission costs from names and sizes; a wrong guess makes somebody wait, no more."""
    large = sum(attachment.size for attachment in attachments) > SMALL
    suffixes = {PurePath(attachment.safe_name).suffix.lower() for attachment in attachments}
    return Queue.RENDER if large or suffixes & RENDERED else Queue.SCAN


def _intent(attachments: Sequence[Attachment], sending: Sending, policy: str) -> Intent:
    submission = uuid.uuid4().hex
    files = tuple(
        Received(
            id=f"{submission}.{number}",
            number=number,
            untrusted_name=attachment.untrusted_name,
            safe_name=attachment.safe_name,
            declared_type=attachment.declared_type,
            source=attachment.source,
            size=attachment.size,
            sha256=attachment.sha256,
            key=f"{submission[:2]}/{submission}.{number}",
        )
        for number, attachment in enumerate(attachments)
    )
    key = None
    if sending.idempotency_key:
        request = _request(files, (policy, sending.retry_of or "", sending.method))
        key = IdempotencyKey(key=sending.idempotency_key, request=request)
    return Intent(
        submission=submission,
        tenant=sending.tenant,
        actor=sending.actor,
        policy=policy,
        queue=likely_queue(attachments),
        files=files,
        idempotency=key,
        retry_of=sending.retry_of,
        method=sending.method,
        trace=sending.trace,
        conversation=sending.conversation,
    )


def _request(files: Sequence[Received], terms: Sequence[str]) -> str:
    """Digest of what makes two submissions the same: names, claimed types, bytes, and on what terms they are judged."""
    digest = hashlib.sha256()
    for part in (
        *terms,
        *(text for one in files for text in (one.untrusted_name, one.declared_type or "", one.sha256)),
    ):
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(f"{len(encoded)}:".encode() + encoded)
    return digest.hexdigest()


def _submission_of(kept: Kept) -> str:
    """Read the submission from a key of ours (`ab/abcd….…`, or `ab/.abcd….…` half written); empty for any other."""
    folder, _, name = kept.key.partition("/")
    submission, dot, _ = name.removeprefix(".").partition(".")
    return submission if dot and submission.startswith(folder) else ""


def _pages(found: Iterable[Kept]) -> Iterator[Sequence[Kept]]:
    iterator = iter(found)
    while page := list(itertools.islice(iterator, _PAGE)):
        yield page
