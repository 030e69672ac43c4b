"""The JSON of the HTTP service: the field names of the command line's JSON (documents.py), with addresses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

import msgspec

from attachguard.documents import (
    AttachmentDocument,
    DeliveredDocument,
    ReasonDocument,
    attachment_document,
    reason_documents,
    verdict_reasons,
)
from attachguard.jobs import Status, Whereabouts
from attachguard.kinds import KINDS
from attachguard.model import Outcome, SubmissionVerdict, Verdict
from attachguard.states import BytesState, SubmissionState

STATUS: Mapping[SubmissionState, str] = MappingProxyType(
    {
        SubmissionState.RECEIVING: "received",
        SubmissionState.QUEUED: "received",
        SubmissionState.PROCESSING: "processing",
        SubmissionState.DONE: "done",
        SubmissionState.FAILED: "failed",
        SubmissionState.ABANDONED: "failed",
    }
)
"""What a caller is told of a state: `received` and `processing` are pending, the other two final."""

METHODS: Mapping[str, str] = MappingProxyType({"flatten": "print", "raster": "raster"})
"""What a caller asks a retry for, and the kind's method that it is."""

PREVIEWED = frozenset({"bmp", "gif", "jpeg", "pdf", "png", "tiff"})
"""Kinds that have a picture of their first page."""


class Links(msgspec.Struct, frozen=True):
    """Where the rest is; null: not there, or not yet."""

    self: str
    submission: str
    report: str | None
    content: str | None
    preview: str | None
    retries: str | None


class RetryDocument(msgspec.Struct, frozen=True):
    """How a refused file can be tried again, and until when."""

    methods: tuple[str, ...]
    until: datetime


class AttachmentResource(msgspec.Struct, frozen=True):
    """One received file: where it is, and what was said about it."""

    attachment: str
    submission: str
    status: str
    verdict: str | None
    name: str
    safe_name: str
    size: int
    sha256: str
    declared_type: str | None
    kind: str | None
    media_type: str | None
    reasons: tuple[ReasonDocument, ...]
    delivered: DeliveredDocument | None
    retry_of: str | None
    retry: RetryDocument | None
    removed_at: datetime | None
    links: Links


class SubmissionResource(msgspec.Struct, frozen=True):
    """What was sent at once, and the worst that was said about one of its files."""

    submission: str
    status: str
    verdict: str | None
    policy: str
    reasons: tuple[ReasonDocument, ...]
    created_at: datetime
    finished_at: datetime | None
    attachments: tuple[AttachmentResource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryTerms:
    """Until when refused files can be tried again."""

    now: datetime
    span: timedelta
    """From the verdict on."""

    def until(self, status: Status) -> datetime | None:
        """Say until when; None: there is no verdict yet, or it is over."""
        end = status.finished_at + self.span if status.finished_at else None
        return end if end is not None and self.now < end else None


def submission_resource(status: Status, language: str, retries: RetryTerms) -> SubmissionResource:
    """Describe a submission."""
    verdict = status.verdict
    return SubmissionResource(
        submission=status.submission,
        status=STATUS[status.state],
        verdict=verdict.outcome.value if verdict else None,
        policy=verdict.policy if verdict else status.policy,
        reasons=reason_documents([finding.code for finding in verdict.reasons], language) if verdict else (),
        created_at=status.created_at,
        finished_at=status.finished_at,
        attachments=tuple(attachment_resource(status, one, language, retries) for one in status.files),
    )


def attachment_resource(status: Status, file: Whereabouts, language: str, retries: RetryTerms) -> AttachmentResource:
    """Describe one received file of a submission."""
    received, verdict = file.file, verdict_on(status.verdict, file.file.number)
    kind = verdict.attachment.kind if verdict else None
    delivered = verdict.delivered if verdict and file.removed_at is None else None
    here = address(received.id)
    return AttachmentResource(
        attachment=received.id,
        submission=status.submission,
        status=STATUS[status.state],
        verdict=verdict.outcome.value if verdict else None,
        name=received.untrusted_name.encode("utf-8", "backslashreplace").decode(),
        safe_name=verdict.attachment.safe_name if verdict else received.safe_name,
        size=received.size,
        sha256=received.sha256,
        declared_type=_encodable(received.declared_type),
        kind=kind.name if kind else None,
        media_type=kind.media_type if kind else None,
        reasons=verdict_reasons(verdict, language) if verdict else (),
        delivered=DeliveredDocument(
            delivered.name, delivered.media_type, delivered.size, delivered.sha256, f"{here}/content"
        )
        if delivered
        else None,
        retry_of=status.retry_of,
        retry=retry_document(status, file, verdict, retries),
        removed_at=file.removed_at,
        links=Links(
            self=here,
            submission=f"/v1/submissions/{status.submission}",
            report=f"{here}/report" if verdict else None,
            content=f"{here}/content" if delivered else None,
            preview=f"{here}/preview" if delivered and kind and kind.name in PREVIEWED else None,
            retries=f"{here}/retries" if verdict and not verdict.deliverable else None,
        ),
    )


def report_document(file: Whereabouts, verdict: Verdict, language: str) -> AttachmentDocument:
    """Describe a verdict as the command line does, with an address where that has a path."""
    document = attachment_document(verdict, language)
    delivered = document.delivered if file.removed_at is None else None
    if delivered is not None:
        delivered = msgspec.structs.replace(delivered, path=f"{address(file.file.id)}/content")
    return msgspec.structs.replace(document, delivered=delivered)


def retry_document(
    status: Status, file: Whereabouts, verdict: Verdict | None, retries: RetryTerms
) -> RetryDocument | None:
    """Say how a file can be tried again; None: it was delivered, is pending, is malware, is gone, or it is too late."""
    until = retries.until(status)
    if verdict is None or until is None or file.bytes is not BytesState.HELD or file.removed_at:
        return None
    if verdict.outcome not in {Outcome.REJECTED, Outcome.UNDETERMINED}:
        return None
    kind = verdict.attachment.kind
    methods = [method for method, made in METHODS.items() if kind and made in kind.methods]
    if kind is None or kind.name == KINDS["pdf"].name:
        methods.append("password")
    return RetryDocument(methods=tuple(methods), until=until)


def verdict_on(verdict: SubmissionVerdict | None, number: int) -> Verdict | None:
    """Find the verdict on one file."""
    return verdict.verdicts[number] if verdict and number < len(verdict.verdicts) else None


def address(attachment: str) -> str:
    """Say where an attachment is."""
    return f"/v1/attachments/{attachment}"


def _encodable(text: str | None) -> str | None:
    return text.encode("utf-8", "backslashreplace").decode() if text else None
