"""Walk XML of an office package with expat: events only, no tree, no entity, nothing loaded.

A DOCTYPE has no business in Office Open XML (ISO/IEC 29500-2 section 6.2.5 forbids it) and none with declarations
of its own in OpenDocument, so entities never get as far as being expanded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.parsers import expat

from attachguard.formats.refusal import Refused
from attachguard.model import Limits

Start = Callable[[str, Mapping[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A start tag: its name without the namespace, its namespace, and its attributes without theirs."""

    name: str
    namespace: str
    attributes: Mapping[str, str]


def local(name: str) -> str:
    """Take the namespace off a name as expat gives it."""
    return name.rpartition(" ")[2]


def walk(
    data: bytes,
    where: str,
    limits: Limits,
    start: Start,
    *,
    end: End | None = None,
    text: Text | None = None,
    bare_doctype: bool = False,
) -> None:
    """Call `start`, `end` and `text` for a document's events; names are `namespace local`, joined by one space.

    `bare_doctype` lets a DOCTYPE pass that declares nothing itself; its external subset is never loaded. Raises
    Refused: xml.doctype, limit.xml_depth, file.malformed. Linear in the input.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    depth = 0

    def open_element(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > limits.xml_depth:
            raise Refused("limit.xml_depth", where, f"more than {limits.xml_depth}")
        start(name, attributes)

    def close_element(name: str) -> None:
        nonlocal depth
        depth -= 1
        if end is not None:
            end(name)

    def doctype(_name: str, _system: str | None, _public: str | None, has_subset: int) -> None:
        if has_subset or not bare_doctype:
            raise Refused("xml.doctype", where)

    parser.StartElementHandler = open_element
    parser.EndElementHandler = close_element
    parser.StartDoctypeDeclHandler = doctype
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        parser.Parse(data, True)  # the whole document at once
    except expat.ExpatError as error:
        raise Refused("file.malformed", where, f"not well-formed XML: {error}") from error
    except (LookupError, ValueError) as error:  # Python's, for an encoding that it can't give expat
        raise Refused("file.malformed", where, "in an encoding that is not read") from error


def well_formed(data: bytes, where: str) -> None:
    """Read a document to its end for nothing but that it is well-formed, whatever its prefixes. Raises Refused.

    For documents without a DOCTYPE only: nothing is refused here but what is no XML.
    """
    try:
        expat.ParserCreate("utf-8").Parse(data, True)
    except expat.ExpatError as error:
        raise Refused("file.malformed", where, f"not well-formed XML: {error}") from error


def elements(data: bytes, where: str, limits: Limits, *, bare_doctype: bool = False) -> list[Element]:
    """List all start tags of a small document. Raises Refused like `walk`, and where two attributes have one name."""
    found: list[Element] = []

    def start(name: str, attributes: Mapping[str, str]) -> None:
        namespace, _, tag = name.rpartition(" ")
        plain = {local(key): value for key, value in attributes.items()}
        if len(plain) < len(attributes):  # readers differ in which of the two they take
            raise Refused("file.malformed", where, f"two attributes of {tag} have one name")
        found.append(Element(name=tag, namespace=namespace, attributes=plain))

    walk(data, where, limits, start, bare_doctype=bare_doctype)
    return found
