r"""An RTF file written anew: what formats and shows is copied, what carries, loads or runs is left out.

Destinations that old readers may pass over (`\*`) are kept by an allow-list; other destinations and control words go
by what they do. A field that is not on the list gives way to its last result, an object to the picture that shows it.
"""

import re
from dataclasses import dataclass, field

from attachguard.formats.markup import words
from attachguard.formats.rtffields import may_stay
from attachguard.formats.rtfwalk import DEPTH, UNSPOKEN, has_keyword

KEPT_STARS = words(
    """aftncn aftnsep aftnsepc annotation atnauthor atndate atnicn atnid atnparent atnref atntime atrfend atrfstart
    background bkmkend bkmkstart blipuid cs defchp defpap do docfmt ds falt ffdeftext ffformat ffhelptext ffl ffname
    ffstattext fldinst fname formfield ftncn ftnsep ftnsepc generator latentstyles listname listoverridetable
    listpicture liststylename listtable macc maccpr mmath mmathpict mmathpr momath momathpara momathparapr nonesttables
    oldcprops oldpprops oldsprops oldtprops panose pgp pgptbl picprop pn pnaiueo pnseclvl protend protstart protusertbl
    revtbl rsidtbl shpinst shppict tblstyleborders ts ud wgrffmtfilter"""
)
r"""Destinations written with `\*` that format, number, comment or draw; all others carry data for programs."""

DROPPED_DESTINATIONS = words(
    """hl colorschememapping datafield datastore factoidname ffentrymcr ffexitmcr file fileset filetbl fontemb fontfile
    htmltag info mailmerge mhtmltag nextfile objalias objclass objdata objname objsect objtime oleclsid passwordhash
    private propname subdocument svb template themedata userprops windowcaption xmlnstbl"""
)
"""Destinations that go with all they hold, wherever in a group they begin."""

DROPPED_WORD = re.compile(r"obj[a-z]*|linkself|ole[a-z]*|ocx[a-z]*|dde[a-z]*|mm(?!ath)[a-z]*|xml[a-z]*")
"""Control words that go by themselves; what follows them is text or belongs to a destination of its own."""

LINKED_SHAPE = words("pibName pibFillName pibLineName fillBlipName lineFillBlipName pihlShape")
"""Shape properties that name a file or an address ([MS-ODRAW] section 2.3)."""

GROUPS = 300_000
"""Groups of one file that are decided about one by one; those that hold formatting and text alone are not counted."""

_SPECIAL = "|".join(sorted(DROPPED_DESTINATIONS | words("bin obj linkself ole ocx dde mm xml fldinst sn")))
_PLAIN = rf"[^\\{{}}]++|\\(?!(?i:{_SPECIAL}))[A-Za-z]++-?+[0-9]{{0,10}}+ ?+|\\[^A-Za-z*]"
_DECIDED = r"\{(?![\r\n ]{0,64}\\(?:\*|(?i:fld|field|result|sp|sn|pict)))"
_INNER = rf"{_DECIDED}(?:{_PLAIN}){{0,100}}\}}"
_OUTER = rf"{_DECIDED}(?:{_PLAIN}|{_INNER}){{0,100}}\}}"
_RUN = re.compile(rf"(?:{_PLAIN}|{_OUTER}){{0,500}}".encode("ascii"), re.DOTALL)
"""Text and control words that only format, and groups of nothing else: copied as they are, in one step."""
_HEAD = re.compile(rb"\{[\r\n ]{0,64}(\\\*)?[\r\n ]{0,64}(?:\\([A-Za-z]{1,64}))?")
_RESULT = re.compile(rb"\A[\r\n ]{0,64}\\(?:fldrslt|result) ?")
_WORD = re.compile(rb"\\([A-Za-z]++)(-?[0-9]{1,10})? ?|\\", re.DOTALL)
_SHAPE = re.compile(rb"\{\\sp[\r\n ]{0,8}")
_SHAPE_NAME = re.compile(rb"\{\\sn[\r\n ]{1,8}([A-Za-z0-9_]{1,60})\}")
_STEP = re.compile(rb"[{}]|\\bin([0-9]{1,10}) ?|\\.|[^\\{}]++", re.DOTALL)
_OPEN_WORD = re.compile(rb"\\[A-Za-z]{1,64}-?[0-9]{0,10}\Z")
_BEGINNING = re.compile(rb"\A\{[\r\n ]{0,64}\\(?!rtf1[^0-9])rt[A-Za-z]*+-?+[0-9]*+( ?)")
r"""Of a file that Word opens, since for Word `{\rt` is enough, and that others do not know for what it is (RTF 1.9.1,
"RTF Version": `\rtf1`)."""
_ESCAPED_ASCII = re.compile(rb"\\u0{0,8}(?:[1-9]|[1-9][0-9]|1[01][0-9]|12[0-7])(?![0-9])")
"""A letter that needs no escape: an instruction that has one hides something."""
_NAME = re.compile(rb"\\([A-Za-z]{2,32})")
_STARRED = re.compile(rb"\\\*[\r\n ]{0,64}\\?([A-Za-z]{0,32})")
_ESCAPE = re.compile(rb"\\u-?[0-9]")
_OF_FIELDS = frozenset(
    {b"fldinst", b"formfield", b"ffname", b"ffdeftext", b"ffformat", b"ffhelptext", b"ffstattext", b"ffl"}
)
"""Destinations that stand in instructions of good documents (RTF 1.9.1, "Form Fields")."""
_LETTER = re.compile(
    rb"\\'([0-9A-Fa-f]{2})|\\u(-?[0-9]{1,6}) ?\??|\\[A-Za-z]++(?:-?[0-9]{1,10})? ?|\\([\\{}])|\\.|[{}\r\n]|(.)"
)


class BrokenGroupsError(ValueError):
    """Groups nested too deeply, or none at all: there is nothing that could be copied group by group."""


@dataclass(slots=True, kw_only=True)
class _Group:
    kind: str
    """`keep`, `field`, `instruction`, `result` (of a field), `object`, or `shown` (an object's result)."""
    out: list[bytes]
    picture: bool = False
    instruction: bytes = b""
    result: list[bytes] = field(default_factory=list)


def clean_rtf(data: bytes) -> bytes:
    """Write a file anew up to the end of its outermost group. Raises BrokenGroupsError. Linear."""
    return _Cleaner(data).cleaned()


class _Cleaner:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = data.find(b"{")
        self._groups: list[_Group] = []
        self._out: list[bytes] = []
        self._opened = 0

    def cleaned(self) -> bytes:
        if self._position < 0:
            raise BrokenGroupsError("no group")
        self._open()
        while self._groups:
            run = _RUN.match(self._data, self._position)
            if run is not None and run.end() > self._position:
                self._groups[-1].out.append(run[0])
                self._position = run.end()
            elif self._position >= len(self._data):
                self._close()
            else:
                self._step()
        return _BEGINNING.sub(rb"{\\rtf1\1", b"".join(self._out), count=1)

    def _step(self) -> None:
        match self._data[self._position : self._position + 1]:
            case b"{":
                self._open()
            case b"}":
                self._position += 1
                self._close()
            case _:
                self._word()

    def _open(self) -> None:
        head = _HEAD.match(self._data, self._position)
        star, word = (bool(head[1]), (head[2] or b"").decode("ascii").lower()) if head else (False, "")
        self._opened += 1
        if len(self._groups) >= DEPTH or self._opened > GROUPS:
            raise BrokenGroupsError(f"more than {DEPTH} groups in each other, or {GROUPS} in all")
        outer = self._groups[-1] if self._groups else None
        kind = self._kind(outer, word, star=star)
        if kind in (None, "object"):
            self._part()
        if kind is None:
            self._pass_over()
            return
        self._position += 1
        into = self._out if outer is None else outer.out
        picture = word == "pict" or (outer is not None and outer.picture)
        group = _Group(kind=kind, out=into if kind == "keep" else [], picture=picture)
        self._groups.append(group)
        if kind == "keep":
            into.append(b"{")
        if head is not None and (star or word in ("fldinst", "sn")):
            # Written here: anywhere else in a group, a star and these words are dropped.
            group.out.append(head[0][1:])
            self._position = head.end()

    def _kind(self, outer: _Group | None, word: str, *, star: bool) -> str | None:
        """Decide about a group by its first control word; None: it goes."""
        if outer is not None and outer.kind == "object":
            return "shown" if word == "result" else None
        if word == "object":
            return "object"
        if word in DROPPED_DESTINATIONS or (star and word not in KEPT_STARS):
            return None
        if (word == "sp" and self._is_linked_shape()) or (word == "sn" and self._names_linked_shape()):
            return None
        if outer is not None and outer.kind == "field" and word in ("fldinst", "fldrslt"):
            return "instruction" if word == "fldinst" else "result"
        if word == "fldinst":
            return None
        return "field" if word == "field" else "keep"

    def _is_linked_shape(self) -> bool:
        name = _SHAPE.match(self._data, self._position)
        return name is None or self._names_linked_shape(name.end())

    def _names_linked_shape(self, position: int | None = None) -> bool:
        name = _SHAPE_NAME.match(self._data, self._position if position is None else position)
        return name is None or name[1].decode("ascii") in LINKED_SHAPE

    def _close(self) -> None:
        group = self._groups.pop()
        outer = self._groups[-1] if self._groups else None
        into = self._out if outer is None else outer.out
        if group.kind == "keep":
            group.out.append(b"}")
        elif group.kind == "field":
            stays = may_stay(_plain(group.instruction)) and not _is_disguised(group.instruction)
            into.extend((b"{", *(group.out if stays else group.result), b"}"))
        elif group.kind == "object":
            into.extend((b"{", *group.result, b"}") if group.result else ())
        elif outer is not None and group.kind == "instruction":
            outer.instruction = b"".join(group.out)
            outer.out.extend((b"{", outer.instruction, b"}"))
        elif outer is not None:
            outer.result = [_RESULT.sub(b"", b"".join(group.out), count=1)]
            if outer.kind == "field":
                outer.out.extend((b"{", *group.out, b"}"))

    def _word(self) -> None:
        """Take a control word that does not only format."""
        self._part()
        word = _WORD.match(self._data, self._position)
        if word is None or word[1] is None:
            # A star that is not at the start of its group, or a lone backslash at the end of the file.
            self._position += 2
            return
        group, name = self._groups[-1], word[1].decode("ascii").lower()
        self._position = word.end()
        if name == "bin":
            end = min(word.end() + max(int(word[2] or 0), 0), len(self._data))
            if group.picture:
                # As digits, which mean the same: no reader can take them for anything else.
                group.out.append(self._data[word.end() : end].hex().encode("ascii"))
            self._position = end
        elif name in DROPPED_DESTINATIONS or name in ("fldinst", "sn"):
            # Not at the start of its group, where it belongs: some readers take it all the same.
            self._to_end_of_group()
        elif not DROPPED_WORD.fullmatch(name):
            group.out.append(word[0])

    def _part(self) -> None:
        """End a control word before something is left out, so that it can't grow together with what follows."""
        out = self._groups[-1].out if self._groups else self._out
        if out and _OPEN_WORD.search(out[-1][-80:]):
            out.append(b" ")

    def _pass_over(self) -> None:
        """Step over a whole group."""
        self._position += 1
        self._to_end_of_group()
        self._position += 1

    def _to_end_of_group(self) -> None:
        r"""Step to the brace that closes the present group, over groups inside and \bin data."""
        depth = 0
        while step := _STEP.match(self._data, self._position):
            if step[0] == b"}" and depth == 0:
                return
            depth += (step[0] == b"{") - (step[0] == b"}")
            self._position = step.end() + int(step[1] or 0)
        self._position = len(self._data)


def _is_disguised(raw: bytes) -> bool:
    """Tell whether some readers may see another instruction than others: escapes, alternatives, groups to pass over."""
    head = raw.partition(b"\\field")[0]
    if _ESCAPED_ASCII.search(raw) or any(word.decode("ascii").lower() in UNSPOKEN for word in _NAME.findall(head)):
        return True
    if any(word.lower() not in _OF_FIELDS for word in _STARRED.findall(head)):
        return True
    escape = _ESCAPE.search(head)
    return escape is not None and not has_keyword(_plain(head[: escape.start()]))


def _plain(raw: bytes) -> str:
    """Give the letters of an instruction up to a field inside it: what that computes, nobody knows."""
    text = []
    for match in _LETTER.finditer(raw.partition(b"\\field")[0][:4096]):
        byte, code, symbol, char = match.groups()
        if code is not None:
            text.append(chr(int(code) % 0x10000))
        elif byte is not None or symbol is not None or char is not None:
            piece = bytes([int(byte, 16)]) if byte is not None else symbol or char
            text.append(piece.decode("cp1252", "replace"))
    return "".join(text)
