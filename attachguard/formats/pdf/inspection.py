"""Look into a PDF: every object of every revision, hidden and orphaned ones too."""

from collections import Counter
from collections.abc import Iterable, Iterator

import pikepdf

from attachguard.formats.pdf.actions import ACTING
from attachguard.formats.pdf.blending import misprints
from attachguard.formats.pdf.content import CARRIED
from attachguard.formats.pdf.document import TooLargeError, open_pdf
from attachguard.formats.pdf.embedded import Extraction
from attachguard.formats.pdf.forms import xfa, xfa_outside, xfa_packets
from attachguard.formats.pdf.hidden import hidden_text
from attachguard.formats.pdf.pages import page_findings
from attachguard.formats.pdf.pdfium import opens
from attachguard.formats.pdf.places import placed
from attachguard.formats.pdf.shadows import TooManyError, shadow_objects
from attachguard.formats.pdf.tables import HARMLESS_WARNINGS
from attachguard.formats.pdf.walk import Entry, detached_entries, entries
from attachguard.model import Finding, Inspection, Limits

_PER_CODE = 10
"""Findings of one code that are given with their places; a file of a hundred thousand scripts is told enough."""


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report whatever in a PDF acts, hides, leads out of it or exhausts a reader, and hand out the files inside.

    Structure is read, never raw words: object streams, names written with escapes and every revision are seen.
    A document that only opens with a password is `file.encrypted` and nothing more is said of it; one that neither
    qpdf nor pdfium opens is `pdf.unreadable`.
    """
    try:
        with open_pdf(data, limits) as pdf:
            return _inspect_open(data, pdf, limits)
    except pikepdf.PasswordError:
        return Inspection(findings=(Finding("file.encrypted"),))
    except pikepdf.PikepdfError as error:
        return _inspect_broken(data, str(error), limits)


def _inspect_open(data: bytes, pdf: pikepdf.Pdf, limits: Limits) -> Inspection:
    extraction = Extraction(limits=limits, packets=xfa_packets(pdf))
    findings: list[Finding] = []
    if pdf.is_encrypted:
        findings.append(Finding("pdf.restricted"))
    findings.extend(page_findings(pdf, limits))
    findings.extend(xfa(pdf))
    for entry in entries(pdf):
        findings.extend(_dangers(entry))
        extraction.look(entry)
    findings.extend(_in_shadows(data, pdf, extraction, limits))
    findings.extend(_repairs(pdf))
    findings.extend(hidden_text(data, limits))
    if not opens(data):
        findings.append(Finding("pdf.malformed", detail="one reader opens it, another does not"))
    parts, about_parts = extraction.parts()
    return Inspection(
        findings=placed(_bounded((*findings, *about_parts)), pdf, limits),
        parts=parts,
        pages=min(len(pdf.pages), limits.pages),
        misprints=misprints(pdf, limits),
    )


def _inspect_broken(data: bytes, error: str, limits: Limits) -> Inspection:
    """Look at the objects of a file that qpdf can't open as a document."""
    extraction = Extraction(limits=limits)
    code = "pdf.malformed" if opens(data) else "pdf.unreadable"
    findings = [Finding(code, detail=error.rpartition(": ")[2])]
    findings.extend(_in_shadows(data, None, extraction, limits))
    parts, about_parts = extraction.parts()
    return Inspection(findings=_bounded((*findings, *about_parts)), parts=parts)


def _in_shadows(data: bytes, pdf: pikepdf.Pdf | None, extraction: Extraction, limits: Limits) -> Iterator[Finding]:
    """Look at what no table leads to; what can't be read there is a finding, never silence."""
    try:
        for shadow in shadow_objects(data, pdf, limits):
            extraction.owners.append(shadow)
            for entry in detached_entries(shadow):
                yield from _dangers(entry)
                yield from xfa_outside(entry)
                extraction.look(entry, outside=True)
    except TooLargeError:
        yield Finding("limit.inflated_size", "outside the tables")
    except TooManyError as error:
        yield Finding("pdf.malformed", "outside the tables", str(error))
    except pikepdf.PikepdfError:
        yield Finding("pdf.malformed", "outside the tables", "objects that can't be read")


def _dangers(entry: Entry) -> Iterator[Finding]:
    for danger in (*ACTING, *CARRIED):
        try:
            yield from danger(entry)
        except TooLargeError:
            yield Finding("limit.inflated_size", entry.where)
        except pikepdf.PikepdfError:
            yield Finding("pdf.malformed", entry.where, "a stream that can't be decoded")


def _repairs(pdf: pikepdf.Pdf) -> Iterator[Finding]:
    """Tell what qpdf had to repair, unless every reader gets along with it."""
    for warning in pdf.get_warnings():
        text = str(warning)
        if not any(harmless in text for harmless in HARMLESS_WARNINGS):
            yield Finding("pdf.malformed", detail=text.partition(": ")[2] or text)


def _bounded(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Leave out what was said already, and what is said too often of one code."""
    kept: dict[Finding, None] = {}
    counted: Counter[str] = Counter()
    for finding in findings:
        if finding not in kept and counted[finding.code] < _PER_CODE:
            counted[finding.code] += 1
            kept[finding] = None
    return tuple(kept)
