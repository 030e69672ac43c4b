"""What an XML document says, in a writing of its own: the same for two documents that say the same."""

from collections.abc import Iterator
from xml.parsers import expat

from attachguard.formats.xmlactive import ACTING_ATTRIBUTES, ACTIVE_NAMESPACES, OFFICE_PROGRAMS, acting
from attachguard.formats.xmlwalk import XINCLUDE
from attachguard.model import Finding

_CHUNK = 64 * 1024

_START, _ATTRIBUTE, _END = "\x01", "\x02", "\x03"
"""Stand before what they announce: no XML 1.0 document can hold these characters (section 2.2)."""

_ACTING = tuple(ACTING_ATTRIBUTES)
_SHOWN = 200
"""Characters of a difference that are told."""


def differences(original: str, copy: str) -> Iterator[Finding]:
    """Tell of the first element, attribute or text that is another one in a copy. Linear.

    What is not data, and comments, are left aside in both. Raises expat.ExpatError when one is malformed.
    """
    before, after = _Reader(original).writing(), _Reader(copy).writing()
    old = new = ""
    read = 0
    while True:
        old, new = old or next(before, ""), new or next(after, "")
        length = min(len(old), len(new))
        if old[:length] != new[:length] or not length:
            break
        old, new, read = old[length:], new[length:], read + length
    if old or new:
        yield Finding("copy.unfaithful", f"character {read}", f"{_legible(old)} became {_legible(new)}")


def _legible(writing: str) -> str:
    return repr(writing[:_SHOWN].translate({0x01: "<", 0x02: " ", 0x03: ">"}))


class _Reader:
    """Listens to the events of one document."""

    def __init__(self, text: str) -> None:
        self._data = text.encode("utf-8", "replace")
        self._written: list[str] = []
        self._write = self._written.append
        self._active: dict[str, bool] = {}
        self._inside = 0
        """Depth inside an element that is no data; 0 outside."""
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.specified_attributes = True
        self._parser.ordered_attributes = True
        self._parser.buffer_text = True
        self._listen()

    def writing(self) -> Iterator[str]:
        """Write what the document says, a piece at a time. Entities are expanded (expat bounds their growth)."""
        for at in range(0, len(self._data), _CHUNK):
            self._parser.Parse(self._data[at : at + _CHUNK], False)
            yield from self._taken()
        self._parser.Parse(b"", True)
        yield from self._taken()

    def _taken(self) -> Iterator[str]:
        if self._written:
            yield "".join(self._written)
            self._written.clear()

    def _listen(self) -> None:
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._write

    def _start(self, name: str, attributes: list[str]) -> None:
        active = self._active.get(name)
        if active is None:
            active = self._active[name] = _is_active(name)
        if active:
            self._inside = 1
            self._parser.StartElementHandler = self._deeper
            self._parser.EndElementHandler = self._back
            self._parser.CharacterDataHandler = None
            return
        self._write(_START + name)
        if len(attributes) == 2 and not attributes[0].endswith(_ACTING):  # as most that have any
            self._write(_ATTRIBUTE + _ATTRIBUTE.join(attributes))
        elif attributes:
            self._written += sorted(_kept(attributes))

    def _end(self, name: str) -> None:
        del name
        self._write(_END)

    def _deeper(self, name: str, attributes: list[str]) -> None:
        del name, attributes
        self._inside += 1

    def _back(self, name: str) -> None:
        del name
        self._inside -= 1
        if not self._inside:
            self._listen()


def _kept(attributes: list[str]) -> Iterator[str]:
    for key, value in zip(attributes[::2], attributes[1::2], strict=True):
        if not (key.endswith(_ACTING) and _runs(key, value)):
            yield f"{_ATTRIBUTE}{key}{_ATTRIBUTE}{value}"


def _is_active(name: str) -> bool:
    namespace, _, local = name.rpartition(" ")
    return namespace in ACTIVE_NAMESPACES or namespace in XINCLUDE or (namespace, local) in OFFICE_PROGRAMS


def _runs(attribute: str, value: str) -> bool:
    namespace, _, local = attribute.rpartition(" ")
    return local in ACTING_ATTRIBUTES and bool(acting(namespace, local, value))
