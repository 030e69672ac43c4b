"""Word's field codes: which of them act (ISO/IEC 29500-1 section 17.16.5), read as Word nests and splits them."""

import re
from collections.abc import Callable

from attachguard.formats.fieldlinks import astray, is_link

STARTING = frozenset({"DDE", "DDEAUTO"})
"""Fields that start a program."""

READING = frozenset(
    {
        "INCLUDE",
        "INCLUDETEXT",
        "INCLUDEPICTURE",
        "IMPORT",
        "LINK",
        "RD",
        "DATABASE",
        "DATA",
        "PRINT",
        "HTMLCONTROL",
        "CONTROL",
        "OCX",
    }
)
"""Fields that read a file or address, send codes to the printer, or hold a control. Any other word is a harmless
field or the name of a bookmark."""

STORIES = frozenset({"txbxContent", "footnote", "endnote", "comment", "docPartBody", "Choice", "Fallback"})
"""Elements in which text runs by itself: a field that begins outside of one does not go on inside of it (17.9.1, 17.11,
17.13.4, 17.12.6). Of the alternatives of AlternateContent (part 3 section 7.5) a program reads one."""

DEPTH = 64
"""Fields nested more deeply are not read apart; Word itself stops at 20."""

_KEYWORD = re.compile(r'[\s"\u201c\u201d]*+([^\s"\\\u201c\u201d]*+)')

Report = Callable[[str, str], None]
"""Called with `dde` or `field` and the field's keyword, or with `link` and an address that is none of the web's."""


class Fields:
    """Puts the instructions of nested fields together from their runs and reports the ones that act."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._open: list[_Field] = []

    @property
    def in_instruction(self) -> bool:
        """Say whether text here belongs to a field's instruction."""
        return bool(self._open) and self._open[-1].instruction is not None

    def mark(self, kind: str) -> None:
        """Take one of `begin`, `separate` and `end` (17.18.29)."""
        if kind == "begin":
            if self.in_instruction:
                self._open[-1].nest()
            if len(self._open) < DEPTH:
                self._open.append(_Field())
            else:
                self._report("field", f"nested more than {DEPTH} deep")
        elif self._open and kind == "separate":
            self._judge(self._open[-1])
        elif self._open and kind == "end":
            self._judge(self._open.pop())

    def text(self, text: str, *, deleted: bool = False) -> None:
        """Take text of an instruction; `deleted`: text that a tracked change takes away, or not yet."""
        if self._open:
            self._open[-1].add(text, deleted=deleted)

    def whole(self, instruction: str) -> None:
        """Take a field that is written in one piece."""
        field = _Field()
        field.add(instruction, deleted=False)
        self._judge(field)

    def close(self) -> None:
        """Judge what was never ended."""
        while self._open:
            self._judge(self._open.pop())

    def _judge(self, field: "_Field") -> None:
        if field.instruction is None:
            return
        readings, field.instruction = readings_of(field.instruction), None
        keywords = {_keyword(instruction) for instruction in readings}
        for keyword in sorted(keywords & STARTING):
            self._report("dde", keyword)
        for keyword in sorted(keywords & READING):
            self._report("field", keyword)
        for address in dict.fromkeys(address for instruction in readings for address in astray(instruction)):
            self._report("link", address)
        if field.nested and any(is_link(instruction) for instruction in readings):
            self._report("link", "an address that another field computes")
        if field.computed and not keywords & (STARTING | READING):
            self._report("field", "a field whose kind another field computes")


Pieces = list[tuple[str, bool]]
"""Pieces of an instruction, and whether each is text that a tracked change deletes."""


def readings_of(pieces: Pieces) -> tuple[str, ...]:
    """Give what an instruction may be: with what a tracked change deletes, and without it."""
    whole = "".join(piece for piece, _ in pieces)
    if not any(deleted for _, deleted in pieces):
        return (whole,)
    return whole, "".join(piece for piece, deleted in pieces if not deleted)


def _keyword(instruction: str) -> str:
    found = _KEYWORD.match(instruction)
    return found.group(1).upper() if found else ""


class _Field:
    """One field while it is read: its instruction's pieces, None once it was judged."""

    def __init__(self) -> None:
        self.instruction: Pieces | None = []
        self.computed = False
        self.nested = False
        self._blank = True

    def add(self, text: str, *, deleted: bool) -> None:
        if self.instruction is not None:
            self.instruction.append((text, deleted))
            self._blank = self._blank and not text.strip(' \t\r\n"')

    def nest(self) -> None:
        """Note a field inside the instruction: where the keyword should stand, it writes the keyword."""
        if self.instruction is not None:
            self.nested = True
            self.computed = self.computed or self._blank
            self.instruction.append((" ", False))
