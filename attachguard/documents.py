"""The JSON of a verdict, the same for every door. The fields are stable; docs/schema/ holds the schema."""

import re
from collections.abc import Iterable
from datetime import datetime

import msgspec

from attachguard.model import (
    Attachment,
    Delivered,
    Finding,
    Report,
    ScanIdentity,
    SubmissionVerdict,
    Trouble,
    Verdict,
)
from attachguard.remedies.catalogue import remedy

_MIB = 1024 * 1024

LIKENESS = "copy.likeness"
"""The finding whose detail is the likeness of a copy, a number from 0 to 1."""

_FRACTION = re.compile(r"[01](?:\.[0-9]{1,6})?")


class FindingDocument(msgspec.Struct, frozen=True):
    """One observed fact."""

    code: str
    where: str
    detail: str


class RemedyDocument(msgspec.Struct, frozen=True):
    """What the sender can do."""

    title: str
    steps: tuple[str, ...]


class ReasonDocument(msgspec.Struct, frozen=True):
    """Why the verdict is what it is, in words for the sender."""

    code: str
    message: str
    remedy: RemedyDocument


class DeliveredDocument(msgspec.Struct, frozen=True):
    """What the recipient gets; `path` is absolute, or a URL for a store that is no folder."""

    name: str
    media_type: str
    size: int
    sha256: str
    path: str


class ScanDocument(msgspec.Struct, frozen=True):
    """Which scanner looked, with which signatures, when (UTC)."""

    engine: str
    signatures: str
    at: datetime


class AttachmentDocument(msgspec.Struct, frozen=True):
    """The verdict on one file, and on the files inside it."""

    source: str
    name: str
    safe_name: str
    size: int
    sha256: str
    declared_type: str | None
    kind: str | None
    media_type: str | None
    verdict: str
    findings: tuple[FindingDocument, ...]
    reasons: tuple[ReasonDocument, ...]
    delivered: DeliveredDocument | None
    likeness: float | None
    """For a copy that was drawn: how alike its least alike page is to the original's, 1 at the most."""
    children: "tuple[AttachmentDocument, ...]"
    scan: ScanDocument | None
    policy: str
    seconds: float
    peak_rss_mb: int
    stages: dict[str, float]


class SubmissionDocument(msgspec.Struct, frozen=True):
    """The verdict on the files of one submission: the worst of theirs."""

    submission: str
    verdict: str
    policy: str
    reasons: tuple[ReasonDocument, ...]
    attachments: tuple[AttachmentDocument, ...]


def submission_document(verdict: SubmissionVerdict, language: str) -> SubmissionDocument:
    """Describe the verdict on a submission, with reasons and remedies in `language`."""
    return SubmissionDocument(
        submission=verdict.submission,
        verdict=verdict.outcome.value,
        policy=verdict.policy,
        reasons=_reasons(verdict.reasons, None, language),
        attachments=tuple(attachment_document(one, language) for one in verdict.verdicts),
    )


def attachment_document(verdict: Verdict, language: str) -> AttachmentDocument:
    """Describe the verdict on one attachment, with reasons and remedies in `language`."""
    attachment = verdict.attachment
    reports = [report for report in (verdict.original, verdict.rendered) if report is not None]
    return AttachmentDocument(
        source=_encodable(attachment.source or attachment.where),
        name=_encodable(attachment.untrusted_name),
        safe_name=attachment.safe_name,
        size=attachment.size,
        sha256=attachment.sha256,
        declared_type=_encodable(attachment.declared_type) if attachment.declared_type else None,
        kind=attachment.kind.name if attachment.kind else None,
        media_type=attachment.kind.media_type if attachment.kind else None,
        verdict=verdict.outcome.value,
        findings=_findings(reports),
        reasons=_reasons(verdict.reasons, verdict.trouble, language),
        delivered=_delivered(verdict.delivered),
        likeness=_likeness(verdict),
        children=tuple(attachment_document(child, language) for child in verdict.original.children),
        scan=_scan(verdict.original.scan),
        policy=verdict.policy,
        seconds=round(verdict.seconds, 4),
        peak_rss_mb=-(-max(report.peak_rss for report in reports) // _MIB),
        stages=_stages(verdict),
    )


def verdict_reasons(verdict: Verdict, language: str) -> tuple[ReasonDocument, ...]:
    """Put into words why a verdict is what it is."""
    return _reasons(verdict.reasons, verdict.trouble, language)


def reason_documents(codes: Iterable[str], language: str) -> tuple[ReasonDocument, ...]:
    """Put codes into words, each once."""
    return tuple(_reason(code, language) for code in dict.fromkeys(codes))


def _findings(reports: list[Report]) -> tuple[FindingDocument, ...]:
    """List the facts about the original, then those about the copy, each once."""
    once = dict.fromkeys(finding for report in reports for finding in report.findings)
    return tuple(FindingDocument(finding.code, finding.where, finding.detail) for finding in once)


def _reasons(findings: tuple[Finding, ...], trouble: Trouble | None, language: str) -> tuple[ReasonDocument, ...]:
    return reason_documents([*(finding.code for finding in findings), *([trouble.code] if trouble else [])], language)


def _reason(code: str, language: str) -> ReasonDocument:
    text = remedy(code, language)
    return ReasonDocument(code, text.message, RemedyDocument(text.title, text.steps))


def _delivered(delivered: Delivered | None) -> DeliveredDocument | None:
    if delivered is None:
        return None
    return DeliveredDocument(delivered.name, delivered.media_type, delivered.size, delivered.sha256, delivered.location)


def _likeness(verdict: Verdict) -> float | None:
    """Read the likeness that the comparison of the copy with its original came to, where one was measured."""
    findings = verdict.rendered.findings if verdict.rendered is not None else ()
    said = [finding.detail for finding in findings if finding.code == LIKENESS]
    return float(said[-1]) if said and _FRACTION.fullmatch(said[-1]) else None


def _scan(scan: ScanIdentity | None) -> ScanDocument | None:
    return ScanDocument(scan.engine, scan.signatures, scan.at) if scan else None


def _stages(verdict: Verdict) -> dict[str, float]:
    stages = {name: round(seconds, 4) for name, seconds in verdict.original.stages.items()}
    if verdict.rendered is not None and verdict.rendered.attachment.origin is not None:
        for name, seconds in verdict.rendered.stages.items():
            stages[name if name == "normalize" else f"copy.{name}"] = round(seconds, 4)
    return stages


def _encodable(text: str) -> str:
    """Make a name from a file system JSON can carry: bytes that are no UTF-8 are shown as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def name_of(attachment: Attachment) -> str:
    """Name an attachment for people: what the caller called it, or its place in its parent."""
    return attachment.source or attachment.untrusted_name or attachment.where
