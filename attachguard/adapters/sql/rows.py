"""Verdicts as rows and back: what the ledger keeps of a verdict, with its provenance, and how it is read again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import Connection, RowMapping, insert, select

from attachguard.adapters.sql.schema import ATTACHMENTS, SUBMISSIONS, VERDICTS
from attachguard.findings import FINDINGS
from attachguard.kinds import KINDS
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
from attachguard.states import BytesState
from attachguard.version import __version__

NO_BYTES = Path("/dev/null")
"""Where the bytes of an attachment lie that is read from the ledger: nowhere."""

_Findings = list[tuple[str, str, str]]
_Value = str | int | float | datetime | None


def root_id(submission: str, number: int) -> str:
    """Name a received file: it keeps this name through every attempt."""
    return f"{submission}.{number}"


def write_verdicts(connection: Connection, verdict: SubmissionVerdict, fence: int, at: datetime) -> None:
    """Write the verdicts on the files of a submission, whose own rows are there, and on the files inside them."""
    for number, one in enumerate(verdict.verdicts):
        _write(connection, verdict.submission, root_id(verdict.submission, number), one, fence=fence, at=at)


def write_undetermined(
    connection: Connection, submission: str, trouble: Trouble, *, policy: str, fence: int, at: datetime
) -> None:
    """Write that there is no verdict on any file of a submission, and why."""
    roots = connection.execute(
        select(ATTACHMENTS.c.id).where(ATTACHMENTS.c.submission_id == submission, ATTACHMENTS.c.parent_id.is_(None))
    )
    for identity in roots.scalars().all():
        attachment = Attachment(path=NO_BYTES, size=0, sha256="", untrusted_name="", safe_name="")
        nothing = Report(attachment=attachment, findings=(), action=Action.REJECT, deciding=())
        undetermined = Verdict(
            outcome=Outcome.UNDETERMINED, original=nothing, rendered=None, policy=policy, trouble=trouble
        )
        connection.execute(insert(VERDICTS).values(_verdict_row(submission, identity, undetermined, fence, at)))


def attachment_row(
    submission: str, identity: str, number: int, attachment: Attachment, parent: str | None
) -> Mapping[str, _Value]:
    """Describe a file whose bytes are not in quarantine."""
    return {
        "id": identity,
        "submission_id": submission,
        "parent_id": parent,
        "number": number,
        "depth": attachment.depth,
        "place": attachment.where,
        "untrusted_name": attachment.untrusted_name,
        "safe_name": attachment.safe_name,
        "declared_type": attachment.declared_type,
        "source": attachment.source,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "kind": attachment.kind.name if attachment.kind else None,
        "bytes": BytesState.DELETED.value,
    }


def encode_findings(findings: Sequence[Finding]) -> str:
    """Write findings as JSON: `[code, where, detail]` each."""
    return msgspec.json.encode([(one.code, one.where, one.detail) for one in findings]).decode()


def decode_findings(text: str | None) -> tuple[Finding, ...]:
    """Read findings; a code that this version no longer has is left out: it can't be explained any more."""
    found = msgspec.json.decode(text or "[]", type=_Findings)
    return tuple(Finding(code, where, detail) for code, where, detail in found if code in FINDINGS)


def _write(
    connection: Connection, submission: str, identity: str, verdict: Verdict, *, fence: int, at: datetime
) -> None:
    attachment = verdict.attachment
    connection.execute(
        ATTACHMENTS.update()
        .where(ATTACHMENTS.c.id == identity)
        .values(kind=attachment.kind.name if attachment.kind else None, safe_name=attachment.safe_name)
    )
    connection.execute(insert(VERDICTS).values(_verdict_row(submission, identity, verdict, fence, at)))
    for number, child in enumerate(verdict.original.children):
        # The fence is part of a part's name: another attempt may find other parts.
        inner = f"{identity}/{fence}.{number}" if "/" not in identity else f"{identity}.{number}"
        connection.execute(
            insert(ATTACHMENTS).values(attachment_row(submission, inner, number, child.attachment, identity))
        )
        _write(connection, submission, inner, child, fence=fence, at=at)


def _verdict_row(submission: str, identity: str, verdict: Verdict, fence: int, at: datetime) -> Mapping[str, _Value]:
    scan, delivered, copy = verdict.original.scan, verdict.delivered, verdict.rendered
    return {
        "attachment_id": identity,
        "fence": fence,
        "submission_id": submission,
        "outcome": verdict.outcome.value,
        "policy": verdict.policy,
        "build": __version__,
        "engine": scan.engine if scan else None,
        "signatures": scan.signatures if scan else None,
        "scanned_at": scan.at if scan else None,
        "action": int(verdict.original.action),
        "reasons": encode_findings(verdict.reasons),
        "findings": encode_findings(verdict.original.findings),
        "stages": msgspec.json.encode(dict(verdict.original.stages)).decode(),
        "copy_findings": encode_findings(copy.findings) if copy else None,
        "copy_stages": msgspec.json.encode(dict(copy.stages)).decode() if copy else None,
        "copy_method": copy.attachment.method if copy else None,
        "trouble": verdict.trouble.code if verdict.trouble else None,
        "trouble_detail": verdict.trouble.detail if verdict.trouble else None,
        "seconds": verdict.seconds,
        "peak_rss": max(report.peak_rss for report in (verdict.original, copy) if report),
        "recorded_at": at,
        "delivered_name": delivered.name if delivered else None,
        "delivered_type": delivered.media_type if delivered else None,
        "delivered_size": delivered.size if delivered else None,
        "delivered_sha256": delivered.sha256 if delivered else None,
        "delivered_location": delivered.location if delivered else None,
    }


def read_verdict(connection: Connection, submission: RowMapping) -> SubmissionVerdict | None:
    """Read the verdict that counts, from the row of its submission; None while there is none."""
    if submission["verdict"] is None:
        return None
    rows = (
        connection.execute(
            select(ATTACHMENTS, VERDICTS)
            .join(VERDICTS, VERDICTS.c.attachment_id == ATTACHMENTS.c.id)
            .where(ATTACHMENTS.c.submission_id == submission["id"], VERDICTS.c.fence == submission["verdict_fence"])
            .order_by(ATTACHMENTS.c.depth, ATTACHMENTS.c.number)
        )
        .mappings()
        .all()
    )
    children: dict[str | None, list[RowMapping]] = {}
    for row in rows:
        children.setdefault(row[ATTACHMENTS.c.parent_id], []).append(row)
    return SubmissionVerdict(
        submission=submission[SUBMISSIONS.c.id],
        policy=submission["verdict_policy"],
        verdicts=tuple(_read(row, children) for row in children.get(None, [])),
        reasons=decode_findings(submission["reasons"]),
    )


def _read(row: RowMapping, children: Mapping[str | None, Sequence[RowMapping]]) -> Verdict:
    attachment = Attachment(
        path=NO_BYTES,
        size=row["size"],
        sha256=row["sha256"],
        untrusted_name=row["untrusted_name"],
        safe_name=row["safe_name"],
        declared_type=row["declared_type"],
        source=row["source"],
        kind=KINDS.get(row["kind"]) if row["kind"] else None,
        depth=row["depth"],
        where=row["place"],
    )
    action, reasons = Action(row["action"]), decode_findings(row["reasons"])
    original = Report(
        attachment=attachment,
        findings=decode_findings(row["findings"]),
        action=action,
        deciding=reasons,
        children=tuple(_read(child, children) for child in children.get(row[ATTACHMENTS.c.id], ())),
        scan=_scan(row),
        stages=msgspec.json.decode(row["stages"], type=dict[str, float]),
        peak_rss=row["peak_rss"],
    )
    return Verdict(
        outcome=Outcome(row["outcome"]),
        original=original,
        rendered=_read_copy(row, attachment),
        policy=row[VERDICTS.c.policy],
        reasons=reasons,
        trouble=Trouble(code=row["trouble"], detail=row["trouble_detail"] or "") if row["trouble"] else None,
        delivered=_delivered(row),
        seconds=row["seconds"],
    )


def _read_copy(row: RowMapping, original: Attachment) -> Report | None:
    if row["copy_findings"] is None:
        return None
    method = row["copy_method"] or ""
    copy = Attachment(
        path=NO_BYTES,
        size=row["delivered_size"] or 0,
        sha256=row["delivered_sha256"] or "",
        untrusted_name=row["delivered_name"] or original.safe_name,
        safe_name=row["delivered_name"] or original.safe_name,
        depth=original.depth,
        where=original.where,
        origin=original if method else None,
        method=method,
    )
    action = Action.KEEP if row["outcome"] == Outcome.NORMALIZED else Action.REJECT
    return Report(
        attachment=copy,
        findings=decode_findings(row["copy_findings"]),
        action=action,
        deciding=(),
        stages=msgspec.json.decode(row["copy_stages"] or "{}", type=dict[str, float]),
    )


def _scan(row: RowMapping) -> ScanIdentity | None:
    if row["engine"] is None or row["scanned_at"] is None:
        return None
    return ScanIdentity(engine=row["engine"], signatures=row["signatures"] or "", at=row["scanned_at"])


def _delivered(row: RowMapping) -> Delivered | None:
    if row["delivered_location"] is None:
        return None
    return Delivered(
        name=row["delivered_name"] or row["safe_name"],
        media_type=row["delivered_type"] or "application/octet-stream",
        size=row["delivered_size"] or 0,
        sha256=row["delivered_sha256"] or "",
        location=row["delivered_location"],
    )
