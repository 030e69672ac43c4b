"""What a copy does not have of its original: facts beside the copy, read in the original's own structure."""

from collections.abc import Iterator

import pikepdf

from attachguard.formats.pdf.document import dictionary_at, name_at, open_pdf
from attachguard.formats.pdf.tables import MEDIA_ANNOTATIONS
from attachguard.formats.pdf.weblinks import addresses_on, is_web
from attachguard.model import Finding, Limits, Links

_ANNOTATIONS = 5000
"""Annotations that are looked at, of all pages together."""

_FIELDS = 5000
"""Form fields that are looked at."""


def losses(original: bytes, limits: Limits) -> tuple[Finding, ...]:
    """Tell what of the original no copy has; nothing of an original that qpdf can't open."""
    try:
        with open_pdf(original, limits) as pdf:
            return tuple(_losses(pdf, limits))
    except pikepdf.PikepdfError:
        return ()


def _losses(pdf: pikepdf.Pdf, limits: Limits) -> Iterator[Finding]:
    fields = list(_fields(pdf))
    if any(_inherited(field, "/FT") == "/Sig" and dictionary_at(field, "/V") is not None for field in fields):
        yield Finding("lost.signature")
    if any(_inherited(field, "/FT") != "/Sig" for field in fields):
        yield Finding("lost.fields", detail=f"{len(fields)} fields")
    names = dictionary_at(pdf.Root, "/Names")
    kinds = {name_at(annotation, "/Subtype") for annotation in _annotations(pdf, limits)}
    if (names is not None and "/EmbeddedFiles" in names) or "/AF" in pdf.Root or "/FileAttachment" in kinds:
        yield Finding("lost.attachments")
    if dictionary_at(pdf.Root, "/OCProperties") is not None:
        yield Finding("lost.layers")
    if dictionary_at(pdf.Root, "/StructTreeRoot") is not None:
        yield Finding("lost.tags")
    if dictionary_at(pdf.Root, "/Outlines") is not None:
        yield Finding("lost.bookmarks")
    if "/Link" in kinds and (limits.flatten.links is Links.DROP or _others_than_web(pdf, limits)):
        yield Finding("lost.links")
    if kinds & MEDIA_ANNOTATIONS:
        yield Finding("lost.media")


def _others_than_web(pdf: pikepdf.Pdf, limits: Limits) -> bool:
    """Whether some link leads elsewhere than to the web, such as to another page: no copy has it."""
    links = sum(name_at(annotation, "/Subtype") == "/Link" for annotation in _annotations(pdf, limits))
    kept = sum(is_web(address) for page in pdf.pages[: limits.pages] for address in addresses_on(page.obj))
    return kept < links


def _annotations(pdf: pikepdf.Pdf, limits: Limits) -> Iterator[pikepdf.Object]:
    left = _ANNOTATIONS
    for page in pdf.pages[: limits.pages]:
        held = page.obj.get("/Annots")
        if not isinstance(held, pikepdf.Array):
            continue
        for annotation in list(held)[:left]:
            if isinstance(annotation, pikepdf.Dictionary):
                yield annotation
        left = max(0, left - len(held))


def _fields(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Give the fields of the form that hold no others (ISO 32000-2, 12.7.4)."""
    form = dictionary_at(pdf.Root, "/AcroForm")
    top = None if form is None else form.get("/Fields")
    waiting = list(top)[:_FIELDS] if isinstance(top, pikepdf.Array) else []
    for _ in range(_FIELDS):
        if not waiting:
            return
        field = waiting.pop()
        if not isinstance(field, pikepdf.Dictionary):
            continue
        kids = field.get("/Kids")
        held = list(kids)[:_FIELDS] if isinstance(kids, pikepdf.Array) else []
        named = [kid for kid in held if isinstance(kid, pikepdf.Dictionary) and "/T" in kid]
        waiting.extend(named)
        if not named:
            yield field


def _inherited(field: pikepdf.Object, key: str) -> str:
    """Read a name of a field, or of the fields around it (12.7.4.1)."""
    current: pikepdf.Object | None = field
    for _ in range(32):
        if current is None:
            return ""
        if name_at(current, key):
            return name_at(current, key)
        current = dictionary_at(current, "/Parent")
    return ""
