"""Outlook's winmail.dat: a mail's body and files in a container of their own ([MS-OXTNEF])."""

from collections.abc import Sequence

from attachguard.formats.contract import Claim, Order, Sample
from attachguard.formats.pictures.hidden import second_type
from attachguard.formats.tnef.attributes import read
from attachguard.formats.tnef.faithful import differences
from attachguard.formats.tnef.inspection import inspect
from attachguard.formats.tnef.rebuild import rebuild
from attachguard.kinds import KINDS
from attachguard.model import Finding, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["tnef"]


def sniff(sample: Sample) -> Claim | None:
    """Claim the signature with at least one attribute behind it; tell of truncation and trailing data."""
    stream = read(sample.data)
    if stream is None:
        return None
    findings: list[Finding] = []
    if not stream.complete:
        findings.append(Finding("type.truncated", detail="the last attribute is longer than the file"))
    rest = len(sample.data) - stream.end
    if rest:
        findings.append(Finding("type.trailing_data", f"offset {stream.end}", f"{rest} bytes"))
        findings.extend(second_type(sample.data))
    return Claim(kind=KIND.name, described=KIND.title, findings=tuple(findings))


def normalize(order: Order) -> Rebuilt:
    """Write a mail: subject, names and time, bodies, delivered copies of the files, a notice for the rest."""
    return rebuild(order)


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Compare subject and words, and count the files: each must be there or be named as removed."""
    return tuple(differences(original, copy, limits))
