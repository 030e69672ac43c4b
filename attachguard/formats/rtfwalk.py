r"""Walks an RTF file group by group (Rich Text Format 1.9.1), linear and bounded in depth.

Runs of text and of control words that only format are skipped in one step; \bin data is stepped over by its length.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

DEPTH = 200
"""Groups nested more deeply are not read: people's files stay far below, attacks on parsers do not."""

DESTINATIONS = frozenset({"fldinst", "template", "objdata", "objclass", "objname", "sn", "sv", "nextfile", "file"})
"""Destinations whose text is put together and told."""

_TELLING = (
    "obj|bin|fld|field|template|file|nextfile|mm|ffentrymcr|ffexitmcr|subdocument|uc[0-9]|sn[^a-z]|sv[^a-z]|linkself"
    "|ocx|ole|dde"
)
"""How control words begin that matter here; prefixes, so that too much is looked at, never too little."""

_DULL = rf"[^{{}}\\]++|\\(?!(?i:{_TELLING}))[A-Za-z]++-?[0-9]{{0,10}} ?|\\'|\\[^A-Za-z']"
_SKIP = re.compile(rf"(?:{_DULL}|\{{(?:{_DULL})*+\}})*+".encode("ascii"), re.DOTALL)
_TOKEN = re.compile(rb"\\([A-Za-z]++)(-?[0-9]{1,10})? ?|\\'([0-9A-Fa-f]{2})|\\(.)|([{}])|([^\\{}]++)|\\", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A control word that matters."""

    name: str
    """Lower case."""
    value: int | None
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A destination's whole content, told when its group ends."""

    name: str
    text: str
    binary: bytes
    r"""For `objdata`: its hexadecimal digits and \bin data as bytes."""
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    r"""Data that \bin steps over."""

    data: bytes
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How the file ends."""

    at: int
    """Where the outermost group closed, or the walk gave up."""
    depth: int
    """Groups still open there; 0 when all closed, DEPTH when there were too many to go on."""


Event = Word | Destination | Skipped | End


@dataclass(slots=True, kw_only=True)
class _Collected:
    name: str
    offset: int
    text: list[str] = field(default_factory=list)
    digits: bytearray = field(default_factory=bytearray)


@dataclass(slots=True, kw_only=True)
class _Group:
    collects: _Collected | None
    owns: bool
    """Whether that destination began in this very group, and so ends with it."""
    unicode_skip: int
    r"""Characters that stand after each \u for readers without Unicode (\uc)."""


class Walk:
    """One walk over the bytes of a file, from its first brace."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = max(data.find(b"{"), 0)
        self._groups: list[_Group] = []
        self._skip = 0

    def events(self) -> Iterator[Event]:
        """Yield what matters, in order, and `End` as the last. Linear; never raises."""
        while True:
            if not self._collecting():
                skipped = _SKIP.match(self._data, self._position) if self._groups else None
                self._position = skipped.end() if skipped else self._position
            token = _TOKEN.match(self._data, self._position)
            if token is None:
                yield End(at=len(self._data), depth=len(self._groups))
                return
            self._position = token.end()
            yield from self._take(token)
            if not self._groups or len(self._groups) >= DEPTH:
                yield End(at=self._position, depth=len(self._groups))
                return

    def _collecting(self) -> _Collected | None:
        return self._groups[-1].collects if self._groups else None

    def _take(self, token: re.Match[bytes]) -> Iterator[Event]:
        name, value, byte, symbol, brace, text = token.groups()
        if brace == b"{":
            outer = self._groups[-1] if self._groups else None
            skip = outer.unicode_skip if outer else 1
            self._groups.append(_Group(collects=outer.collects if outer else None, owns=False, unicode_skip=skip))
            self._skip = 0
        elif brace == b"}":
            self._skip = 0
            yield from self._close()
        elif name is not None:
            yield from self._word(name.decode("ascii").lower(), int(value) if value else None, token.start())
        elif byte is not None:
            self._add(bytes([int(byte, 16)]))
        elif text is not None:
            self._add(text)
        elif symbol is not None and symbol in b"\\{}~_-":
            self._add(symbol)

    def _close(self) -> Iterator[Event]:
        group = self._groups.pop()
        done = group.collects
        if group.owns and done is not None:
            yield Destination(
                name=done.name, text="".join(done.text), binary=unhex(bytes(done.digits)), offset=done.offset
            )

    def _word(self, name: str, value: int | None, offset: int) -> Iterator[Event]:
        group = self._groups[-1]
        if name == "bin":
            yield self._bin(max(value or 0, 0))
        elif name == "uc":
            group.unicode_skip = min(max(value or 0, 0), 255)
        elif name == "u":
            self._skip = 0
            self._add_char(chr((value or 0) % 0x10000))
            self._skip = group.unicode_skip
        elif name == "fldrslt":
            group.collects, group.owns = None, False
        elif name in DESTINATIONS:
            yield Word(name=name, value=value, offset=offset)
            group.collects, group.owns = _Collected(name=name, offset=offset), True
        else:
            yield Word(name=name, value=value, offset=offset)

    def _bin(self, length: int) -> Skipped:
        start, end = self._position, min(self._position + length, len(self._data))
        self._position = end
        collected = self._collecting()
        if collected is not None and collected.name == "objdata":
            collected.digits += self._data[start:end].hex().encode("ascii")
        return Skipped(data=self._data[start:end], offset=start)

    def _add(self, piece: bytes) -> None:
        collected = self._collecting()
        if collected is None:
            return
        if collected.name == "objdata":
            collected.digits += piece
            return
        piece = piece.replace(b"\r", b"").replace(b"\n", b"")
        taken = min(self._skip, len(piece))
        self._skip -= taken
        collected.text.append(piece[taken:].decode("cp1252", "replace"))

    def _add_char(self, char: str) -> None:
        collected = self._collecting()
        if collected is not None:
            collected.text.append(char)


_NO_DIGITS = bytes(set(range(256)) - set(b"0123456789abcdefABCDEF"))


def unhex(digits: bytes) -> bytes:
    """Read hexadecimal digits as Word does: whatever is none is passed over, an odd one at the end dropped."""
    clean = digits.translate(None, _NO_DIGITS)
    return bytes.fromhex(clean[: len(clean) // 2 * 2].decode("ascii"))
