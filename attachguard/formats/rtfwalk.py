r"""Walks an RTF file group by group (Rich Text Format 1.9.1), linear and bounded in depth.

Runs of text and of control words that only format are skipped in one step; \bin data is stepped over by its length.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from attachguard.formats.markup import words

DEPTH = 200
"""Groups nested more deeply are not read: people's files stay far below, attacks on parsers do not."""

EVENTS = 100_000
"""Events of one file that are told; a file of ten megabytes that people made has some thousands."""

DESTINATIONS = frozenset({"fldinst", "template", "objdata", "nextfile", "file", "sn", "hlsrc"})
"""Destinations whose text is put together and told."""

UNSPOKEN = words(
    """author bkmkend bkmkstart buptim category colortbl comment company creatim doccomm fonttbl footer footerf footerl
    footerr footnote header headerf headerl headerr info keywords listtext manager nonshppict operator pict pntext
    printim private revtim rxe shp shptxt stylesheet subject tc title txe ud upr xe"""
)
"""Destinations whose text belongs to no instruction that they stand in."""

_NAMING = ("pib", "fill", "line")
"""How names of shape properties begin that may name a picture's file; of the others there are too many to tell."""

_TELLING = (
    "obj|bin|fldinst|fldrslt|template|file|nextfile|mm|ffentrymcr|ffexitmcr|subdocument|linkself|ocx|ole|dde"
    "|hlsrc|sn(?![a-z])"
)
"""How control words begin that matter here; prefixes, so that too much is looked at, never too little."""

_TELLS = re.compile(_TELLING.replace("|sn(?![a-z])", ""))
_DULL = rf"[^{{}}\\]++|\\(?!(?i:{_TELLING}))[A-Za-z]++-?+[0-9]{{0,10}}+ ?+|\\'|\\[^A-Za-z']"
_SKIP = re.compile(rf"(?:{_DULL}|\{{(?:{_DULL}){{0,100}}\}}){{0,500}}".encode("ascii"), re.DOTALL)
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
    outside: str
    r"""The text without groups inside that readers may pass over: the ones marked `\*`."""
    escaped: bool
    r"""Whether letters were written as \u that need no escape or stand where an instruction's keyword does, or text
    twice (\upr): all of these only serve to hide what is meant."""
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
    complete: bool
    """False when there were more events than EVENTS, and the rest was not looked at."""


Event = Word | Destination | Skipped | End


@dataclass(slots=True, kw_only=True)
class _Collected:
    name: str
    offset: int
    text: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    digits: bytearray = field(default_factory=bytearray)
    escaped: bool = False


@dataclass(slots=True, kw_only=True)
class _Group:
    collects: _Collected | None
    owns: bool
    """Whether that destination began in this very group, and so ends with it."""
    starred: bool = False
    """Whether it, or a group around it inside the destination, may be passed over."""


class Walk:
    """One walk over the bytes of a file, from its first brace."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = max(data.find(b"{"), 0)
        self._groups: list[_Group] = []
        self._skip = 0

    def events(self) -> Iterator[Event]:
        """Yield what matters, in order, and `End` as the last. Linear; never raises."""
        told = 0
        while True:
            if not self._collecting():
                skipped = _SKIP.match(self._data, self._position) if self._groups else None
                self._position = skipped.end() if skipped else self._position
            token = _TOKEN.match(self._data, self._position)
            if token is None:
                break
            self._position = token.end()
            event = self._take(token)
            if event is not None:
                yield event
                told += 1
            if not self._groups or len(self._groups) >= DEPTH or told == EVENTS:
                break
        yield End(at=self._position, depth=len(self._groups), complete=told < EVENTS)

    def _collecting(self) -> _Collected | None:
        return self._groups[-1].collects if self._groups else None

    def _take(self, token: re.Match[bytes]) -> Event | None:
        name, value, byte, symbol, brace, text = token.groups()
        if brace == b"}":
            return self._close()
        if brace == b"{":
            starred = bool(self._groups) and self._groups[-1].starred
            self._groups.append(_Group(collects=self._collecting(), owns=False, starred=starred))
            self._skip = 0
            return None
        if name is not None:
            return self._word(name.decode("ascii").lower(), int(value) if value else None, token.start())
        if byte is not None:
            self._add(bytes([int(byte, 16)]))
        elif text is not None:
            self._add(text)
        elif symbol == b"*" and self._collecting() is not None:
            self._groups[-1].starred = True
        elif symbol is not None and symbol in b"\\{}~_-":
            self._add(symbol)
        return None

    def _close(self) -> Event | None:
        self._skip = 0
        if not self._groups:
            return None
        group = self._groups.pop()
        done = group.collects
        if not group.owns or done is None:
            return None
        if done.name == "sn" and not "".join(done.text).strip().startswith(_NAMING):
            return None
        return Destination(
            name=done.name,
            text="".join(done.text),
            outside="".join(done.outside),
            escaped=done.escaped,
            binary=unhex(bytes(done.digits)),
            offset=done.offset,
        )

    def _word(self, name: str, value: int | None, offset: int) -> Event | None:
        collected = self._collecting()
        if name == "bin":
            return self._bin(max(value or 0, 0))
        if name == "u":
            if collected is not None:
                collected.escaped |= 0 < (value or 0) < 0x80 or not has_keyword("".join(collected.text[:40]))
                self._show(collected, chr((value or 0) % 0x10000))
                self._skip = 1
            return None
        if collected is not None and name in UNSPOKEN:
            self._groups[-1].starred = True
            collected.escaped |= name in ("ud", "upr")
        if name in DESTINATIONS and self._groups:
            self._groups[-1] = _Group(collects=_Collected(name=name, offset=offset), owns=True)
        elif name == "fldrslt" and self._groups:
            self._groups[-1] = _Group(collects=None, owns=False)
        return Word(name=name, value=value, offset=offset) if _TELLS.match(name) else None

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
        self._show(collected, piece[taken:].decode("cp1252", "replace"))

    def _show(self, collected: _Collected, text: str) -> None:
        collected.text.append(text)
        if not self._groups[-1].starred:
            collected.outside.append(text)


def has_keyword(text: str) -> bool:
    """Say whether an instruction's first word has ended: what follows it can't change which field it is."""
    return (bool(text.strip(' "')) and text.lstrip(' "')[-1:].isspace()) or len(text.split()) > 1


_NO_DIGITS = bytes(set(range(256)) - set(b"0123456789abcdefABCDEF"))


def unhex(digits: bytes) -> bytes:
    """Read hexadecimal digits as Word does: whatever is none is passed over, an odd one at the end dropped."""
    clean = digits.translate(None, _NO_DIGITS)
    return bytes.fromhex(clean[: len(clean) // 2 * 2].decode("ascii"))
