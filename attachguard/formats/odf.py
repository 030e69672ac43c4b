"""What odt and ods share: OpenDocument packages (ODF 1.3 parts 2 and 3), and what they say they are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from attachguard.formats.contract import Claim, Sample
from attachguard.formats.refusal import Refused
from attachguard.formats.xmlscan import Element, elements
from attachguard.formats.zip import Package, begins, package
from attachguard.model import Finding, Limits

MIMETYPE = "mimetype"
MANIFEST = "META-INF/manifest.xml"
_NAME_SIZE = 256
_MANIFEST_SIZE = 4 * 1024 * 1024

ODF = "application/vnd.oasis.opendocument."

ACCEPTED: Mapping[str, tuple[str, str]] = {
    ODF + "text": ("odt", "OpenDocument text"),
    ODF + "spreadsheet": ("ods", "OpenDocument spreadsheet"),
}
"""Media types (ODF 1.3 part 3 appendix C) of the two accepted kinds."""

RELATIVES: tuple[tuple[str, str], ...] = (
    (ODF, "OpenDocument file of another kind"),
    ("application/vnd.sun.xml.", "StarOffice document"),
    ("application/vnd.stardivision.", "StarOffice document"),
    ("application/epub+zip", "EPUB book"),
    ("application/x-krita", "Krita drawing"),
    ("image/openraster", "OpenRaster picture"),
)
"""Beginnings of media types of relatives that are not accepted."""

FOREIGN_MEMBERS: Mapping[str, str] = {
    "[content_types].xml": "an Office Open XML package",
    "meta-inf/manifest.mf": "a Java archive",
    "meta-inf/container.xml": "an EPUB book",
    "androidmanifest.xml": "an Android program",
    "classes.dex": "an Android program",
}
"""Members by which other programs recognise a zip as theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """What an OpenDocument package says it is."""

    media_type: str
    findings: tuple[Finding, ...] = ()


def nature(sample: Sample) -> Nature | None:
    """Find out once for all formats what an OpenDocument package says it is; None when it says nothing.

    The `mimetype` member counts wherever it stands (part 2 section 3.3 wants it first); without one, the manifest's
    root entry.
    """
    whole = sample.shared(package) if begins(sample.data) else None
    if whole is None:
        return None
    try:
        return _nature(whole, sample.limits)
    except Refused as refused:
        return Nature(media_type="", findings=(refused.finding,))


def sniff(sample: Sample, kind: str) -> Claim | None:
    """Claim a package that calls itself by the media type of `kind`, and the relatives by name."""
    found = sample.shared(nature)
    whole = sample.shared(package) if found is not None else None
    if whole is None or found is None or whole.first != 0:
        return None
    claimed, described = ACCEPTED.get(found.media_type, (None, _relative(found.media_type)))
    if described is None or claimed not in {kind, None}:
        return None
    return Claim(kind=claimed, described=described, findings=(*whole.findings, *found.findings))


def _nature(whole: Package, limits: Limits) -> Nature | None:
    member = whole.find(MIMETYPE)
    named = whole.read(member, _NAME_SIZE).decode("ascii", errors="replace").strip() if member else ""
    if whole.find(MANIFEST) is None:
        return Nature(media_type=named, findings=tuple(_strangers(whole))) if named else None
    if named and named not in ACCEPTED:
        return Nature(media_type=named)
    types, encrypted = read_manifest(whole, limits)
    rooted = types.get("/", "")
    if not named and rooted not in ACCEPTED and _relative(rooted) is None:
        return None
    findings = list(_strangers(whole))
    if encrypted:
        findings.append(Finding("file.encrypted", MANIFEST, encrypted))
    if named and rooted and named != rooted:
        findings.append(Finding("zip.inconsistent", MANIFEST, f"says {rooted}, {MIMETYPE} says {named}"))
    return Nature(media_type=named or rooted, findings=tuple(findings))


def _relative(media_type: str) -> str | None:
    return next((described for start, described in RELATIVES if media_type.startswith(start)), None)


def _strangers(whole: Package) -> Iterator[Finding]:
    for name, described in FOREIGN_MEMBERS.items():
        if whole.find(name) is not None:
            yield Finding("type.polyglot", name, f"also {described}")
    if (loaded := whole.java_class()) is not None:
        yield Finding("type.polyglot", loaded, "also a Java archive")


def read_manifest(whole: Package, limits: Limits) -> tuple[dict[str, str], str]:
    """Read the manifest (part 2 section 4): media types by path, and the first encrypted path. Raises Refused."""
    types: dict[str, str] = {}
    encrypted = ""
    path = ""
    for element in _elements(whole, MANIFEST, limits):
        if element.name == "file-entry":
            path = element.attributes.get("full-path", "")
            types[path] = element.attributes.get("media-type", "")
        elif element.name in {"encryption-data", "keyinfo"}:
            encrypted = encrypted or path or "all"
    return types, encrypted


def _elements(whole: Package, name: str, limits: Limits) -> list[Element]:
    member = whole.find(name)
    if member is None:
        return []
    return elements(whole.read(member, min(_MANIFEST_SIZE, limits.member_size)), name, limits, bare_doctype=True)
