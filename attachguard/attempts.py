"""One attempt at a job: signs of life while it lasts, and its end behind the fence."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from attachguard.heartbeat import heartbeat
from attachguard.jobs import Claim, Terms
from attachguard.logs import log
from attachguard.model import Check, Outcome, SubmissionVerdict
from attachguard.ports import EngineLedger


class Recorder:
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


class Forgetful:
    """The port `Ledger` for a check of which nothing is kept."""

    def record(self, verdict: SubmissionVerdict) -> None:
        """Forget it."""

    def probe(self) -> Sequence[Check]:
        """Nothing is kept, so nothing is asked."""
        return ()


def log_verdict(claim: Claim, verdict: SubmissionVerdict) -> None:
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


def signs_of_life(ledger: EngineLedger, claim: Claim, terms: Terms) -> AbstractContextManager[None]:
    """Renew a claim while its job is judged, for as long as one attempt may take."""
    pause = terms.lease.total_seconds() / 3
    most = int(terms.seconds / pause) + 1
    return heartbeat(claim.job, pause, lambda: ledger.renew(claim, terms.lease), most)
