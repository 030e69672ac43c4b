"""What an XML document says, as a sequence of events: the same for two documents that say the same."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from attachguard.formats.xmlactive import ACTING_ATTRIBUTES, ACTIVE_NAMESPACES, OFFICE_PROGRAMS, acting
from attachguard.formats.xmlwalk import XINCLUDE

_CHUNK = 64 * 1024

Event = tuple[str, ...]
"""`start`, name, attributes sorted by name; `end`; or `text` and the text."""


def events(text: str) -> Iterator[Event]:
    """Yield a document's events without what is not data, and without comments. Linear.

    Entities are expanded (expat bounds their growth). Raises expat.ExpatError when the document is malformed.
    """
    reader = _Reader()
    parser = expat.ParserCreate("utf-8", " ")
    parser.specified_attributes = True
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    data = text.encode("utf-8", "replace")
    for at in range(0, len(data), _CHUNK):
        parser.Parse(data[at : at + _CHUNK], False)
        yield from reader.take()
    parser.Parse(b"", True)
    yield from reader.take()


@dataclass(slots=True)
class _Reader:
    events: list[Event] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    inside_active: int = 0
    """Depth inside an element that is no data; 0 outside."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        active = namespace in ACTIVE_NAMESPACES or namespace in XINCLUDE or (namespace, local) in OFFICE_PROGRAMS
        if active or self.inside_active:
            self.inside_active += 1
            return
        self._flush()
        kept = {key: value for key, value in attributes.items() if not _runs(key, value)}
        self.events.append(("start", name, *(part for item in sorted(kept.items()) for part in item)))

    def end(self, name: str) -> None:
        del name
        if self.inside_active:
            self.inside_active -= 1
            return
        self._flush()
        self.events.append(("end",))

    def characters(self, data: str) -> None:
        if not self.inside_active:
            self.texts.append(data)

    def take(self) -> list[Event]:
        """Hand over what is complete; text may still go on."""
        ready, self.events = self.events, []
        return ready

    def _flush(self) -> None:
        if self.texts:
            self.events.append(("text", "".join(self.texts)))
            self.texts.clear()


def _runs(attribute: str, value: str) -> bool:
    namespace, _, local = attribute.rpartition(" ")
    return local in ACTING_ATTRIBUTES and bool(acting(namespace, local, value))
