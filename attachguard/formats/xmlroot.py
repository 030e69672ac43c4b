"""The root element of XML, without reading the document: expat is fed its beginning and stopped there.

Nothing outside is ever loaded (no handler for it is set) and entities in the content are not expanded; in attributes
expat itself bounds them (billion laughs, since 2.4).
"""

from dataclasses import dataclass
from xml.parsers import expat

HEAD = 256 * 1024
"""Characters that are looked at: prologs with licences and internal subsets are long, but not that long."""

_SEPARATOR = " "
"""Stands between namespace and local name in expat's names; no namespace can hold one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """What stands at the top of an XML document."""

    namespace: str
    """Empty when there is none."""
    name: str
    """The local name, in its own case."""
    declared: bool
    """Whether an XML declaration, or a DOCTYPE other than HTML's, stands before it."""


class _EnoughError(Exception):
    """Stops expat; never leaves this module."""


@dataclass(slots=True)
class _Reader:
    root: Root | None = None
    declared: bool = False

    def declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        del version, encoding, standalone
        self.declared = True

    def doctype(self, name: str, system: str | None, public: str | None, has_subset: int) -> None:
        del system, public, has_subset
        self.declared = self.declared or name.lower() != "html"

    def start(self, name: str, attributes: dict[str, str]) -> None:
        del attributes
        namespace, _, local = name.rpartition(_SEPARATOR)
        self.root = Root(namespace=namespace, name=local, declared=self.declared)
        raise _EnoughError


def root_of(text: str) -> Root | None:
    """Read the root of XML; None when no root stands in the first HEAD characters. Never raises, linear.

    What follows the root may be malformed: that is for inspection to say.
    """
    reader = _Reader()
    parser = expat.ParserCreate("utf-8", _SEPARATOR)
    parser.XmlDeclHandler = reader.declaration
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler = reader.start
    try:
        parser.Parse(text.lstrip()[:HEAD].encode("utf-8", "replace"), False)
    except (_EnoughError, expat.ExpatError):
        return reader.root
    return None
