"""The identify stage: what the file is, and whether its name tells the truth.

The room says what the bytes are; here that is held against the name and against what the sender declared. All of it
is facts: whether a file with another kind's name is renamed, stays inert text or is refused is the policy's to say.
"""

import dataclasses
from collections.abc import Iterator

from attachguard.kinds import KINDS, Kind, named
from attachguard.model import Attachment, Finding, Limits, Mismatch, Observed
from attachguard.ports import Kit

_GENERAL = frozenset(
    {"", "application/octet-stream", "binary/octet-stream", "application/x-download", "application/force-download"}
)
"""Declared types that say nothing."""

_TEXT_KINDS = frozenset({"csv", "eml", "html", "txt", "xhtml", "xml"})
_ZIP_KINDS = frozenset({"docx", "xlsx", "odt", "ods"})
_ALSO = {
    "bmp": {"image/x-bmp", "image/x-ms-bmp"},
    "csv": {"application/csv", "application/vnd.ms-excel", "text/comma-separated-values", "text/x-csv"},
    "doc": {"application/x-msword"},
    "eml": {"application/octet-stream", "message/x-rfc822"},
    "html": {"application/xhtml+xml"},
    "jpeg": {"image/jpg", "image/pjpeg"},
    "pdf": {"application/x-pdf"},
    "png": {"image/x-png"},
    "rtf": {"text/rtf", "text/richtext", "application/x-rtf", "application/msword"},
    "tiff": {"image/tif", "image/x-tiff"},
    "tnef": {"application/ms-tnef"},
    "xhtml": {"text/html", "application/xml", "text/xml"},
    "xls": {"application/x-msexcel", "application/x-excel", "application/excel", "application/msexcel"},
    "xml": {"text/xml"},
}
"""Other media types under which browsers and mail programs send a kind."""


def identify(attachment: Attachment, limits: Limits, kit: Kit) -> Observed:
    """Say what the file is, and what is untrue or odd about its name and its declared type.

    A name that ends in no accepted extension gets no further: its bytes are not read. Raises SandboxUnavailable.
    """
    claimed = named(attachment.safe_name)
    if claimed is None or any(finding.code == "name.extension" for finding in attachment.name_findings):
        return Observed(findings=_with_extension(attachment))
    found = kit.sandbox.identify(attachment, limits)
    kind = KINDS[found.kind] if found.kind is not None else None
    observed = Observed(findings=(*attachment.name_findings, *found.findings), kind=kind, peak_rss=found.peak_rss)
    if kind is None:
        return observed
    return dataclasses.replace(
        observed,
        findings=(*observed.findings, *_compare_declared(attachment.declared_type, kind)),
        mismatch=None if kind == claimed else Mismatch(named=claimed, found=kind, described=found.described),
    )


def _with_extension(attachment: Attachment) -> tuple[Finding, ...]:
    if any(finding.code == "name.extension" for finding in attachment.name_findings):
        return attachment.name_findings
    return (*attachment.name_findings, Finding("name.extension", detail=attachment.safe_name))


def _compare_declared(declared: str | None, kind: Kind) -> Iterator[Finding]:
    """Tell when the sender declared another type; senders that can't know better are no finding."""
    media_type = (declared or "").partition(";")[0].strip().lower()
    if media_type in _GENERAL or media_type == kind.media_type or media_type in _ALSO.get(kind.name, ()):
        return
    if kind.name in _TEXT_KINDS and media_type == "text/plain":
        return
    if kind.name in _ZIP_KINDS and media_type in {
        "application/zip",
        "application/x-zip-compressed",
        "application/x-zip",
    }:
        return
    yield Finding("type.declared", detail=f"declared {media_type}, is {kind.media_type}")
