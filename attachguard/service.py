"""The verbs every door uses: submit, process, report, retry, release, sweep.

A door hands files over once and can forget them. Written down first, then put into quarantine, then acknowledged
together with their job; judged by `guard_all` and by nothing else; recorded behind a fence. Whatever dies in between,
the ledger knows what is left to do.
"""

import contextlib
import dataclasses
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import IO, cast

from attachguard.announced import Announcing
from attachguard.attempts import Forgetful, Recorder, log_verdict, signs_of_life
from attachguard.delivery import Delivery
from attachguard.errors import ClaimLost, LedgerUnavailable, NotPossible, PolicyError, Unavailable, UsageError
from attachguard.intents import intent_of
from attachguard.jobs import (
    Claim,
    Event,
    Intent,
    Label,
    Queue,
    Receipt,
    Received,
    Sending,
    Status,
    Terms,
    Whereabouts,
)
from attachguard.logs import traced
from attachguard.model import Attachment, Check, Outcome, Submission, SubmissionVerdict, Upload
from attachguard.pipeline import guard_all, guard_received, receive
from attachguard.policy import Policy
from attachguard.ports import Drawer, EngineLedger, Kit, Shelf, Store, Wakeup
from attachguard.rescan import Rescan
from attachguard.rescan.work import Tools
from attachguard.reviews import Reviewing
from attachguard.states import BytesState, SubmissionState
from attachguard.tenancy import kit_of
from attachguard.tidying import Tidying
from attachguard.verified import Verified
from attachguard.workroom import Workroom, workroom

MOST_FILES = 100
"""A submission with more files is refused at the door: the policy's own limit is a verdict, and much lower."""


def _no_foreign(source: str) -> Shelf:
    raise UsageError(f"{source}: this engine opens no foreign places")


class Service(Announcing, Reviewing, Tidying):
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
        intent = intent_of(attachments, sending, sending.policy or self._default_policy)
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
        recorder = Recorder(self.ledger, claim, self.terms)
        uploads = tuple(self._upload(file, password) for file in claim.files)
        kit = dataclasses.replace(kit_of(self.kit, claim.tenant), store=delivery, ledger=recorder)
        with signs_of_life(self.ledger, claim, self.terms):
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
            log_verdict(claim, verdict)
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
            intent = intent_of(attachments, sending, sending.policy or self._default_policy)
            before = self.ledger.begin(intent)
            if before:
                return before
            with self._coming_in(intent, attachments):
                claim = self.ledger.accept_claimed(intent, self.terms.deadline, owner, self.terms.lease)
        with traced(claim.trace):
            self._judge(claim, password)
        return Receipt(submission=intent.submission, state=SubmissionState.PROCESSING)

    def check(
        self,
        attachments: Sequence[Attachment],
        room: Workroom,
        store: Store,
        policy: str | None = None,
        tenant: str = "",
    ) -> SubmissionVerdict:
        """Judge files that lie in `room`, and keep nothing: what is cleared goes to `store`, no ledger hears of it."""
        kit = dataclasses.replace(kit_of(self.kit, tenant), store=store, ledger=Forgetful())
        received = [(attachment, None) for attachment in attachments]
        return guard_received(uuid.uuid4().hex, received, self.policy(policy), kit, room)

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
