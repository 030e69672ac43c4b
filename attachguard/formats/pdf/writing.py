"""Write a copy: new pages in a new document, the same bytes for the same content, no dates."""

import io
from collections.abc import Sequence

import pikepdf

from attachguard.formats.pdf.about import About
from attachguard.formats.pdf.document import number_of
from attachguard.formats.pdf.losttext import Comparison, may_have_lost_text
from attachguard.formats.pdf.pages import Box, box_at
from attachguard.formats.pdf.rebuild import Copier, RefusedError
from attachguard.formats.pdf.shapes import PAGE
from attachguard.formats.pdf.textlayer import lay_over
from attachguard.formats.pdf.weblinks import WebLink, annotations
from attachguard.model import Limits, Links

_LETTER = Box(left=0, bottom=0, right=612, top=792)
"""What pdfium and poppler take for a page without a size."""


def write_copy(printed: pikepdf.Pdf, taken_over: About, texts: Comparison, limits: Limits) -> bytes:
    """Copy all pages by the allow-list, and say what their text lost in print.

    Raises RefusedError where a page holds what copies do not have.
    """
    target = pikepdf.new()
    copier = Copier(target, limits)
    if len(printed.pages) > limits.pages:
        raise RefusedError("more pages than are rendered")
    if len(printed.pages) == 0:
        raise RefusedError("no pages")  # a document that no reader opens
    for index, page in enumerate(printed.pages):
        unit = taken_over.units[index] if index < len(taken_over.units) else 1.0
        made = copier.copy(page.obj, PAGE)
        assert isinstance(made, pikepdf.Dictionary)
        if may_have_lost_text(made):
            lay_over(made, texts.lost_words(index), target)
        shown = _page(made, page.obj, unit, target, limits)
        if limits.flatten.links is Links.KEEP_WEB:
            _link(shown.obj, texts.web_links(index), _scaled_by(_box(page.obj), unit, limits))
        target.pages.append(shown)
    return finished(target, taken_over)


def finished(target: pikepdf.Pdf, taken_over: About) -> bytes:
    """Say title and language, and write the document: the same bytes for the same content."""
    if taken_over.language:
        target.Root["/Lang"] = pikepdf.String(taken_over.language)
    if taken_over.title:
        target.trailer["/Info"] = target.make_indirect(pikepdf.Dictionary(Title=pikepdf.String(taken_over.title)))
    return _saved(target)


def _page(
    made: pikepdf.Object, source: pikepdf.Object, unit: float, target: pikepdf.Pdf, limits: Limits
) -> pikepdf.Page:
    """Give a copied page its size: never empty, never larger than pages can be, in points."""
    box = _box(source)
    scale = _scaled_by(box, unit, limits)
    if scale != 1.0:
        _scale(made, box, scale, target)
        box = Box(left=0, bottom=0, right=box.width * scale, top=box.height * scale)
    made["/MediaBox"] = pikepdf.Array([_rounded(side) for side in (box.left, box.bottom, box.right, box.top)])
    rotation = number_of(source.get("/Rotate")) or 0
    if "/Rotate" in made:
        made["/Rotate"] = int(rotation) // 90 * 90 % 360
    return pikepdf.Page(target.make_indirect(made))


def _box(source: pikepdf.Object) -> Box:
    box = box_at(source, "/MediaBox")
    return box if box is not None and box.width > 0 and box.height > 0 else _LETTER


def _scaled_by(box: Box, unit: float, limits: Limits) -> float:
    return min(unit, limits.page_points / max(box.width, box.height))


def _link(page: pikepdf.Object, links: Sequence[WebLink], scale: float) -> None:
    """Write links on a page that stands upright, as prints do."""
    annotated = annotations(links, _box(page), scale)
    if annotated is not None and not page.get("/Rotate"):
        page["/Annots"] = annotated


def _scale(page: pikepdf.Object, box: Box, scale: float, target: pikepdf.Pdf) -> None:
    """Draw everything larger or smaller by a matrix before the content (8.3.4)."""
    contents = page.get("/Contents")
    drawn = contents.read_bytes() if isinstance(contents, pikepdf.Stream) else b""
    left, bottom = -box.left * scale, -box.bottom * scale
    matrix = f"q {scale:.5f} 0 0 {scale:.5f} {left:.5f} {bottom:.5f} cm\n".encode("ascii")
    page["/Contents"] = pikepdf.Stream(target, matrix + drawn + b"\nQ")


def _rounded(value: float) -> float:
    return round(value, 3)


def _saved(target: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    target.save(
        out,
        force_version="1.7",
        deterministic_id=True,
        compress_streams=True,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
        fix_metadata_version=False,
        preserve_pdfa=False,
    )
    return out.getvalue()
