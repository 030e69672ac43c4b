"""Compare a copy with its original by pdfium, which wrote neither, before anybody gets it."""

from collections.abc import Iterator, Sequence

import pikepdf

from attachguard.formats.pdf.audit import violations
from attachguard.formats.pdf.document import open_pdf
from attachguard.formats.pdf.pages import user_unit
from attachguard.formats.pdf.pdfium import UnreadableError
from attachguard.formats.pdf.render import Print, printing
from attachguard.model import Finding, Limits

_SIZE_TOLERANCE = 1.5
"""Points by which a page's side may differ: printing programs round to whole points."""

_DPI = 36
_PAPER = 250
"""Grey from which on a pixel is paper."""

_SPECK = 4
"""Inked pixels at this resolution that may be lost with the page still not blank."""

_TOLD = 5
"""Violations that are told one by one."""


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Say what is wrong with a copy: something in it that copies do not have, or pages that are not the original's.

    Empty: it holds nothing beyond the grammar of copies, and has the same pages, of the same size, showing the same.
    """
    try:
        foreign = list(violations(copy, limits))
    except pikepdf.PikepdfError:
        return [Finding("copy.unsafe", detail="the copy can't be read")]
    if foreign:
        return [Finding("copy.unsafe", detail=violation) for violation in foreign[:_TOLD]]
    try:
        with printing(copy) as ours, printing(original) as theirs:
            return list(_differences(theirs, ours, _units(original, limits), limits))
    except UnreadableError as error:
        return [Finding("copy.unfaithful", detail=f"can't be compared: {error}")]


def _units(original: bytes, limits: Limits) -> tuple[float, ...]:
    """Read the size of every page's unit, which pdfium leaves out (ISO 32000-2, 7.7.3.3)."""
    try:
        with open_pdf(original, limits) as pdf:
            return tuple(user_unit(page.obj) for page in pdf.pages[: limits.pages])
    except pikepdf.PikepdfError:
        return ()


def _differences(theirs: Print, ours: Print, units: tuple[float, ...], limits: Limits) -> Iterator[Finding]:
    if theirs.pages != ours.pages:
        yield Finding("copy.unfaithful", detail=f"{ours.pages} pages in place of {theirs.pages}")
        return
    for index in range(ours.pages):
        unit = units[index] if index < len(units) else 1.0
        reason = _page_difference(theirs, ours, index, unit, limits)
        if reason:
            yield Finding("copy.unfaithful", f"page {index + 1}", reason)


def _page_difference(theirs: Print, ours: Print, index: int, unit: float, limits: Limits) -> str:
    width, height = theirs.size(index)
    scale = min(unit, limits.page_points / max(width, height, 1))
    ours_width, ours_height = ours.size(index)
    off = max(abs(width * scale - ours_width), abs(height * scale - ours_height))
    if off > _SIZE_TOLERANCE:
        return f"{ours_width:.0f} by {ours_height:.0f} points in place of {width * scale:.0f} by {height * scale:.0f}"
    if _ink(theirs, index) > _SPECK and _ink(ours, index) == 0:
        return "blank, where the original is not"
    return ""


def _ink(document: Print, index: int) -> int:
    return sum(document.draw(index, _DPI).histogram()[:_PAPER])
