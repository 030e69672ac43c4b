"""The limit stage: sizes and counts, before anything is read."""

from collections.abc import Sequence

from attachguard.model import Attachment, Finding, Limits, Observed
from attachguard.ports import Kit

_MIB = 1024 * 1024


def limit(attachment: Attachment, limits: Limits, kit: Kit) -> Observed:  # noqa: ARG001 - every stage takes a kit
    """Say whether one file has no bytes or too many."""
    if attachment.size == 0:
        return Observed(findings=(Finding("limit.empty"),))
    if attachment.size > limits.file_size:
        detail = f"more than {_mib(limits.file_size)}"
        return Observed(findings=(Finding("limit.file_size", detail=detail),))
    return Observed()


def limit_submission(attachments: Sequence[Attachment], limits: Limits) -> tuple[Finding, ...]:
    """Say whether the files of a submission are too many, or too large together."""
    findings = []
    if len(attachments) > limits.file_count:
        findings.append(Finding("limit.file_count", detail=f"{len(attachments)} files, limit {limits.file_count}"))
    if sum(attachment.size for attachment in attachments) > limits.total_size:
        findings.append(Finding("limit.total_size", detail=f"more than {_mib(limits.total_size)} in all"))
    return tuple(findings)


def _mib(size: int) -> str:
    return f"{size / _MIB:g} MiB"
