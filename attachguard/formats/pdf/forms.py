"""XFA forms (ISO 32000-1, 12.7.8; removed from ISO 32000-2): those that replace the pages told from the others."""

from collections.abc import Iterator

import pikepdf

from attachguard.formats.pdf.document import decoded, dictionary_at, is_true
from attachguard.formats.pdf.walk import Entry
from attachguard.model import Finding


def xfa(pdf: pikepdf.Pdf) -> Iterator[Finding]:
    """Tell of an XFA form, and whether it is dynamic: its pages are drawn by the form, the PDF's own say "wait".

    It is when the catalog says so (/NeedsRendering), when its configuration requires dynamic rendering, or when
    the document has no fields of its own for the form to fill.
    """
    form = dictionary_at(pdf.Root, "/AcroForm")
    packets = None if form is None else form.get("/XFA")
    if form is None or not isinstance(packets, (pikepdf.Array, pikepdf.Stream)):
        return
    yield Finding("pdf.xfa", "catalog")
    fields = form.get("/Fields")
    has_fields = isinstance(fields, pikepdf.Array) and len(fields) > 0
    if is_true(pdf.Root, "/NeedsRendering") or not has_fields or _requires_rendering(packets):
        yield Finding("pdf.xfa_dynamic", "catalog")


def xfa_outside(entry: Entry) -> Iterator[Finding]:
    """Tell of an XFA form in an object that no table leads to, such as one of an older revision."""
    if "/XFA" in entry.keys:
        yield Finding("pdf.xfa", entry.where)


def xfa_packets(pdf: pikepdf.Pdf) -> frozenset[tuple[int, int]]:
    """Give the streams an XFA form is made of; some writers call them embedded files, which they are not."""
    form = dictionary_at(pdf.Root, "/AcroForm")
    packets = None if form is None else form.get("/XFA")
    if not isinstance(packets, pikepdf.Array):
        return frozenset()
    return frozenset(packet.objgen for packet in packets if isinstance(packet, pikepdf.Stream))


def _requires_rendering(packets: pikepdf.Object) -> bool:
    """Whether the form's configuration says `dynamicRender` is required (XFA 3.3, chapter 29)."""
    streams = [packets] if isinstance(packets, pikepdf.Stream) else list(packets)[:100]
    for stream in streams:
        if isinstance(stream, pikepdf.Stream):
            value = decoded(stream).partition(b"<dynamicRender>")[2].partition(b"<")[0]
            if value.strip() == b"required":
                return True
    return False
