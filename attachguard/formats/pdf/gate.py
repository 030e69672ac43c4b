"""Compare a copy with its original by pdfium, which wrote neither, before anybody gets it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pikepdf
from PIL import Image

from attachguard.formats.pdf.audit import violations
from attachguard.formats.pdf.blending import Blending
from attachguard.formats.pdf.characters import ink_of, said, visible_words
from attachguard.formats.pdf.document import open_pdf
from attachguard.formats.pdf.fonts import leaves_fonts_to_the_reader, shared_font_programs
from attachguard.formats.pdf.likeness import (
    DPI,
    MOST_LINES,
    MOST_LINES_OF_PICTURES,
    OTHER_FONTS,
    SAME_FONTS,
    colours_differ,
    first_sight,
    lost_lines,
    unlikeness,
)
from attachguard.formats.pdf.pages import Box, user_unit
from attachguard.formats.pdf.pdfium import UnreadableError
from attachguard.formats.pdf.render import Print, Sheet, printing
from attachguard.formats.pdf.repair import for_pdfium
from attachguard.formats.pdf.things import begins_with_a_picture
from attachguard.formats.pdf.weblinks import addresses_on
from attachguard.model import Finding, Limits, Links

_SIZE_TOLERANCE = 1.5
"""Points by which a page's side may differ: printing programs round to whole points."""

_TEXT_KEPT = 0.9
"""Share of the original's visible text that the copy's text must have, so that search and copying still work."""

_RIM = 1
"""Points around a drawn page that are not compared."""

_TINY = 10
"""Points of a page's shorter side up to which all of it is."""

_IN_COLOUR = 3
_IN_COLOUR_AGAIN = 8
"""Pages that are compared in colour: the first, and one in so many of the rest."""

_LETTERS_KEPT = 0.97
"""The same for letters one by one, which say less."""

_TOLD = 5
"""Violations or pages that are told one by one."""


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Say what is wrong with a copy: something in it that copies do not have, or pages that are not the original's.

    Only a `copy.likeness`: it holds nothing beyond the grammar of copies, no font program of the original, and has the
    same pages, of the same size, that look alike and say the same. Its detail is the likeness of the least alike page:
    1 less the largest difference that is not explained.
    """
    try:
        foreign = list(violations(copy, limits))
        foreign.extend(shared_font_programs(original, copy, limits))
        foreign.extend(_invented_links(original, copy, limits))
    except pikepdf.PikepdfError:
        return [Finding("copy.unsafe", detail="the copy can't be read")]
    if foreign:
        return [Finding("copy.unsafe", detail=violation) for violation in foreign[:_TOLD]]
    try:
        with printing(copy) as ours, printing(for_pdfium(original, limits)) as theirs:
            return list(_differences(theirs, ours, _known(original, limits), limits))
    except UnreadableError as error:
        return [Finding("copy.unfaithful", detail=f"can't be compared: {error}")]


def _invented_links(original: bytes, copy: bytes, limits: Limits) -> Iterator[str]:
    """Tell of addresses in a copy that the same page of the original does not link to, as qpdf reads both."""
    if limits.flatten.links is Links.DROP:
        return  # the grammar has none
    with open_pdf(copy, limits) as pdf:
        ours = [set(addresses_on(page.obj)) for page in pdf.pages]
    if not any(ours):
        return
    with open_pdf(original, limits) as pdf:
        theirs = [set(addresses_on(page.obj)) for page in pdf.pages[: len(ours)]]
    theirs += [set()] * (len(ours) - len(theirs))
    for number, (kept, known) in enumerate(zip(ours, theirs, strict=True), start=1):
        if kept - known:
            yield f"page {number}: a link that the original does not have"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What qpdf reads in the original and pdfium leaves out."""

    units: tuple[float, ...] = ()
    """The size of every page's unit (ISO 32000-2, 7.7.3.3)."""
    blended: tuple[int, ...] = ()
    """The pages on which something is blended: what a first print loses most often, and a second has."""


def _known(original: bytes, limits: Limits) -> _Known:
    try:
        with open_pdf(original, limits) as pdf:
            pages = [page.obj for page in pdf.pages[: limits.pages]]
            blending = Blending()
            blended = tuple(index for index, page in enumerate(pages) if blending.on(page))
            return _Known(units=tuple(user_unit(page) for page in pages), blended=blended)
    except pikepdf.PikepdfError:
        return _Known()


def _differences(theirs: Print, ours: Print, known: _Known, limits: Limits) -> Iterator[Finding]:
    if theirs.pages != ours.pages:
        yield Finding("copy.unfaithful", detail=f"{ours.pages} pages in place of {theirs.pages}")
        return
    if ours.pages > limits.pages:
        yield Finding("copy.unfaithful", detail=f"{ours.pages} pages are more than are compared")
        return
    told = 0
    likeness = 1.0
    first = [index for index in known.blended if index < ours.pages]
    others = sorted(set(range(ours.pages)).difference(first))
    for place, index in enumerate([*first, *others]):
        if told == _TOLD or (told and place == len(first)):
            return  # where blended pages are refused, the others are looked at in the second print
        unit = known.units[index] if index < len(known.units) else 1.0
        with theirs.sheet(index) as original, ours.sheet(index) as copy:
            reason = _size_difference(original, copy, unit, limits)
            compared = _Compared(reason=reason) if reason else _compared(original, copy, _mode(index))
        likeness = min(likeness, 1 - compared.unlike / 255)
        if compared.reason:
            yield Finding("copy.unfaithful", f"page {index + 1}", compared.reason)
            told += 1
    if not told:
        yield Finding("copy.likeness", detail=f"{likeness:.3f}")


def _mode(index: int) -> str:
    """Compare the first pages and some of the others in colour: what goes wrong with a colour does so everywhere."""
    return "RGB" if index < _IN_COLOUR or index % _IN_COLOUR_AGAIN == 0 else "L"


def _size_difference(original: Sheet, copy: Sheet, unit: float, limits: Limits) -> str:
    scale = min(unit, limits.page_points / max(original.width, original.height, 1))
    width, height = original.width * scale, original.height * scale
    if max(abs(width - copy.width), abs(height - copy.height)) > _SIZE_TOLERANCE:
        return f"{copy.width:.0f} by {copy.height:.0f} points in place of {width:.0f} by {height:.0f}"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """What comparing a page came to."""

    reason: str = ""
    """How it looks or reads differently; empty: it does not."""
    unlike: int = 0
    """Of 255, what is not explained at the worst place."""


def _compared(original: Sheet, copy: Sheet, mode: str) -> _Compared:
    """Compare a page: how it looks, closer where that is needed, and what it says."""
    longest = max(copy.width, copy.height, original.width, original.height)
    dpi = min(DPI, DPI * 2000 / longest)  # a poster is compared as coarsely as it is looked at
    theirs, ours = _drawings(original, copy, dpi, mode=mode)
    recoloured = mode == "RGB" and colours_differ(theirs, ours)
    glance = first_sight(theirs.convert("L"), ours.convert("L"))
    compared = _Compared(unlike=glance.unlike)
    if recoloured or glance.alarming:
        compared = _second_look(original, copy, dpi)
    return compared if compared.reason else replace(compared, reason=_text_difference(original, copy))


def _second_look(original: Sheet, copy: Sheet, dpi: float) -> _Compared:
    """Draw both pages finer, forgive what two programs may do differently, and say what is different then."""
    theirs, ours = _drawings(original, copy, dpi, finer=2)
    foreign = leaves_fonts_to_the_reader(original)
    tolerance = OTHER_FONTS if foreign else SAME_FONTS
    links = _scaled(original.links(), dpi / 72, _RIM if min(theirs.size) > _TINY - 2 * _RIM else 0)
    worst = unlikeness(theirs, ours, tolerance, links)
    if worst > tolerance.most:
        return _Compared(unlike=worst, reason=f"looks different: {worst} of 255 where {tolerance.most} are alike")
    line = 0 if foreign else lost_lines(theirs, ours, links)
    most = MOST_LINES_OF_PICTURES if begins_with_a_picture(copy.handle) else MOST_LINES
    if line > most:
        return _Compared(unlike=worst, reason=f"a line is missing or added: {line} of 255 where {most} are alike")
    return _Compared(unlike=worst)


def _drawings(
    original: Sheet, copy: Sheet, dpi: float, *, mode: str = "RGB", finer: int = 1
) -> tuple[Image.Image, Image.Image]:
    """Draw both pages, several times finer than they are compared: what is left of fine print is its mean then."""
    theirs = original.draw(dpi * finer, mode=mode)
    ours = copy.draw(dpi * finer * original.width / copy.width, mode=mode)
    if finer > 1:
        theirs, ours = theirs.reduce(finer), ours.reduce(finer)
    # Sizes may differ by a rounding, and the outermost points show the page's edge in one and nothing in the other.
    width, height = min(theirs.width, ours.width), min(theirs.height, ours.height)
    inner = (_RIM, _RIM, width - _RIM, height - _RIM) if min(width, height) > _TINY else (0, 0, width, height)
    return theirs.crop(inner), ours.crop(inner)


def _scaled(boxes: Iterator[Box], scale: float, rim: int) -> tuple[Box, ...]:
    """Give boxes as places in a drawing whose rim was cut off."""
    return tuple(
        Box(
            left=box.left * scale - rim,
            bottom=box.bottom * scale - rim,
            right=box.right * scale - rim,
            top=box.top * scale - rim,
        )
        for box in boxes
    )


def _text_difference(original: Sheet, copy: Sheet) -> str:
    """Say that text was lost; what can't be seen in the original need not be in the copy."""
    kept = copy.text()
    if _says(original.text(), kept):
        return ""
    seen = said(visible_words(original, ink_of(original.draw(100), original)))
    if _says(seen, kept):
        return ""
    share = _share(_pairs("".join(seen.split())), _pairs("".join(kept.split())))
    return f"{share:.0%} of the text is kept as text"


def _says(wanted: str, kept: str) -> bool:
    """Whether a text has the pairs of letters of another, or all its letters where lines are read in another order."""
    wanted, kept = "".join(wanted.split()), "".join(kept.split())
    if wanted == kept or _share(_pairs(wanted), _pairs(kept)) >= _TEXT_KEPT:
        return True
    return _share(list(wanted), list(kept)) >= _LETTERS_KEPT


def _pairs(packed: str) -> list[str]:
    """Give the neighbouring letters, white space aside: what two readers agree on however they set words apart."""
    return [packed[at : at + 2] for at in range(len(packed) - 1)]


def _share(wanted: list[str], kept: list[str]) -> float:
    return (Counter(wanted) & Counter(kept)).total() / len(wanted) if wanted else 1.0
