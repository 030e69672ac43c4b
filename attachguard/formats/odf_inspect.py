"""What acts, loads, hides or exhausts in odt and ods files (ODF 1.3 parts 2 and 3)."""

import posixpath
import re
from collections.abc import Mapping

from attachguard.formats import ole
from attachguard.formats.formulas import formula_findings
from attachguard.formats.harvest import Harvest
from attachguard.formats.links import is_elsewhere, is_plain_link, leads_outside, scheme_of
from attachguard.formats.odf import MANIFEST, ODF, read_manifest
from attachguard.formats.office.formula import leaves_file
from attachguard.formats.office.pictures import picture_findings
from attachguard.formats.packages import inspect_package
from attachguard.formats.refusal import Refused
from attachguard.formats.svgscan import svg_dangers
from attachguard.formats.wordfields import Fields
from attachguard.formats.xmlscan import local, walk
from attachguard.formats.zip import LOCAL, Member, Package, unpack
from attachguard.model import Inspection, Limits

ELEMENTS: Mapping[str, str] = {
    "event-listener": "odf.event",
    "applet": "odf.embedded",
    "plugin": "odf.embedded",
    "object-ole": "odf.embedded",
    "dde-connection": "odf.dde",
    "dde-source": "odf.dde",
    "dde-link": "odf.dde",
    "dde-connection-decl": "odf.dde",
    "auto-reload": "odf.external",
    "floating-frame": "odf.external",
    "database-row-select": "odf.external",
    "database-display": "odf.external",
    "database-next": "odf.external",
    "database-source-sql": "odf.external",
    "database-source-table": "odf.external",
    "database-source-query": "odf.external",
    "execute-macro": "odf.script",
    "submission": "odf.external",
}
"""Elements that act or load by being there (ODF 1.3 part 3)."""

LINKS = frozenset({"a", "bookmark", "hyperlink"})
"""Elements whose address is only followed by a click."""

SCRIPT_SCHEMES = frozenset({"vnd.sun.star.script", "macro", "javascript", "vbscript", "script", "vnd.sun.star.expand"})

_TEMPLATES = frozenset({"template"})
"""meta:template says where a document came from; programs look there for newer styles, so only other computers
count (part 3 section 4.3.2.12)."""

_INDEXES = frozenset({"script-lc.xml", "script-lb.xml", "dialog-lc.xml", "dialog-lb.xml"})
"""Tables of contents of macro libraries: they are also written when there is no macro."""

LOADED = frozenset({"href", "src", "action", "schema", "image-data"})
"""Attributes that hold an address: XLink's, and those of animations, XForms and picture buttons (part 3 sections
19.912, 19.498 and 19.284)."""

_FIELD_CODES = {"dde": "odf.dde", "field": "odf.external", "link": "odf.link"}
_FORMULA_CODES = {"dde": "odf.dde", "call": "odf.external", "link": "odf.link"}

_FORMULA = re.compile(r"[a-z]{1,10}:")


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report what acts, loads, hides or exhausts in an OpenDocument file, and hand out what is inside.

    Charts and formulas that OpenDocument itself keeps as sub-documents are read like the rest and are no finding.
    """
    return inspect_package(data, limits, _look)


def _look(whole: Package, harvest: Harvest) -> None:
    types, encrypted = read_manifest(whole, harvest.limits)
    if encrypted:
        harvest.note("file.encrypted", MANIFEST, encrypted)
        return
    _sub_documents(types, harvest)
    for member, content in unpack(whole, harvest.limits):
        _member(member, content, types, harvest)


def _sub_documents(types: Mapping[str, str], harvest: Harvest) -> None:
    """Note objects that are documents of their own; charts and formulas are how ODF draws them."""
    for path, media_type in types.items():
        is_document = path != "/" and media_type.startswith(ODF)
        if is_document and media_type.removeprefix(ODF) not in {"chart", "formula", "graphics", "image"}:
            harvest.note("odf.embedded", path, media_type)


def _member(member: Member, content: bytes, types: Mapping[str, str], harvest: Harvest) -> None:
    folder = member.name.partition("/")[0].lower()
    base = posixpath.basename(member.name).lower()
    if (folder == "basic" and base not in _INDEXES) or (folder == "scripts" and content):
        harvest.note("odf.script", member.name)
    if base.endswith(".xml") or types.get(member.name) in {"text/xml", "application/rdf+xml"}:
        if content:
            _part(member, content, harvest)
    elif base.endswith(".svg") or b"<svg" in content[:1024]:
        _drawing(member, content, harvest)
    elif seen := list(picture_findings(content, harvest.limits)):
        for finding in seen:
            harvest.note(finding.code, member.name, finding.detail)
    elif content.startswith(ole.SIGNATURE):
        _ole_object(member, content, harvest)
    elif content.startswith((LOCAL, b"MZ", b"\x7fELF", b"Rar!", b"%PDF-", b"{\\rt")):
        harvest.note("odf.embedded", member.name, "a file of another type")
        harvest.hand_out(member.name, base, content)


def _ole_object(member: Member, content: bytes, harvest: Harvest) -> None:
    harvest.note("odf.embedded", member.name, "OLE object")
    try:
        for stream, name, data in ole.unwrap(content, posixpath.basename(member.name), harvest.limits):
            harvest.hand_out(f"{member.name}#{stream}" if stream else member.name, name, data)
    except Refused as refused:
        harvest.take((refused.finding,))


def _drawing(member: Member, content: bytes, harvest: Harvest) -> None:
    """Read an SVG picture for what acts or loads; editors write a DOCTYPE that declares nothing."""

    def start(name: str, attributes: Mapping[str, str]) -> None:
        for danger, detail in svg_dangers(name, attributes):
            harvest.note("odf.external" if danger == "external" else "odf.script", member.name, detail)

    harvest.count_marks(member.name, content)
    walk(content, member.name, harvest.limits, start, bare_doctype=True)


def _part(member: Member, content: bytes, harvest: Harvest) -> None:
    """Read one XML member to its end."""
    where = member.name
    in_metadata = posixpath.basename(where).lower() == "meta.xml"

    def start(name: str, attributes: Mapping[str, str]) -> None:
        tag = local(name)
        if tag in ELEMENTS and not in_metadata:
            harvest.note(ELEMENTS[tag], where, tag)
        elif tag == "auto-reload":
            harvest.note("odf.external", where, tag)
        elif tag == "param":
            _field_code(attributes, where, harvest)
        elif tag == "script" and " " in name and "opendocument" in name:
            harvest.note("odf.script", where, tag)
        for key, value in attributes.items():
            if local(key) in LOADED and (key.endswith("href") or leads_outside(value)):
                _address(tag, value, where, harvest)
            elif key.endswith((" formula", " condition", " expression")):
                _formula(value, where, harvest)
            elif ":" in value and scheme_of(value) in SCRIPT_SCHEMES:  # menus and keys name what they call
                harvest.note("odf.script", where, value)

    harvest.count_marks(where, content)
    walk(content, where, harvest.limits, start, bare_doctype=True)


def _field_code(attributes: Mapping[str, str], where: str, harvest: Harvest) -> None:
    """Look at a field of Word's that LibreOffice carries along without knowing it (`field:param`)."""

    def report(code: str, keyword: str) -> None:
        harvest.note(_FIELD_CODES[code], where, keyword)

    if any(value.endswith(".code") for value in attributes.values()):
        for key, value in attributes.items():
            if local(key) == "value":
                Fields(report).whole(value)


def _address(tag: str, address: str, where: str, harvest: Harvest) -> None:
    if scheme_of(address) in SCRIPT_SCHEMES:
        harvest.note("odf.script", where, address)
    elif tag in LINKS:
        if not is_plain_link(address):
            harvest.note("odf.link", where, address)
    elif tag in _TEMPLATES:
        if is_elsewhere(address):
            harvest.note("odf.external", where, f"{tag}: {address}")
    elif leads_outside(address):
        harvest.note("odf.external", where, f"{tag}: {address}")


def _formula(formula: str, where: str, harvest: Harvest) -> None:
    for danger, detail in formula_findings(_FORMULA.sub("", formula, count=1)):
        harvest.note(_FORMULA_CODES[danger], where, detail)
    if leaves_file(formula):
        harvest.note("odf.external", where, formula)
