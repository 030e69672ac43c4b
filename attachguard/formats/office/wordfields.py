"""Fields of a Word document in a copy: allowed keywords stay, of any other field only its result does.

A complex field is begin, instruction, separator, result, end, each in a run of its own and the whole across
paragraphs (ISO/IEC 29500-1 section 17.16.18), so it is taken out leaf by leaf.
"""

import re

from attachguard.formats.fieldlinks import addresses, is_link
from attachguard.formats.links import is_plain_link
from attachguard.formats.office.cut import Cutter
from attachguard.formats.wordfields import Pieces, readings_of

ALLOWED = frozenset(
    word
    for line in (
        "= ADDRESSBLOCK ADVANCE ASK AUTHOR AUTONUM AUTONUMLGL AUTONUMOUT BARCODE BIBLIOGRAPHY BIDIOUTLINE CITATION",
        "COMMENTS COMPARE CREATEDATE DATE DISPLAYBARCODE DOCPROPERTY DOCVARIABLE EDITTIME EQ FILENAME FILESIZE",
        "FILLIN FORMCHECKBOX FORMDROPDOWN FORMTEXT FORMULA GOTOBUTTON GREETINGLINE HYPERLINK IF INDEX INFO",
        "KEYWORDS LASTSAVEDBY LISTNUM MACROBUTTON MERGEBARCODE MERGEFIELD MERGEREC MERGESEQ NEXT NEXTIF NOTEREF",
        "NUMCHARS NUMPAGES NUMWORDS PAGE PAGEREF PRINTDATE REF REVNUM SAVEDATE SECTION SECTIONPAGES SEQ SET",
        "SKIPIF STYLEREF SUBJECT SYMBOL TA TC TEMPLATE TIME TITLE TOA TOC USERADDRESS USERINITIALS USERNAME XE",
    )
    for word in line.split()
)
"""Keywords that calculate, number, list or link within the document (ISO/IEC 29500-1 section 17.16.5). MACROBUTTON and
GOTOBUTTON show their text in the instruction; there is no macro in a copy for them to call."""

DEPTH = 64
"""Fields nested more deeply are all taken out; Word itself stops at 20."""

_KEYWORD = re.compile(r'[\s"\u201c\u201d]*([^\s"\\\u201c\u201d]*)')
_BOOKMARK = re.compile(r"_[A-Za-z][\w]{0,39}")


def is_allowed(instruction: str) -> bool:
    """Say whether a field with this whole instruction may stay."""
    found = _KEYWORD.match(instruction)
    keyword = found.group(1).upper() if found else ""
    if keyword.startswith("="):
        return True
    if keyword == "HYPERLINK":
        return all(is_plain_link(address) for address in addresses(instruction))
    return keyword in ALLOWED or not keyword or _BOOKMARK.fullmatch(keyword) is not None


class Fields:
    """The fields that are open at one place of a document, and the leaves that belong to them."""

    def __init__(self, cutter: Cutter) -> None:
        self._cutter = cutter
        self._open: list[_Field] = []
        self._leaves: list[tuple[int, int]] = []
        self._too_deep = 0

    @property
    def in_field(self) -> bool:
        """Say whether leaves are to be reported."""
        return bool(self._open)

    @property
    def in_instruction(self) -> bool:
        """Say whether text here belongs to an instruction."""
        return bool(self._open) and self._open[-1].pieces is not None

    def leaf(self, start: int, stop: int) -> None:
        """Take a child of a run inside a field."""
        if any(field.pieces is not None for field in self._open):
            self._leaves.append((start, stop))

    def text(self, text: str, *, deleted: bool = False) -> None:
        """Take text of an instruction; `deleted`: text that a tracked change takes away."""
        if self._open and self._open[-1].pieces is not None:
            self._open[-1].add(text, deleted=deleted)

    def mark(self, kind: str, start: int, stop: int) -> None:
        """Take a field character: begin, separate or end (17.18.29)."""
        if kind == "begin":
            self._begin(start, stop)
        elif kind == "separate" and self._open and not self._too_deep:
            self.leaf(start, stop)
            self._judge(self._open[-1], (start, stop))
        elif kind == "end" and self._too_deep:
            self._too_deep -= 1
            self._cutter.replace(start, stop)
        elif kind == "end" and self._open:
            self._end(start, stop)
        else:
            self._cutter.replace(start, stop)

    def close(self) -> None:
        """Take out what was never ended."""
        while self._open:
            field = self._open.pop()
            self._take_out(field)

    def _begin(self, start: int, stop: int) -> None:
        if len(self._open) >= DEPTH:
            self._too_deep += 1
            self._cutter.replace(start, stop)
            return
        if self._open and self._open[-1].pieces is not None:
            self._open[-1].nest()
        self._open.append(_Field(first=len(self._leaves)))
        self._leaves.append((start, stop))

    def _end(self, start: int, stop: int) -> None:
        field = self._open.pop()
        if field.pieces is not None:
            self._judge(field, (start, stop))
        self.leaf(start, stop)
        if field.out:
            self._cutter.replace(start, stop)
        if not self._open:
            self._leaves = []

    def _judge(self, field: "_Field", mark: tuple[int, int]) -> None:
        if field.pieces is None:
            self._cutter.replace(*mark)  # a second separator
            return
        readings, field.pieces = readings_of(field.pieces), None
        computed = field.computed or (field.nested and any(is_link(instruction) for instruction in readings))
        if computed or not all(is_allowed(instruction) for instruction in readings):
            self._take_out(field)
            self._cutter.replace(*mark)

    def _take_out(self, field: "_Field") -> None:
        field.out = True
        for start, stop in self._leaves[field.first :]:
            self._cutter.replace(start, stop)


class _Field:
    """One field: its instruction's pieces, None once it was judged."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.pieces: Pieces | None = []
        self.computed = False
        self.nested = False
        self.out = False
        self._blank = True

    def add(self, text: str, *, deleted: bool) -> None:
        if self.pieces is not None:
            self.pieces.append((text, deleted))
            self._blank = self._blank and not text.strip(' \t\r\n"')

    def nest(self) -> None:
        """Note a field inside the instruction: where the keyword should stand, it writes the keyword."""
        if self.pieces is not None:
            self.nested = True
            self.computed = self.computed or self._blank
            self.pieces.append((" ", False))
