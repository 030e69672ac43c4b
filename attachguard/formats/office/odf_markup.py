"""What is kept of the markup in OpenDocument files: elements that show (odf_elements.py), and addresses inside.

An element that acts but shows text gives its text back; one that acts and shows nothing goes whole.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from attachguard.formats.formulas import formula_findings
from attachguard.formats.links import is_plain_link, leads_outside, scheme_of
from attachguard.formats.odf_inspect import LOADED, SCRIPT_SCHEMES
from attachguard.formats.office.cut import (
    DROP,
    Answer,
    AttributeRule,
    Attributes,
    Changes,
    Cutter,
    Dropped,
    Handler,
    Name,
    name_of,
)
from attachguard.formats.office.formula import leaves_file, only_calculates
from attachguard.formats.office.odf_elements import ACTING, EXTENSIONS, STANDARD
from attachguard.formats.office.wordfields import is_allowed
from attachguard.model import Limits

UNWRAPPED = frozenset({"dde-connection", "database-display", "database-name", "execute-macro"})
"""Fields that act and show text (section 7): the text stays."""

LINKS = frozenset({"a", "bookmark", "hyperlink"})
PICTURES = frozenset({"image", "background-image", "fill-image", "list-level-style-image", "symbol-image"})
FORMULAS = frozenset({"formula", "condition", "expression"})
"""Attributes that hold formulas or conditions."""

ADDRESSES = LOADED | {"url", "about", "resource"}
"""Attributes that hold an address in whatever vocabulary: of bibliographies, of RDFa, and those that load."""

PERSONAL = frozenset(
    word
    for line in (
        "PrinterName PrinterSetup PrinterPaperFromSetup CurrentDatabaseDataSource CurrentDatabaseCommand",
        "CurrentDatabaseCommandType ColorTableURL DashTableURL LineEndTableURL HatchTableURL GradientTableURL",
        "BitmapTableURL Rsid RsidRoot BasicLibraries DialogLibraries ScriptConfiguration",
    )
    for word in line.split()
)
"""Settings that name printers, data sources or files of the sender's computer, or list libraries of scripts."""

_XLINK = "http://www.w3.org/1999/xlink"
_PREFIX = re.compile(r"[a-z]{1,10}:")


@dataclass(slots=True, kw_only=True)
class Package:
    """What the members of one package share while it is copied."""

    members: frozenset[str]
    moved: dict[str, str] = field(default_factory=dict)
    """New names of pictures whose ending was untrue."""
    pictures: int = 0
    objects: int = 0
    formulas: int = 0
    links: int = 0


def copy_member(name: str, content: bytes, package: Package, limits: Limits) -> bytes:
    """Copy one XML member by the rules. Raises Refused."""
    member = _Member(name, package)
    return Cutter(content, name, limits, member.resolve, member.resolve_attribute).copy(bare_doctype=True)


class _Member:
    def __init__(self, name: str, package: Package) -> None:
        self._folder = name.rpartition("/")[0]
        self._package = package

    def resolve(self, name: Name) -> Handler | None:
        """Choose what becomes of an element."""
        if name.local in UNWRAPPED and name.namespace in STANDARD:
            return _unwrap
        if not _may_stay(name):
            return self._go
        if name.local in LINKS:
            return self._link
        if name.local == "param":
            return _field_code
        return _setting if name.local in {"config-item", "config-item-set"} else None

    def resolve_attribute(self, name: Name) -> AttributeRule | None:
        """Choose what becomes of an attribute."""
        if name.namespace == _XLINK:
            return self._address if name.local == "href" else None
        if name.local in FORMULAS:
            return self._formula
        return _loaded if name.local in ADDRESSES else None

    def _go(self, cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
        del cutter, attributes, start
        self._package.objects += name.local == "object-ole"
        return DROP

    def _link(self, cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
        del name
        addresses = [value for key, value in attributes.items() if _is_href(name_of(key))]
        if all(is_plain_link(address) for address in addresses):
            return None
        self._package.links += 1
        return cutter.unwrapped(start)

    def _address(self, element: Name, attributes: Attributes, name: Name, value: str) -> Changes | Dropped:
        """Keep addresses of members of the copy; the element of any other goes (part 2 section 3.7)."""
        del attributes, name
        if element.local in LINKS or value.startswith("#") or not value:
            return {}
        target = unquote(value.removeprefix("./")).rstrip("/")
        path = f"{self._folder}/{target}" if self._folder else target
        while path.startswith("../") or "/../" in path:
            path = path.partition("/../")[2] if "/../" in path else ""
        moved = self._package.moved.get(path)
        if moved is not None:
            return {} if moved == path else {"": value[: len(value) - len(path)] + moved}
        if path in self._package.members or f"{path}/" in self._package.members:
            return {}
        self._package.pictures += element.local in PICTURES
        self._package.objects += element.local == "object"
        return DROP

    def _formula(self, element: Name, attributes: Attributes, name: Name, value: str) -> Changes | Dropped:
        del attributes
        bare = _PREFIX.sub("", value, count=1)
        if name.local == "condition":
            if not leaves_file(bare) and not any(True for _ in formula_findings(bare)):
                return {}
        elif only_calculates(bare.lstrip("=")) and not leaves_file(bare):
            return {}
        self._package.formulas += 1
        return DROP if element.local == "named-expression" else {"": None}


def _loaded(element: Name, attributes: Attributes, name: Name, value: str) -> Changes:
    """Take away addresses of other vocabularies that are programs or lie outside; a bibliography's may be the web's."""
    del element, attributes
    runs = scheme_of(value) in SCRIPT_SCHEMES
    return {"": None} if runs or (name.local in LOADED and leads_outside(value)) else {}


def _field_code(cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
    """Leave out the code of a field of Word's that LibreOffice keeps without knowing it, unless it is harmless."""
    del cutter, name, start
    values = [value for key, value in attributes.items() if name_of(key).local == "value"]
    is_code = any(value.endswith(".code") for value in attributes.values())
    return DROP if is_code and not all(is_allowed(value) for value in values) else None


def _may_stay(name: Name) -> bool:
    if name.local in ACTING:
        return False
    return name.namespace in EXTENSIONS or name.local in STANDARD.get(name.namespace, ())


def _unwrap(cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
    del name, attributes
    return cutter.unwrapped(start)


def _setting(cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
    """Leave out settings that tell about the sender (part 3 section 3.10)."""
    del cutter, name, start
    return DROP if any(value in PERSONAL for value in attributes.values()) else None


def _is_href(name: Name) -> bool:
    return name.namespace == _XLINK and name.local == "href"
