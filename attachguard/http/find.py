"""Finding what a caller asks for; what is another tenant's, or another conversation's, is not there."""

import re
from datetime import timedelta

from attachguard.access import Admitted
from attachguard.errors import NotFound, PolicyError
from attachguard.http.doors import Doors
from attachguard.http.problems import Problem
from attachguard.http.resources import RetryTerms
from attachguard.jobs import Status, Whereabouts
from attachguard.model import Verdict
from attachguard.states import FINAL, SubmissionState

_NAME = re.compile(r"[0-9a-f]{32}(?:\.[0-9]{1,3})?")
"""Submissions, uploads, batches; attachments with their number."""


def is_name(text: str) -> bool:
    """Tell whether this could be the name of something of ours. Nothing else reaches the ledger: it may be anything."""
    return _NAME.fullmatch(text) is not None


def find_submission(doors: Doors, caller: Admitted, submission: str) -> Status:
    """Find a submission of the caller's. Raises NotFound, LedgerUnavailable."""
    status = doors.service.ledger.status(submission) if is_name(submission) else None
    if status is None or status.tenant != caller.tenant or not _in_conversation(caller, status):
        raise NotFound("there is no such submission")
    return status


def find_attachment(doors: Doors, caller: Admitted, attachment: str) -> tuple[Status, Whereabouts]:
    """Find a received file of the caller's. Raises NotFound, LedgerUnavailable."""
    submission, _, number = attachment.partition(".")
    status = find_submission(doors, caller, submission)
    for file in status.files:
        if str(file.file.number) == number:
            return status, file
    raise NotFound("there is no such attachment")


def final_verdict(status: Status, file: Whereabouts) -> Verdict:
    """Give the verdict on a file. Raises Problem 423 while there is none."""
    if status.state not in FINAL or status.verdict is None:
        raise Problem(423, "pending", headers={"Retry-After": "1"})
    if status.state is SubmissionState.ABANDONED or file.file.number >= len(status.verdict.verdicts):
        raise NotFound("it never came in whole")
    return status.verdict.verdicts[file.file.number]


def retry_terms(doors: Doors, policy: str) -> RetryTerms:
    """Tell until when refused files can be tried again under a policy: never longer than they are held."""
    try:
        days = doors.service.policy(policy).retry_days
    except PolicyError:  # it was renamed or taken away since
        days = doors.service.policy().retry_days
    return RetryTerms(now=doors.service.now(), span=min(timedelta(days=days), doors.service.terms.retention))


def policy_for(doors: Doors, caller: Admitted, wanted: str | None) -> str:
    """Give the policy under which a caller's files are judged, as the engine knows it. Raises Problem 400."""
    name = caller.link.policy if caller.link else wanted
    if name is None:
        return doors.settings.policy
    if name not in doors.policies:
        raise Problem(400, "bad-request", f"there is no policy of that name: {', '.join(sorted(doors.policies))}")
    return doors.policies[name]


def _in_conversation(caller: Admitted, status: Status) -> bool:
    return caller.link is None or caller.link.conversation == status.conversation
