"""A new docx or xlsx of the old one's parts: what allowed relationships lead to, copied by the rules of markup.py.

Pictures are made anew one by one (pictures.py); files inside, which are judged by themselves, are not carried: an
embedded workbook or document shows as the picture that stands for it.
"""

import posixpath
from collections.abc import Iterator
from html import escape
from urllib.parse import quote

from attachguard.formats.contract import Order
from attachguard.formats.office.cut import DECLARATION
from attachguard.formats.office.graph import Graph, Kept, Node, relationships_of, walk_package
from attachguard.formats.office.markup import Around, copy_part
from attachguard.formats.office.package import write_package
from attachguard.formats.ooxml import CONTENT_TYPES, ROOT_RELATIONSHIPS
from attachguard.formats.refusal import Refused
from attachguard.formats.zip import read_package
from attachguard.model import Finding, Rebuilt

_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_RELS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"
_STRICT = "http://purl.oclc.org/ooxml/"
_MAIN_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
_MAIN_TYPE_STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument"


def rebuild(order: Order, kind: str) -> Rebuilt:
    """Make the copy, or say by findings why there is none."""
    whole = read_package(order.original, order.limits)
    if whole is None:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="no package"),))
    try:
        graph = walk_package(whole, kind, order.limits)
        around = Around(kind=kind, limits=order.limits)
        parts = [(node, copy_part(node, around)) for node in graph.nodes.values()]
    except Refused as refused:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail=refused.finding.code), refused.finding))
    return Rebuilt(data=write_package(_members(graph, parts)), findings=tuple(_lost(graph, around)))


def _members(graph: Graph, parts: list[tuple[Node, bytes]]) -> Iterator[tuple[str, bytes]]:
    yield CONTENT_TYPES, _content_types(graph).encode()
    main = parts[0][0]
    strict = any(kept.type.startswith(_STRICT) for kept in main.relationships) or _STRICT.encode() in parts[0][1][:4096]
    uri = _MAIN_TYPE_STRICT if strict else _MAIN_TYPE
    root = Kept(id="rId1", type=uri, target=main.name, external=False)
    yield ROOT_RELATIONSHIPS, _relationships("", [root]).encode()
    for node, content in parts:
        yield node.name, content
        if node.relationships:
            yield relationships_of(node.name), _relationships(node.name, node.relationships).encode()
    for name, picture in graph.pictures.items():
        yield name, picture.data


def _content_types(graph: Graph) -> str:
    pictures = {picture.extension: picture.media_type for picture in graph.pictures.values()}
    defaults = {"rels": _RELS_TYPE, "xml": "application/xml", **pictures}
    return "".join(
        (
            DECLARATION.decode(),
            f'<Types xmlns="{_PACKAGE}/content-types">',
            *(
                f'<Default Extension="{extension}" ContentType="{media_type}"/>'
                for extension, media_type in sorted(defaults.items())
            ),
            *(
                f'<Override PartName="{_part_name(node.name)}" ContentType="{escape(node.media_type)}"/>'
                for node in graph.nodes.values()
            ),
            "</Types>",
        )
    )


def _part_name(member: str) -> str:
    return escape(quote(f"/{member}", safe=_SAFE))


_SAFE = "/!$&'(),;=*:@-._~+"
"""What a part name may hold unescaped (RFC 3986 pchar)."""


def _relationships(part: str, kept: list[Kept]) -> str:
    written = []
    for one in kept:
        target = one.target if one.external else _relative(part, one.target)
        mode = ' TargetMode="External"' if one.external else ""
        written.append(
            f'<Relationship Id="{escape(one.id)}" Type="{escape(one.type)}" Target="{escape(target)}"{mode}/>'
        )
    head = f'{DECLARATION.decode()}<Relationships xmlns="{_PACKAGE}/relationships">'
    return "".join((head, *written, "</Relationships>"))


def _relative(part: str, target: str) -> str:
    return quote(posixpath.relpath(f"/{target}", f"/{posixpath.dirname(part)}"), safe=_SAFE)


def _lost(graph: Graph, around: Around) -> Iterator[Finding]:
    """Say what the copy does not have beside what the original's findings name."""
    if graph.signed:
        yield Finding("lost.signature")
    if graph.carried:
        yield Finding("lost.attachments", detail=f"{graph.carried} embedded")
    if graph.blanks:
        yield Finding("lost.pictures", detail=f"{graph.blanks} of {len(graph.pictures)}")
    if around.formulas:
        yield Finding("lost.formulas", detail=str(around.formulas))
    if around.links:
        yield Finding("lost.links", detail=str(around.links))
