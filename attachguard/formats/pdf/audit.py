"""Check a copy against the grammar of copies (shapes.py): any key, name or kind of thing that is not in it is told.

It shares the data with rebuild.py, not the code that copies, and reads the written bytes again.
"""

from collections.abc import Iterator

import pikepdf

from attachguard.formats.pdf import leaves
from attachguard.formats.pdf.document import decoded, dictionary_at, filters_of, open_pdf, text_at
from attachguard.formats.pdf.rebuild import DEPTH, NUMBERS, RefusedError, chosen, fitting, outline
from attachguard.formats.pdf.shapes import (
    CATALOG_KEYS,
    FILTER_KEYS,
    FILTERS,
    INFORMATION_KEYS,
    LINKED_PAGE,
    PAGE,
    SHAPES,
    STREAM_KEYS,
    By,
    Content,
    Each,
    Either,
    Keys,
    Later,
    Leaf,
    Mixed,
    Numbers,
    OneOf,
    Several,
    Shape,
    Stream,
)
from attachguard.formats.pdf.truetype import has_instructions
from attachguard.formats.pdf.weblinks import is_web
from attachguard.model import Limits, Links

_TREE_KEYS = frozenset({"/Type", "/Kids", "/Count", "/Parent"})
"""7.7.3.2: the nodes of the page tree that qpdf writes."""

_TRAILER_KEYS = frozenset({"/Root", "/Info", "/ID", "/Size", "/Type", "/W", "/Index", *STREAM_KEYS})
"""7.5.5 and 7.5.8: what a trailer or a cross-reference stream says."""


_PARENT = frozenset({"/Parent"})
_PAGES = (PAGE, LINKED_PAGE)


def violations(copy: bytes, limits: Limits) -> Iterator[str]:
    """Give what a copy holds beyond the grammar, in words; nothing: it is one of ours. Raises pikepdf.PikepdfError."""
    with open_pdf(copy, limits) as pdf:
        if pdf.is_encrypted:
            yield "encryption"
        if pdf.get_warnings():
            yield "damage"
        yield from _foreign(pdf.trailer, _TRAILER_KEYS, "trailer")
        yield from _foreign(pdf.Root, CATALOG_KEYS, "catalog")
        yield from _about(pdf)
        auditor = _Auditor()
        shape = LINKED_PAGE if limits.flatten.links is Links.KEEP_WEB else PAGE
        for number, page in enumerate(pdf.pages, start=1):
            try:
                yield from auditor.check(page.obj, shape, f"page {number}")
            except RefusedError as refusal:
                yield f"page {number}: {refusal}"
        yield from _unvisited(pdf, auditor.visited)


def _about(pdf: pikepdf.Pdf) -> Iterator[str]:
    information = dictionary_at(pdf.trailer, "/Info")
    if information is not None:
        yield from _foreign(information, INFORMATION_KEYS, "information")
        if leaves.title(text_at(information, "/Title")) != text_at(information, "/Title"):
            yield "a title that is not plain"
    language = text_at(pdf.Root, "/Lang")
    if leaves.language(language) != language:
        yield "a language that is none"


def _unvisited(pdf: pikepdf.Pdf, visited: set[tuple[int, int]]) -> Iterator[str]:
    """Tell of objects that no page leads to, besides the few that hold the document together."""
    around = {pdf.Root.objgen, pdf.trailer.objgen}
    information = dictionary_at(pdf.trailer, "/Info")
    if information is not None:
        around.add(information.objgen)
    for item in pdf.objects:
        if not isinstance(item, pikepdf.Object) or item.objgen in visited or item.objgen in around:
            continue
        kind = str(item.get("/Type", "")) if isinstance(item, (pikepdf.Dictionary, pikepdf.Stream)) else ""
        if kind == "/Pages":
            yield from _foreign(item, _TREE_KEYS, "page tree")
        elif kind not in {"/ObjStm", "/XRef"}:
            yield f"object {item.objgen[0]}, which no page uses"


def _foreign(container: pikepdf.Object, allowed: frozenset[str], where: str) -> Iterator[str]:
    for key in sorted(set(container.keys()) - allowed):
        yield f"{where}: {key}"


class _Auditor:
    """Checks values against shapes, each shared object once, and remembers which it saw."""

    def __init__(self) -> None:
        self.visited: set[tuple[int, int]] = set()
        self._checked: set[tuple[tuple[int, int], int]] = set()

    def check(self, value: object, shape: Shape, where: str, depth: int = 0) -> Iterator[str]:
        """Give what is foreign in a value. Raises RefusedError for a value of the wrong kind."""
        if depth > DEPTH:
            raise RefusedError("nested too deeply")
        if isinstance(value, pikepdf.Object) and value.is_indirect:
            self.visited.add(value.objgen)
        if isinstance(shape, Later):
            yield from self.check(value, SHAPES[shape], where, depth)
        elif isinstance(shape, Either):
            yield from self.check(value, fitting(value, shape), where, depth)
        elif isinstance(shape, By):
            yield from self.check(value, chosen(value, shape), where, depth)
        elif not outline(shape, value):
            yield f"{where}: not what should stand there"
        elif isinstance(shape, Leaf | OneOf):
            yield from _unusual(value, shape, where)
        elif isinstance(shape, Numbers | Several | Mixed):
            yield from self._items(value, shape, where, depth)
        elif isinstance(value, (pikepdf.Dictionary, pikepdf.Stream)):
            yield from self._keys(value, shape, where, depth)

    def _items(self, value: object, shape: Numbers | Several | Mixed, where: str, depth: int) -> Iterator[str]:
        if not isinstance(value, pikepdf.Array):
            return
        if isinstance(shape, Numbers):
            if not NUMBERS.fullmatch(value.unparse(resolved=True)):
                yield f"{where}: something else than numbers"
            return
        of: Shape = Either(shape.of) if isinstance(shape, Mixed) else shape.of
        for item in value:
            yield from self.check(item, of, where, depth + 1)

    def _keys(self, value: pikepdf.Object, shape: Keys | Each | Stream, where: str, depth: int) -> Iterator[str]:
        key = (value.objgen, id(shape))
        if value.is_indirect and key in self._checked:
            return
        if value.is_indirect:
            self._checked.add(key)
        if isinstance(shape, Stream) != isinstance(value, pikepdf.Stream):
            yield f"{where}: a stream in place of a dictionary, or the reverse"
            return
        if isinstance(shape, Stream):
            yield from _coding(value, where)
            if shape.content is Content.TRUETYPE and has_instructions(decoded(value)):
                yield f"{where}: a font with instructions"
        ours = STREAM_KEYS if isinstance(shape, Stream) else _PARENT if shape in _PAGES else frozenset()
        for name in sorted(value.keys() - ours):
            if isinstance(shape, Each):
                if not leaves.RESOURCE_NAME.fullmatch(name):
                    yield f"{where}: an unusual name"
                    continue
                of = shape.of
            elif name in shape.keys:
                of = shape.keys[name]
            else:
                yield f"{where}: {name}"
                continue
            yield from self.check(value.get(name), of, f"{where} {name}"[:120], depth + 1)


def _coding(stream: pikepdf.Object, where: str) -> Iterator[str]:
    """Tell of a filter that is not one of our encoders', or of parameters that it does not have."""
    for coding in filters_of(stream):
        if coding not in FILTERS:
            yield f"{where}: {coding}"
    parameters = dictionary_at(stream, "/DecodeParms")
    if parameters is not None:
        yield from _foreign(parameters, FILTER_KEYS, where)


def _unusual(value: object, shape: Leaf | OneOf, where: str) -> Iterator[str]:
    """Tell of a name or label that copies do not have."""
    if isinstance(value, pikepdf.Name):
        name = bytes(value).decode("latin-1")
        if shape is Leaf.FONT_NAME and leaves.font_name(name) != name:
            yield f"{where}: a font's name that is not plain"
        if shape is Leaf.RESOURCE_NAME and not leaves.RESOURCE_NAME.fullmatch(name):
            yield f"{where}: an unusual name"
    elif shape is Leaf.ADDRESS and not is_web(bytes(value).decode("latin-1")):  # type: ignore[call-overload] # a String
        yield f"{where}: an address that is not on the web"
    elif shape is Leaf.LABEL and not leaves.LABEL.fullmatch(str(value)):
        yield f"{where}: an unusual label"
