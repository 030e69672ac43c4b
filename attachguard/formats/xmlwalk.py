"""Walks XML with expat for its findings: events only, no tree, no entity expanded, nothing loaded."""

from collections.abc import Callable, Mapping
from xml.parsers import expat

from attachguard.formats.charset import CODECS, xml_label
from attachguard.formats.harvest import PER_CODE, Harvest

XINCLUDE = frozenset({"http://www.w3.org/2001/XInclude", "http://www.w3.org/2003/XInclude"})

TAGS = 1_500_000
"""Less-than signs of a document; in ten megabytes of bank statements there are 600,000."""

Start = Callable[[str, str, Mapping[str, str], Callable[[], str]], None]
"""Called for elements that tell, and all with attributes: with the namespace, local name, attributes (`namespace local`
or `name`) and a way to ask for the line."""

Tells = Callable[[str, str], bool]
"""Asked once for each namespace and local name: whether such an element is looked at although it has no attribute."""

Text = Callable[[str, str], None]
"""Called with the local name of the element that text stands in, and the text (in pieces)."""


class _StopError(Exception):
    """Ends the walk after the finding that made going on pointless; never leaves this module."""


class Walk:
    """One walk over a document. What is wrong with the document itself is noted in the harvest."""

    def __init__(
        self, harvest: Harvest, tells: Tells, start: Start, text: Text | None = None, *, bare_doctype: bool
    ) -> None:
        """Prepare; `bare_doctype`: a DOCTYPE that declares nothing itself is expected, as in XHTML."""
        self._harvest = harvest
        self._tells = tells
        self._start = start
        self._text = text
        self._bare_doctype = bare_doctype
        self._path: list[str] = []
        self._names: dict[str, tuple[str, str, bool]] = {}
        self._depth = harvest.limits.xml_depth
        self._counts: dict[str, int] = {}
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close
        self._parser.CharacterDataHandler = _ignore if text is None else self._characters
        self._parser.buffer_text = True
        self._parser.specified_attributes = True  # those by declaration cost more than their size, and no copy has them
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._entity
        self._parser.ProcessingInstructionHandler = self._instruction
        self._parser.DefaultHandler = _ignore  # with it set, expat leaves entities in the content alone

    def over(self, text: str) -> None:
        """Read a whole document, noting xml.*, limit.xml_depth and file.malformed. Linear in the input."""
        if text.count("<") > TAGS:
            self._harvest.note("file.malformed", detail=f"more than {TAGS} tags")
            return
        try:
            self._parser.Parse(text.encode("utf-8", "replace"), True)
        except expat.ExpatError as error:
            self._harvest.note("file.malformed", f"line {error.lineno}", expat.ErrorString(error.code) or "")
        except _StopError:
            pass

    def _here(self) -> str:
        return f"line {self._parser.CurrentLineNumber}"

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        known = self._names.get(name)
        if known is None:
            known = self._names[name] = self._new_name(name)
        namespace, local, tells = known
        self._path.append(local)
        if len(self._path) > self._depth:
            self._note("limit.xml_depth", f"more than {self._depth}")
            raise _StopError
        if tells or attributes:
            if namespace in XINCLUDE:
                self._note("xml.include", attributes.get("href", ""))
            self._start(namespace, local, attributes, self._here)

    def _new_name(self, name: str) -> tuple[str, str, bool]:
        namespace, _, local = name.rpartition(" ")
        return namespace, local, namespace in XINCLUDE or self._tells(namespace, local)

    def _close(self, name: str) -> None:
        del name
        self._path.pop()

    def _characters(self, data: str) -> None:
        if self._text is not None:
            self._text(self._path[-1], data)

    def _doctype(self, name: str, system: str | None, public: str | None, has_subset: int) -> None:
        del name, public
        if has_subset or not self._bare_doctype:
            outside = f", loads {system}" if system else ""
            self._note("xml.doctype", f"{'with declarations' if has_subset else 'plain'}{outside}")

    def _entity(self, name: str, *declaration: object) -> None:
        del declaration
        self._note("xml.doctype", f"defines the entity {name}")

    def _instruction(self, target: str, content: str) -> None:
        del content
        self._note("xml.instruction", target)

    def _note(self, code: str, detail: str) -> None:
        """Note a fact here; past the first few of its kind no place is worked out any more."""
        count = self._counts[code] = self._counts.get(code, 0) + 1
        if count <= PER_CODE:
            self._harvest.note(code, self._here(), detail)


def _ignore(data: str) -> None:
    """Take what no other handler wants."""


def note_encoding(data: bytes, harvest: Harvest) -> None:
    """Report a declared encoding that readers may know and this one does not: they would see other markup."""
    label = xml_label(data)
    if label and label not in CODECS:
        harvest.note("file.malformed", "line 1", f"unknown encoding {label}")
