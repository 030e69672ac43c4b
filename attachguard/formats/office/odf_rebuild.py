"""A new odt or ods of the old one's members: content, styles, settings, pictures, charts and formulas.

What is not on the list is not copied: scripts, dialogs, thumbnails, document properties, signatures, printer settings,
fonts, and documents inside, for which their preview stands. The manifest names the members of the copy and no others.
"""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

from attachguard.formats.contract import Order
from attachguard.formats.odf import ACCEPTED, MANIFEST, MIMETYPE, read_manifest
from attachguard.formats.office.cut import DECLARATION
from attachguard.formats.office.odf_markup import Package, copy_member
from attachguard.formats.office.package import write_package
from attachguard.formats.office.pictures import Picture, fresh_picture
from attachguard.formats.refusal import Refused
from attachguard.formats.zip import read_package, unpack
from attachguard.model import Finding, Limits, Rebuilt

DOCUMENTS = ("content.xml", "styles.xml", "settings.xml")
"""XML members of a document (ODF 1.3 part 2 section 2.2.1); meta.xml tells about the sender and stays behind."""

DRAWN = frozenset({"chart", "formula", "graphics", "image"})
"""Sub-documents that are how OpenDocument draws things, by the end of their media types; others are files inside."""

PICTURES = ("pictures/", "objectreplacements/", "media/")
"""Folders of pictures: their own, and previews of objects."""

SIGNATURES = frozenset({"meta-inf/documentsignatures.xml", "meta-inf/macrosignatures.xml"})

_ODF = "application/vnd.oasis.opendocument."
_NAMESPACE = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"


def rebuild(order: Order, kind: str) -> Rebuilt:
    """Make the copy, or say by findings why there is none."""
    media_type = next(media_type for media_type, (accepted, _) in ACCEPTED.items() if accepted == kind)
    try:
        collected = _collect(order.original, order.limits)
        package = Package(members=frozenset({*collected.documents, *collected.pictures, *collected.folders}))
        package.moved.update({name: new for name, (new, _) in collected.pictures.items()})
        documents = {
            name: copy_member(name, content, package, order.limits) for name, content in collected.documents.items()
        }
    except Refused as refused:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail=refused.finding.code), refused.finding))
    if "content.xml" not in documents:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="no content"),))
    pictures = dict(collected.pictures.values())
    types = {**dict.fromkeys(documents, "text/xml"), **{name: made.media_type for name, made in pictures.items()}}
    members = [
        (MIMETYPE, media_type.encode()),
        *documents.items(),
        *((name, made.data) for name, made in pictures.items()),
        (MANIFEST, _manifest(media_type, {**collected.folders, **types})),
    ]
    data = write_package(members, stored=frozenset({MIMETYPE}))
    return Rebuilt(data=data, findings=tuple(_lost(collected, package)))


@dataclass(slots=True, kw_only=True)
class _Collected:
    documents: dict[str, bytes] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    """Media types of the sub-documents that are copied, by `Object 1/`."""
    pictures: dict[str, tuple[str, Picture]] = field(default_factory=dict)
    """By their names in the original: their names in the copy, and what they are."""
    carried: int = 0
    signed: bool = False


def _collect(data: bytes, limits: Limits) -> _Collected:
    whole = read_package(data, limits)
    if whole is None:
        raise Refused("copy.failed", detail="no package")
    types, encrypted = read_manifest(whole, limits)
    if encrypted:
        raise Refused("file.encrypted", MANIFEST, encrypted)
    found = _Collected(folders={path: kind for path, kind in types.items() if _is_drawn(path, kind)})
    for member, content in unpack(whole, limits):
        name = member.name
        folder, base = posixpath.split(name)
        found.signed = found.signed or name.lower() in SIGNATURES
        if base in DOCUMENTS and (not folder or f"{folder}/" in found.folders):
            if content:
                found.documents[name] = content
        elif any(name.lower().startswith(start) or f"/{start}" in name.lower() for start in PICTURES):
            _picture(name, content, found, limits)
        else:
            found.carried += types.get(name, "").startswith("application/vnd.sun.star.oleobject")
    return found


def _is_drawn(path: str, media_type: str) -> bool:
    return path.endswith("/") and path != "/" and media_type.removeprefix(_ODF) in DRAWN


def _picture(name: str, content: bytes, found: _Collected, limits: Limits) -> None:
    fresh = fresh_picture(content, limits)
    if fresh is None:
        return
    stem, dot, extension = name.rpartition(".")
    usual = extension.lower() in {fresh.extension, "jpg" if fresh.extension == "jpeg" else "", "tif"}
    new = name if usual or not dot or "/" in extension else f"{stem}.{fresh.extension}"
    found.pictures[name] = (new, fresh)


def _manifest(media_type: str, types: Mapping[str, str]) -> bytes:
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{escape(path)}" manifest:media-type="{escape(kind)}"/>'
        for path, kind in {"/": media_type, **types}.items()
    )
    head = f'<manifest:manifest xmlns:manifest="{_NAMESPACE}" manifest:version="1.2">'
    return DECLARATION + f"{head}{entries}</manifest:manifest>".encode()


def _lost(collected: _Collected, package: Package) -> Iterator[Finding]:
    """Say what the copy does not have beside what the original's findings name."""
    if collected.signed:
        yield Finding("lost.signature")
    if collected.carried or package.objects:
        yield Finding("lost.attachments", detail=f"{max(collected.carried, package.objects)} embedded")
    if package.pictures:
        yield Finding("lost.pictures", detail=str(package.pictures))
    if package.formulas:
        yield Finding("lost.formulas", detail=str(package.formulas))
    if package.links:
        yield Finding("lost.links", detail=str(package.links))
