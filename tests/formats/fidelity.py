"""How alike a file and its safe copy are, measured with readers that neither wrote the copy nor verify it."""

import csv
import io
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

from lxml import etree
from PIL import Image, ImageOps, ImageSequence

from attachguard.formats.charset import decode_html
from attachguard.formats.contract import Order
from attachguard.formats.identify import identify
from attachguard.formats.registry import BY_KIND
from attachguard.formats.tables import separator
from attachguard.formats.text import decode
from attachguard.formats.wordcount import words_in
from attachguard.model import Action, Limits
from attachguard.policy import load_policy

LIMITS = Limits()
POLICY = load_policy()

PICTURES = frozenset({"bmp", "gif", "jpeg", "png", "tiff"})
PAGES = frozenset({"html", "xhtml"})
KINDS = PICTURES | PAGES | {"txt", "csv", "xml"}

UNSHOWN = frozenset({"script", "style", "title", "template", "svg", "math", "xml", "iframe", "noframes", "noembed"})
"""Elements whose text is not of the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What becomes of a file, and how alike the copies of it are (also where none is needed)."""

    action: Action
    showable: bool
    """Whether a decoder shows it at all: other ones refuse what this one refuses, too."""
    copied: bool
    """Whether every copy is made, believed, and has nothing left to find; true where none has to be made."""
    likeness: float
    """1.0: the copies show the same; of pages, the share of words that is kept."""

    @property
    def delivered(self) -> bool:
        return self.action is Action.KEEP or (self.action is Action.NORMALIZE and self.copied)


def judged(kind: str, data: bytes, extension: str) -> Judged:
    """Judge a file as the default policy does, and make its copies by every method."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about odd tags
        found = identify(data, extension, LIMITS)
        seen = (*found.findings, *BY_KIND[kind].inspect(data, LIMITS).findings)
        action = POLICY.judge(BY_KIND[kind].KIND, seen).action
        showable = not {"image.malformed", "limit.pixels"} & {finding.code for finding in seen}
        copies = (
            []
            if action is Action.REJECT or found.kind != kind
            else [_copy(kind, data, m) for m in BY_KIND[kind].KIND.methods]
        )
        made = [copy for copy in copies if copy is not None]
        return Judged(
            action=action,
            showable=showable,
            copied=len(made) == len(copies),
            likeness=min((likeness(kind, data, copy) for copy in made), default=1.0),
        )


def _copy(kind: str, data: bytes, method: str) -> bytes | None:
    """Make a copy that the pipeline would deliver, or none."""
    reader = BY_KIND[kind]
    order = Order(original=data, method=method, printed=None, parts=(), limits=LIMITS)
    copy = reader.normalize(order).data
    if copy is None or len(copy) > LIMITS.file_size or reader.verify(data, copy, LIMITS):
        return None
    again = identify(copy, reader.KIND.extension, LIMITS)
    left = (*again.findings, *reader.inspect(copy, LIMITS).findings)
    rejected = POLICY.for_normalized().judge(reader.KIND, left).action is Action.REJECT
    return None if rejected or again.kind != kind else copy


def likeness(kind: str, original: bytes, copy: bytes) -> float:
    """Compare what is shown: pixels as people see them, text, cells, data, or the words of a page."""
    if kind in PICTURES:
        return float(all(a == b for a, b in zip(_frames(original), _frames(copy), strict=True)))
    if kind in PAGES:
        return _words_kept(original, copy)
    if kind == "csv":
        return float(_cells(original) == _cells(copy))
    if kind == "xml":
        return float(_canonical(original) == _canonical(copy))
    return float(_text(original) == _text(copy))


def _frames(data: bytes) -> Iterator[tuple[tuple[int, int], int, bytes]]:
    with Image.open(io.BytesIO(data)) as picture:
        for frame in ImageSequence.Iterator(picture):
            shown = ImageOps.exif_transpose(frame).convert("RGBA")
            yield shown.size, int(frame.info.get("duration") or 0), shown.tobytes()


def _text(data: bytes) -> str:
    decoded = decode(data)
    assert decoded is not None
    return decoded.text


def _cells(data: bytes) -> list[list[str]]:
    """Read a table's cells; the apostrophe before a formula is part of the copy's."""
    text = _text(data)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator(text))
    return [[cell.lstrip("'") for cell in row] for row in rows]


def _canonical(data: bytes) -> bytes:
    """Write data in the one way that Canonical XML knows, without instructions and comments."""
    parser = etree.XMLParser(no_network=True, remove_comments=True, remove_pis=True)
    return etree.tostring(etree.fromstring(data, parser), method="c14n", with_comments=False)


class _Words(HTMLParser):
    """The words of a page as the standard library reads it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unshown = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._unshown += tag in UNSHOWN

    def handle_endtag(self, tag: str) -> None:
        self._unshown = max(0, self._unshown - (tag in UNSHOWN))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Nothing stands in an element that ends at once."""

    def handle_data(self, data: str) -> None:
        if not self._unshown:
            self.pieces.append(data)


def _words_kept(original: bytes, copy: bytes) -> float:
    counted = []
    for data in (original, copy):
        decoded = decode_html(data)
        reader = _Words()
        reader.feed(decoded.text if decoded else "")
        reader.close()
        counted.append(Counter(words_in("".join(reader.pieces))))
    before, after = counted
    return 1.0 - (before - after).total() / before.total() if before else 1.0
