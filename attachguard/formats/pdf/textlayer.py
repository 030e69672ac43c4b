"""Text that is there for search, copying and reading aloud, and draws nothing: it lies over what it says.

Every letter is an empty glyph of a Type 3 font (ISO 32000-2, 9.6.4) with its meaning beside it (9.10.3), so no font
program is needed and any script can be said.
"""

import itertools
import math
import operator
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import pikepdf
from pikepdf import Array, Dictionary, Name

from attachguard.formats.pdf.characters import Word
from attachguard.formats.pdf.document import decoded, dictionary_at
from attachguard.formats.pdf.pages import box_at

_CODES = 255
"""Letters of one font: codes 1 to 255; a further font takes the next ones."""

_LEFTWARDS = frozenset({"R", "AL"})
"""Bidirectional classes of letters that are written from right to left (UAX #9, 3.2)."""

_SLANT = 0.02
"""Points by which upright words lean: pdfium overlooks Type 3 text that is exactly upright."""

_BLOCK = 100
"""Letters that one block of a character map may name (Adobe technical note 5014, section 3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayer:
    """What a page needs to have a text layer."""

    content: bytes
    """Operators to put after everything else on the page."""
    fonts: pikepdf.Object
    """A dictionary of fonts, by the names the operators use."""


def lay_over(page: pikepdf.Object, words: Sequence[Word], target: pikepdf.Pdf) -> None:
    """Lay words over a page of `target`, after everything that is drawn on it."""
    box = box_at(page, "/MediaBox")
    if not words or box is None:
        return
    layer = text_layer(words, box.height, target)
    contents = page.get("/Contents")
    drawn = decoded(contents) if isinstance(contents, pikepdf.Stream) else b""
    moved = f"\nQ q 1 0 0 1 {box.left:.3f} {box.bottom:.3f} cm\n".encode("ascii")
    page["/Contents"] = pikepdf.Stream(target, b"q\n" + drawn + moved + layer.content + b"\nQ")
    old = dictionary_at(page, "/Resources")
    resources = Dictionary({} if old is None else dict(old.items()))
    fonts = dictionary_at(resources, "/Font")
    resources["/Font"] = Dictionary({**({} if fonts is None else dict(fonts.items())), **dict(layer.fonts.items())})
    page["/Resources"] = resources


def text_layer(words: Sequence[Word], height: float, target: pikepdf.Pdf) -> TextLayer:
    """Set words (in points from the upper left corner) on a page of this height, in `target`."""
    letters = sorted({letter for word in words for letter in word.text} | {" "})
    places = {letter: divmod(index, _CODES) for index, letter in enumerate(letters)}
    lines = [b"BT"]
    for word in words:
        lines.extend(_set(word, height, places))
    lines.append(b"ET")
    return TextLayer(content=b"\n".join(lines), fonts=_fonts(letters, target))


def _set(word: Word, height: float, places: dict[str, tuple[int, int]]) -> list[bytes]:
    """Set one word and a space, in runs of one font."""
    along, start, up = _line(word)
    across = along[0] if abs(along[0]) >= _SLANT else math.copysign(_SLANT, along[0])
    turned = f"{across:.2f} {-along[1]:.2f} {up[0]:.2f} {-up[1]:.2f}"
    made: list[bytes] = []
    first = 0
    text = word.text + " "  # pdfium overlooks Type 3 text of one letter; the space also ends the word for sure
    for font, run in itertools.groupby(map(places.__getitem__, text), key=operator.itemgetter(0)):
        codes = bytes([code + 1 for _, code in run])
        x, y = start[0] + along[0] * first, start[1] + along[1] * first
        made.append(f"/T{font} 1 Tf {turned} {x:.2f} {height - y:.2f} Tm <{codes.hex()}> Tj".encode("ascii"))
        first += len(codes)
    return made


Vector = tuple[float, float]


def _line(word: Word) -> tuple[Vector, Vector, Vector]:
    """Give the step from letter to letter, the lower left corner of the first, and the height of letters."""
    first, last = word.first, word.last
    across, down = last.middle[0] - first.middle[0], last.middle[1] - first.middle[1]
    upright = abs(across) >= abs(down)
    if len(word.text) > 1 and (across or down):
        along = across / (len(word.text) - 1), down / (len(word.text) - 1)
    else:
        along = max(first.right - first.left, 0.5), 0.0
        upright = True
    sizes = (spot.bottom - spot.top if upright else spot.right - spot.left for spot in (first, last))
    size = max(0.5, *sizes)
    length = math.hypot(*along)
    above = (along[1] * size / length, -along[0] * size / length)
    if upright and above[1] > 0 and unicodedata.bidirectional(word.text[0]) in _LEFTWARDS:
        above = (-above[0], -above[1])  # written from right to left, letters stand upright all the same
    start = (
        first.middle[0] - along[0] / 2 - above[0] / 2,
        first.middle[1] - along[1] / 2 - above[1] / 2,
    )
    return along, start, above


def _fonts(letters: Sequence[str], target: pikepdf.Pdf) -> pikepdf.Object:
    empty = target.make_stream(b"1 0 d0")
    encoding = target.make_indirect(Dictionary(Type=Name.Encoding, Differences=Array([0, *([Name.e] * (_CODES + 1))])))
    fonts = Dictionary()
    for number in range(math.ceil(len(letters) / _CODES)):
        said = letters[number * _CODES : (number + 1) * _CODES]
        fonts[f"/T{number}"] = target.make_indirect(
            Dictionary(
                Type=Name.Font,
                Subtype=Name.Type3,
                FontBBox=Array([0, 0, 1, 1]),
                FontMatrix=Array([1, 0, 0, 1, 0, 0]),
                CharProcs=Dictionary(e=empty),
                Encoding=encoding,
                FirstChar=0,
                LastChar=_CODES,
                Widths=Array([1] * (_CODES + 1)),
                ToUnicode=target.make_stream(_meaning(said)),
                Resources=Dictionary(),
            )
        )
    return fonts


def _meaning(letters: Sequence[str]) -> bytes:
    """Write the character map that says what codes 1 and up mean (9.10.3)."""
    pairs = [f"<{code:02x}> <{letter.encode('utf-16-be').hex()}>" for code, letter in enumerate(letters, start=1)]
    blocks = [pairs[at : at + _BLOCK] for at in range(0, len(pairs), _BLOCK)]
    lines = [
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        "/CMapName /Text def /CMapType 2 def",
        "1 begincodespacerange <00> <ff> endcodespacerange",
        *("\n".join([f"{len(block)} beginbfchar", *block, "endbfchar"]) for block in blocks),
        "endcmap CMapName currentdict /CMap defineresource pop end end",
    ]
    return "\n".join(lines).encode("ascii")
