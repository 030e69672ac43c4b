"""Which parts of an Open XML package a copy has: the ones that allowed relationships lead to from `_rels/.rels`."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field

from attachguard.formats.links import is_plain_link
from attachguard.formats.office.pictures import BLANK, Picture, fresh_picture
from attachguard.formats.office.relations import LINK, MAIN, NEEDS, PARTS, PICTURE, SIGNATURES
from attachguard.formats.ooxml import (
    ROOT_RELATIONSHIPS,
    Relationship,
    part_key,
    read_content_types,
    read_relationships,
    resolve,
)
from attachguard.formats.refusal import Refused
from attachguard.formats.zip import Package, unpack
from attachguard.model import Limits

EXTERNAL_SOURCE = b'type="external"'

VOCABULARIES = (
    "http://schemas.openxmlformats.org/",
    "http://purl.oclc.org/ooxml/",
    "http://schemas.microsoft.com/office/",
)
"""Beginnings of relationship types: transitional, strict, Microsoft's own. Any other one is not followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A relationship of the copy."""

    id: str
    type: str
    """The whole URI, as in the original: programs tell strict from transitional by it."""
    target: str
    """The part's name, or the address where it is external."""
    external: bool


@dataclass(slots=True, kw_only=True)
class Node:
    """One part of the copy."""

    name: str
    kind: str
    """Type of the relationship that leads here."""
    media_type: str
    content: bytes
    relationships: list[Kept] = field(default_factory=list)
    dropped: dict[str, str] = field(default_factory=dict)
    """Relationships that are not followed: their types by their ids."""


@dataclass(slots=True, kw_only=True)
class Graph:
    """The parts of a copy, the main one first, and what was left behind on the way."""

    nodes: dict[str, Node] = field(default_factory=dict)
    """By the name in lower case."""
    pictures: dict[str, Picture] = field(default_factory=dict)
    """By the name that each has in the copy."""
    blanks: int = 0
    """Pictures that became blank."""
    signed: bool = False
    carried: int = 0
    """Files inside that stay behind."""


def walk_package(whole: Package, kind: str, limits: Limits) -> Graph:
    """Follow the allowed relationships of a package. Raises Refused."""
    return _Walk(whole, kind, limits).graph


class _Walk:
    def __init__(self, whole: Package, kind: str, limits: Limits) -> None:
        self.graph = Graph()
        self._whole = whole
        self._limits = limits
        self._contents = {part_key(member.name): (member.name, content) for member, content in unpack(whole, limits)}
        self._types = read_content_types(whole, limits)
        self._drawn: dict[str, str] = {}
        """Names of pictures in the copy by their names in the original."""
        roots = read_relationships(whole, ROOT_RELATIONSHIPS, limits)
        self.graph.signed = any(relationship.type in SIGNATURES for relationship in roots)
        main = next((r for r in roots if r.type == "officedocument" and not r.external), None)
        target = resolve(ROOT_RELATIONSHIPS, main.target) if main else ""
        if target not in self._contents or self._types.of(target) != MAIN[kind]:
            raise Refused("copy.failed", ROOT_RELATIONSHIPS, "no main part")
        self._follow(target)
        while self._forget_incomplete():
            pass
        taken = next((name for name in self.graph.pictures if name.lower() in self.graph.nodes), None)
        if taken is not None:
            raise Refused("copy.failed", taken, "is the name of a part that is no picture")

    def _follow(self, main: str) -> None:
        waiting = [self._add(main, "officedocument")]
        while waiting:
            node = waiting.pop()
            for relationship in self._relationships(node.name):
                found = self._keep(node, relationship)
                if found is not None:
                    waiting.append(found)

    def _relationships(self, part: str) -> Iterator[Relationship]:
        member = relationships_of(part)
        if part_key(member) in self._contents:
            yield from read_relationships(self._whole, member, self._limits)

    def _keep(self, node: Node, relationship: Relationship) -> Node | None:
        """Decide on one relationship; give the part it leads to where that has not been seen yet."""
        kind = relationship.type
        if not relationship.uri.startswith(VOCABULARIES):
            node.dropped[relationship.id] = "unknown"
            return None
        in_place = relationship.target.startswith("#")
        if kind == LINK and (in_place or relationship.external) and is_plain_link(relationship.target):
            self._link(node, relationship, relationship.target, external=True)
            return None
        if kind == PICTURE:
            self._link(node, relationship, self._picture(node, relationship))
            return None
        target = "" if relationship.external else resolve(relationships_of(node.name), relationship.target)
        if target not in self._contents or self._types.of(target) not in PARTS.get(kind, ()) or self._outside(target):
            node.dropped[relationship.id] = kind
            self.graph.carried += kind in {"oleobject", "package", "afchunk"}
            return None
        self._link(node, relationship, self._contents[target][0])
        return None if target in self.graph.nodes else self._add(target, kind)

    def _link(self, node: Node, relationship: Relationship, target: str, *, external: bool = False) -> None:
        node.relationships.append(Kept(id=relationship.id, type=relationship.uri, target=target, external=external))

    def _add(self, target: str, kind: str) -> Node:
        name, content = self._contents[target]
        node = Node(name=name, kind=kind, media_type=self._types.of(target), content=content)
        self.graph.nodes[target] = node
        return node

    def _outside(self, target: str) -> bool:
        """Tell a pivot table's cache whose source is not in the file (18.10.1.12)."""
        media_type = self._types.of(target)
        if not media_type.endswith("pivotcachedefinition+xml"):
            return False
        head = self._contents[target][1][:16384].partition(b"<cacheFields")[0].replace(b"'", b'"')
        return EXTERNAL_SOURCE in head or any(r.type != "pivotcacherecords" for r in self._relationships(target))

    def _picture(self, node: Node, relationship: Relationship) -> str:
        """Name the fresh picture that takes a picture's place."""
        target = "" if relationship.external else resolve(relationships_of(node.name), relationship.target)
        if target in self._drawn:
            return self._drawn[target]
        fresh = fresh_picture(self._contents[target][1], self._limits) if target in self._contents else None
        self.graph.blanks += fresh is None
        picture = fresh or BLANK
        folder = posixpath.dirname(self._contents[target][0]) if target in self._contents else _media_of(node.name)
        name = f"{folder}/picture{len(self._drawn) + 1}.{picture.extension}".lstrip("/")
        self._drawn[target] = name
        self.graph.pictures[name] = picture
        return name

    def _forget_incomplete(self) -> bool:
        """Leave out parts whose needed part is missing, and what only they led to; say whether any was found."""
        bad = {
            key
            for key, node in self.graph.nodes.items()
            if node.kind in NEEDS and NEEDS[node.kind] in node.dropped.values()
        }
        for node in self.graph.nodes.values():
            for kept in [kept for kept in node.relationships if kept.target.lower() in bad and not kept.external]:
                node.relationships.remove(kept)
                node.dropped[kept.id] = "incomplete"
        for key in bad:
            del self.graph.nodes[key]
        return bool(bad)


def relationships_of(part: str) -> str:
    """Name the relationships part of a part (ISO/IEC 29500-2 section 6.5.2)."""
    folder, base = posixpath.split(part)
    return f"{folder}/_rels/{base}.rels".lstrip("/")


def _media_of(part: str) -> str:
    return f"{posixpath.dirname(part)}/media"
