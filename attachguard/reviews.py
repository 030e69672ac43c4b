"""What a reviewer does with files that were not delivered: look, have them judged again, delete them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from attachguard.errors import NotPossible, UsageError
from attachguard.jobs import Event, Held, Receipt, Received
from attachguard.model import Upload
from attachguard.ports import EngineLedger
from attachguard.states import BytesState, SubmissionState


class Reviewing:
    """The verbs of Service for reviews. Each is recorded with who did it and why."""

    ledger: EngineLedger
    now: Callable[[], datetime]
    submit: Callable[..., Receipt]
    _upload: Callable[[Received], Upload]
    _discard: Callable[[Iterable[Received]], None]

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
