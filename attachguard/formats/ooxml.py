"""What docx and xlsx share: the package's own description of itself (ISO/IEC 29500-2, Open Packaging Conventions).

What a package is, is said by the content type of the part that its `officeDocument` relationship leads to; names
such as word/document.xml say nothing.
"""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from attachguard.formats.contract import Claim, Sample
from attachguard.formats.refusal import Refused
from attachguard.formats.xmlscan import Element, elements
from attachguard.formats.zip import Package, begins, package
from attachguard.model import Finding, Limits

CONTENT_TYPES = "[Content_Types].xml"
ROOT_RELATIONSHIPS = "_rels/.rels"

DESCRIPTION_SIZE = 1024 * 1024
"""Inflated bytes of a content-types or relationships part that are read (measured: real ones stay below 100 KiB)."""

_PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
_NAMESPACES: Mapping[str, str] = {"types": _PACKAGE + "content-types", "rels": _PACKAGE + "relationships"}
"""The namespace of a content types part's elements, and of relationships parts' (sections 6.2.3.2 and 6.5.3.2)."""

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml."

ACCEPTED: Mapping[str, tuple[str, str]] = {
    _WORD + "document.main+xml": ("docx", "Word document"),
    _SHEET + "sheet.main+xml": ("xlsx", "Excel workbook"),
}
"""Main content type -> kind and description (ISO/IEC 29500-1 sections 11.3.10 and 12.3.23)."""

RELATIVES: Mapping[str, str] = {
    _WORD + "template.main+xml": "Word template",
    "application/vnd.ms-word.document.macroenabled.main+xml": "Word document with macros",
    "application/vnd.ms-word.template.macroenabledtemplate.main+xml": "Word template with macros",
    _SHEET + "template.main+xml": "Excel template",
    "application/vnd.ms-excel.sheet.macroenabled.main+xml": "Excel workbook with macros",
    "application/vnd.ms-excel.template.macroenabled.main+xml": "Excel template with macros",
    "application/vnd.ms-excel.addin.macroenabled.main+xml": "Excel add-in",
    "application/vnd.ms-excel.sheet.binary.macroenabled.main": "binary Excel workbook",
    "application/vnd.ms-excel.intlmacrosheet+xml": "Excel macro sheet",
    "application/vnd.ms-excel.macrosheet+xml": "Excel macro sheet",
    _SLIDES + "presentation.main+xml": "PowerPoint presentation",
    _SLIDES + "slideshow.main+xml": "PowerPoint slide show",
    _SLIDES + "template.main+xml": "PowerPoint template",
    "application/vnd.ms-powerpoint.presentation.macroenabled.main+xml": "PowerPoint presentation with macros",
    "application/vnd.ms-powerpoint.slideshow.macroenabled.main+xml": "PowerPoint slide show with macros",
    "application/vnd.ms-powerpoint.template.macroenabled.main+xml": "PowerPoint template with macros",
    "application/vnd.ms-powerpoint.addin.macroenabled.main+xml": "PowerPoint add-in",
    "application/vnd.ms-visio.drawing.main+xml": "Visio drawing",
    "application/vnd.ms-visio.drawing.macroenabled.main+xml": "Visio drawing with macros",
    "application/vnd.ms-package.xps-fixeddocumentsequence+xml": "XPS document",
}
"""Near relatives that are not accepted ([MS-OFFMACRO2] section 2.2 and the formats' own specifications)."""

FOREIGN_MEMBERS: Mapping[str, str] = {
    "mimetype": "an OpenDocument or EPUB package",
    "meta-inf/manifest.mf": "a Java archive",
    "androidmanifest.xml": "an Android program",
    "classes.dex": "an Android program",
}
"""Members by which other programs recognise a zip as theirs, whatever else is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """One relationship (ISO/IEC 29500-2 section 6.5.3)."""

    id: str
    type: str
    """Last segment of the type's URI in lower case: the same in transitional, strict and Microsoft's own."""
    target: str
    external: bool
    """Whether it says so: any mode but none and `Internal`."""
    uri: str = ""
    """The type's whole URI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentTypes:
    """What [Content_Types].xml says (section 6.2.3)."""

    defaults: Mapping[str, str]
    overrides: Mapping[str, str]

    def of(self, part: str) -> str:
        """Give the media type of a part, lower case; empty when it has none."""
        key = part_key(part)
        return self.overrides.get(key, self.defaults.get(key.rpartition(".")[2], ""))


def part_key(name: str) -> str:
    """Give a name by which parts are compared: without regard to letter case or percent-encoding (6.2.2.3)."""
    return unquote(name).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Main:
    """What an Open XML package says it is."""

    content_type: str
    """Of the main part, lower case; empty when the package does not say."""
    findings: tuple[Finding, ...] = ()


def main(sample: Sample) -> Main | None:
    """Find out what a package is, once for all formats; None when it is no Open XML package."""
    whole = sample.shared(package) if begins(sample.data) else None
    if whole is None or whole.find(CONTENT_TYPES) is None:
        return None
    try:
        return _main(whole, sample.limits)
    except Refused as refused:
        return Main(content_type="", findings=(refused.finding,))


def sniff(sample: Sample, kind: str) -> Claim | None:
    """Claim a package whose main part has the content type of `kind`, and the near relatives by name."""
    found = sample.shared(main)
    whole = sample.shared(package) if found is not None else None
    if whole is None or found is None or whole.first != 0:
        return None
    claimed, described = ACCEPTED.get(found.content_type, (None, RELATIVES.get(found.content_type)))
    if described is None or claimed not in {kind, None}:
        return None
    return Claim(kind=claimed, described=described, findings=(*whole.findings, *found.findings))


def read_content_types(whole: Package, limits: Limits) -> ContentTypes:
    """Read the content types. Raises Refused."""
    defaults: dict[str, str] = {}
    overrides: dict[str, str] = {}
    for element in _read(whole, CONTENT_TYPES, limits, _NAMESPACES["types"]):
        media_type = element.attributes.get("ContentType", "").partition(";")[0].strip().lower()
        if element.name == "Default":
            table, part = defaults, part_key(element.attributes.get("Extension", ""))
        elif element.name == "Override":
            table, part = overrides, part_key(element.attributes.get("PartName", "").lstrip("/"))
        else:
            continue
        if table.setdefault(part, media_type) != media_type:
            raise Refused("file.malformed", CONTENT_TYPES, f"two types for {part}")
    return ContentTypes(defaults=defaults, overrides=overrides)


def read_relationships(whole: Package, member: str, limits: Limits) -> tuple[Relationship, ...]:
    """Read one relationships part. Raises Refused, also where two relationships have one id."""
    found = tuple(
        Relationship(
            id=element.attributes.get("Id", ""),
            type=element.attributes.get("Type", "").rstrip("/").rpartition("/")[2].lower(),
            target=element.attributes.get("Target", ""),
            external=element.attributes.get("TargetMode", "").lower() not in {"", "internal"},
            uri=element.attributes.get("Type", ""),
        )
        for element in _read(whole, member, limits, _NAMESPACES["rels"])
        if element.name == "Relationship"
    )
    if len({relationship.id for relationship in found}) < len(found):
        raise Refused("file.malformed", member, "two relationships have one id")
    return found


def resolve(source: str, target: str) -> str:
    """Give the part that an internal target means, seen from the relationships part `source` (section 6.5.3.4)."""
    path = unquote(urlsplit(target).path) if ":" not in target.partition("/")[0] else target
    if path.startswith("/"):
        return posixpath.normpath(path).lstrip("/").lower()
    folder = posixpath.dirname(posixpath.dirname(source))
    return posixpath.normpath(posixpath.join(folder, path)).lower()


def _main(whole: Package, limits: Limits) -> Main:
    types = read_content_types(whole, limits)
    targets = {
        resolve(ROOT_RELATIONSHIPS, relationship.target)
        for relationship in read_relationships(whole, ROOT_RELATIONSHIPS, limits)
        if relationship.type in {"officedocument", "fixedrepresentation", "document"} and not relationship.external
    }
    mains = sorted(target for target in targets if whole.find(target) is not None)
    if not mains:
        return Main(content_type="")
    findings = list(_strangers(whole))
    if len(mains) > 1:
        findings.append(Finding("type.polyglot", detail=f"{len(mains)} main parts"))
    content_type = types.of(mains[0])
    return Main(content_type=content_type, findings=tuple(findings))


def _strangers(whole: Package) -> Iterator[Finding]:
    for name, described in FOREIGN_MEMBERS.items():
        if whole.find(name) is not None:
            yield Finding("type.polyglot", name, f"also {described}")
    if (loaded := whole.java_class()) is not None:
        yield Finding("type.polyglot", loaded, "also a Java archive")


def _read(whole: Package, name: str, limits: Limits, namespace: str) -> list[Element]:
    """Read a part that describes the package; ISO/IEC 29500-2 allows no other vocabulary in it, nor alternatives."""
    member = whole.find(name)
    if member is None:
        raise Refused("file.malformed", name, "is missing")
    found = elements(whole.read(member, DESCRIPTION_SIZE), name, limits)
    if any(element.namespace != namespace for element in found):
        raise Refused("file.malformed", name, "holds elements of another vocabulary")
    return found
