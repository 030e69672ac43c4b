"""Copies XML without what may not stay: bytes of kept tags and text are copied as they stand, the rest is cut out.

expat says where tags begin and what they are called; nothing is built in memory but a list of cuts, so a sheet of
50 MiB costs little more than its bytes. A removed element keeps its tail text, since that lies outside of the cut.
Comments, processing instructions, the prolog and whatever follows the root are never copied.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from xml.parsers import expat

from attachguard.formats.office.calm import blanked
from attachguard.formats.office.vocabulary import is_shallow, vocabulary
from attachguard.formats.refusal import Refused
from attachguard.formats.xmlscan import well_formed
from attachguard.model import Limits

DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

_ATTRIBUTE = re.compile(rb"""[ \t\r\n]+([^ \t\r\n=/>]+)[ \t\r\n]*=[ \t\r\n]*("[^"]*"|'[^']*')""")
_ENCODING = re.compile(
    rb"""<\?xml[ \t\r\n][^>]{0,256}?encoding[ \t\r\n]{0,8}=[ \t\r\n]{0,8}["']([-_.:A-Za-z0-9]{1,40})"""
)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")

Attributes = Mapping[str, str]
"""By `namespace local prefix`, `namespace local` or `local`, as expat names them."""

Changes = Mapping[str, str | None]
"""New values of attributes; None takes the attribute away."""


@dataclass(frozen=True, slots=True)
class Name:
    """An element's or attribute's name."""

    namespace: str
    local: str
    prefix: str

    @property
    def written(self) -> str:
        """The name as it stands in the document."""
        return f"{self.prefix}:{self.local}" if self.prefix else self.local


@dataclass(slots=True, eq=False)
class Open:
    """An element under way that something is to be done about when it ends."""

    start: int
    end: "Callable[[Open, int, int], None] | None" = None
    """Called with this, and where the end tag begins and ends."""
    kept: int = 0
    """Child elements that stay."""
    dropped: int = 0
    """Child elements that were cut out."""


class Dropped:
    """Says: this element goes, with everything in it."""


DROP = Dropped()

Answer = Open | Dropped | None
"""None: the element stays as it is."""

Handler = Callable[["Cutter", Name, Attributes, int], Answer]
"""Called for a start tag with the place where it begins."""

Resolve = Callable[[Name], Handler | None]
"""Chooses the handler of an element once per name; None: elements of that name stay as they are."""

AttributeRule = Callable[[Name, Attributes, Name, str], Changes | Dropped]
"""Called with an element's name, its attributes, and the attribute's name and value; in its answer, the key `""` stands
for that attribute."""

ResolveAttribute = Callable[[Name], AttributeRule | None]


@lru_cache(maxsize=4096)
def name_of(key: str) -> Name:
    """Take apart a name as expat gives it."""
    pieces = key.split(" ")
    if len(pieces) == 1:
        return Name("", key, "")
    return Name(pieces[0], pieces[1], pieces[2] if len(pieces) > 2 else "")


def as_utf8(data: bytes, where: str) -> bytes:
    """Give a document's bytes in UTF-8 without a mark. Raises Refused for other encodings than XML 1.0 names."""
    if data.startswith(_UTF_16):
        codec = "utf-16" if data[:2] in _UTF_16[:2] else ("utf-16-le" if data[1:2] == b"\0" else "utf-16-be")
    else:
        found = _ENCODING.match(data.removeprefix(b"\xef\xbb\xbf"))
        label = found[1].decode("ascii").lower() if found else "utf-8"
        codec = {"us-ascii": "ascii", "iso-8859-1": "latin-1", "windows-1252": "cp1252"}.get(label, label)
        if codec in {"utf-8", "utf8"}:
            return data.removeprefix(b"\xef\xbb\xbf")
        if codec not in {"ascii", "latin-1", "cp1252"}:
            raise Refused("file.malformed", where, f"in the encoding {label}")
    try:
        return data.decode(codec).removeprefix("\ufeff").encode()
    except UnicodeError as error:
        raise Refused("file.malformed", where, f"not the {codec} it says it is") from error


class Cutter:
    """One document being copied."""

    def __init__(
        self, data: bytes, where: str, limits: Limits, resolve: Resolve, resolve_attribute: ResolveAttribute
    ) -> None:
        self.data = as_utf8(data, where)
        self.where = where
        self.path: list[Name] = []
        """Names of the elements that are open, the root first."""
        self._limits = limits
        self._resolve = resolve
        self._resolve_attribute = resolve_attribute
        self._names: dict[str, tuple[Name, Handler | None]] = {}
        self._free: set[str] = set()
        """Attributes that no rule is about."""
        self._rules: dict[str, tuple[Name, AttributeRule]] = {}
        self._open: list[Open | None] = []
        self._edits: list[tuple[int, int, bytes]] = []
        self._depth = 0
        self._skipped = 0
        """Depth of the element being left out; 0: none."""
        self._skip_from = 0
        self._begin = -1
        self._stop = len(self.data)
        self._texts: list[str] = []

    def copy(self, *, finish: Callable[[], None] | None = None, bare_doctype: bool = False) -> bytes:
        """Make the copy; `finish` is called before the cuts are made, if any rule is about the document at all.

        Raises Refused: xml.doctype, limit.xml_depth, file.malformed. Linear in the input.
        """
        read = blanked(self.data)
        if (whole := self._untouched(read)) is not None:
            return whole
        parser = self._parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        parser.namespace_prefixes = True
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CommentHandler = self._comment
        parser.ProcessingInstructionHandler = self._instruction
        parser.SkippedEntityHandler = self._entity
        parser.StartDoctypeDeclHandler = self._bare if bare_doctype else self._doctype
        try:
            parser.Parse(read, True)
        except expat.ExpatError as error:
            raise Refused("file.malformed", self.where, f"not well-formed XML: {error}") from error
        finally:
            del self._parser  # it and its handlers hold each other
        if finish is not None:
            finish()
        return self._joined()

    # -- for the handlers ----------------------------------------------------------------------------------------

    def tag_end(self, start: int) -> int:
        """Say where the start tag that begins at `start` ends."""
        at = start + 1
        while True:
            stop = self.data.index(b">", at)
            quotes = _first_quote(self.data, at, stop)
            if quotes < 0:
                return stop + 1
            at = self.data.index(self.data[quotes : quotes + 1], quotes + 1) + 1

    def change(self, start: int, changes: Changes) -> None:
        """Change attributes of the start tag that begins at `start`; keys are as expat gives them."""
        wanted = {name_of(key).written.encode(): value for key, value in changes.items()}
        for found in _ATTRIBUTE.finditer(self.data, start, self.tag_end(start)):
            if found[1] in wanted:
                value = wanted[found[1]]
                new = b"" if value is None else b" %b=%b" % (found[1], f'"{escape(value)}"'.encode())
                self.replace(found.start(), found.end(), new)

    def rename(self, start: int, key: str, local: str) -> None:
        """Give an attribute of the start tag that begins at `start` another local name."""
        old = name_of(key)
        for found in _ATTRIBUTE.finditer(self.data, start, self.tag_end(start)):
            if found[1] == old.written.encode():
                self.replace(*found.span(1), Name(old.namespace, local, old.prefix).written.encode())

    def replace(self, start: int, stop: int, new: bytes = b"") -> None:
        """Write something else, or nothing, in the place of bytes."""
        self._edits.append((start, stop, new))

    def unwrapped(self, start: int) -> Open:
        """Answer that an element's tags go and its content stays."""
        self.replace(start, self.tag_end(start))
        return Open(start=start, end=self._cut_end_tag)

    def pruned(self, start: int) -> Open:
        """Answer that an element goes when nothing is left in it of what it held."""
        return Open(start=start, end=self._prune)

    def collecting(self, start: int, end: Callable[[Open, int, int], None]) -> Open:
        """Answer that an element's text is wanted at its end, where `collected` gives it."""
        self._texts = []
        self._parser.CharacterDataHandler = self._texts.append
        return Open(start=start, end=end)

    def collected(self) -> str:
        """Give the text since `collecting`."""
        self._parser.CharacterDataHandler = None
        return "".join(self._texts)

    # -- expat's events --------------------------------------------------------------------------------------------

    def _untouched(self, read: bytes) -> bytes | None:
        """Copy a document in which no rule is about anything; None: it has to be read tag by tag."""
        words = vocabulary(read)
        if (
            words is None
            or any(self._resolve(name_of(key)) is not None for key in words.elements)
            or any(self._resolve_attribute(name_of(key)) is not None for key in words.attributes)
            or not is_shallow(read, self._limits.xml_depth)
        ):
            return None
        well_formed(read, self.where)
        return DECLARATION + self.data[words.begin : words.stop]

    def _start(self, key: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > self._limits.xml_depth:
            raise Refused("limit.xml_depth", self.where, f"more than {self._limits.xml_depth}")
        if self._skipped:
            return
        known = self._names.get(key)
        if known is None:
            known = self._new_name(key)
        name, handler = known
        parent = self._open[-1] if self._open else None
        answer: Answer = None
        if handler is not None:
            start: int = self._parser.CurrentByteIndex
            answer = handler(self, name, attributes, start)
        if answer is not DROP and not self._free.issuperset(attributes):
            answer = self._attributes(name, attributes, answer)
        if self._begin < 0:
            self._begin = self._parser.CurrentByteIndex
        if isinstance(answer, Dropped):
            self._skipped, self._skip_from = self._depth, self._parser.CurrentByteIndex
            self._parser.CharacterDataHandler = None
            if parent is not None:
                parent.dropped += 1
            return
        if parent is not None:
            parent.kept += 1
        self.path.append(name)
        self._open.append(answer)

    def _end(self, key: str) -> None:
        del key
        depth, self._depth = self._depth, self._depth - 1
        if self._skipped:
            if depth == self._skipped:
                self._skipped = 0
                _, stop = self._end_tag(self._skip_from)
                self.replace(self._skip_from, stop)
                if depth == 1:
                    raise Refused("file.malformed", self.where, "is of a kind that is not known")
            return
        self.path.pop()
        element = self._open.pop()
        if element is not None and element.end is not None:
            element.end(element, *self._end_tag(element.start))
        if depth == 1:
            self._stop = self._end_tag(self._begin)[1]

    def _end_tag(self, start: int) -> tuple[int, int]:
        """Say where the end tag of the element that ends now begins and ends; an empty one ends with its start."""
        stop = self.tag_end(start)
        if self.data[stop - 2 : stop - 1] == b"/":
            return stop, stop
        at: int = self._parser.CurrentByteIndex
        return at, self.data.index(b">", at) + 1

    def _attributes(self, name: Name, attributes: dict[str, str], answer: Answer) -> Answer:
        changes: dict[str, str | None] = {}
        for key, value in attributes.items():
            if key in self._free:
                continue
            known = self._rules.get(key)
            if known is None:
                attribute = name_of(key)
                rule = self._resolve_attribute(attribute)
                if rule is None:
                    self._free.add(key)
                    continue
                known = self._rules[key] = (attribute, rule)
            said = known[1](name, attributes, known[0], value)
            if isinstance(said, Dropped):
                return DROP
            changes.update({key: said[""]} if "" in said else said)
        if changes:
            self.change(self._parser.CurrentByteIndex, changes)
        return answer

    def _new_name(self, key: str) -> tuple[Name, Handler | None]:
        name = name_of(key)
        self._names[key] = (name, self._resolve(name))
        return self._names[key]

    def _comment(self, text: str) -> None:
        del text
        if not self._skipped:
            at = self._parser.CurrentByteIndex
            self.replace(at, self.data.index(b"-->", at + 4) + 3)

    def _instruction(self, target: str, content: str) -> None:
        del target, content
        if not self._skipped:
            at = self._parser.CurrentByteIndex
            self.replace(at, self.data.index(b"?>", at) + 2)

    def _entity(self, name: str, is_parameter: bool) -> None:
        if not is_parameter:
            raise Refused("xml.doctype", self.where, f"uses the entity {name}")

    def _doctype(self, *declared: object) -> None:
        del declared
        raise Refused("xml.doctype", self.where)

    def _bare(self, name: str, system: str | None, public: str | None, has_subset: int) -> None:
        del name, system, public
        if has_subset:
            raise Refused("xml.doctype", self.where)

    def _cut_end_tag(self, element: Open, at: int, stop: int) -> None:
        del element
        if stop > at:
            self.replace(at, stop)

    def _prune(self, element: Open, at: int, stop: int) -> None:
        del at
        if element.dropped and not element.kept:
            self.replace(element.start, stop)
            parent = self._open[-1] if self._open else None
            if parent is not None:
                parent.kept -= 1
                parent.dropped += 1

    def _joined(self) -> bytes:
        if self._begin < 0:
            raise Refused("file.malformed", self.where, "has no root element")
        pieces, at = [DECLARATION], self._begin
        for start, stop, new in sorted(self._edits, key=_outer_first):
            if start < at or start >= self._stop:
                continue  # inside of what was cut already, or behind the root
            pieces += (self.data[at:start], new)
            at = stop
        pieces.append(self.data[at : self._stop])
        return b"".join(pieces)


def _outer_first(edit: tuple[int, int, bytes]) -> tuple[int, int]:
    return edit[0], -edit[1]


def _first_quote(data: bytes, at: int, stop: int) -> int:
    double, single = data.find(b'"', at, stop), data.find(b"'", at, stop)
    return min(double, single) if double >= 0 and single >= 0 else max(double, single)
