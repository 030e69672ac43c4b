"""Small office files for the tests, put together member by member."""

import io
import zipfile
from collections.abc import Mapping
from types import MappingProxyType

from attachguard.formats.contract import Format, Sample
from attachguard.model import Inspection, Limits

LIMITS = Limits()

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml."
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml."
RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships/"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'

Members = Mapping[str, str | bytes]
NOTHING: Members = MappingProxyType({})


def packed(members: Members, *, stored: frozenset[str] = frozenset()) -> bytes:
    """A zip of the members in their order, with a fixed date."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            package.writestr(entry, content)
    return buffer.getvalue()


def content_types(**parts: str) -> str:
    """[Content_Types].xml; `word__document` stands for word/document.xml."""
    overrides = "".join(
        f'<Override PartName="/{name.replace("__", "/")}.xml" ContentType="{media_type}"/>'
        for name, media_type in parts.items()
    )
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f"{overrides}</Types>"
    )


def relationships(*targets: tuple[str, str], external: bool = False, base: str = RELATIONSHIPS) -> str:
    """A relationships part of (type, target)."""
    mode = ' TargetMode="External"' if external else ""
    inner = "".join(
        f'<Relationship Id="r{number}" Type="{base}{kind}" Target="{target}"{mode}/>'
        for number, (kind, target) in enumerate(targets)
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inner}</Relationships>'
    )


def docx_members(body: str = "<w:p/>", main: str = WORD + "document.main+xml") -> dict[str, str | bytes]:
    """The members of the smallest Word document."""
    return {
        "[Content_Types].xml": content_types(word__document=main),
        "_rels/.rels": relationships(("officeDocument", "word/document.xml")),
        "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>",
    }


def docx(body: str = "<w:p/>", more: Members = NOTHING) -> bytes:
    """A Word document; `more` adds or replaces members."""
    return packed({**docx_members(body), **more})


def xlsx_members(
    sheet: str = "<sheetData/>", workbook: str = "", main: str = SHEET + "sheet.main+xml"
) -> dict[str, str | bytes]:
    """The members of the smallest Excel workbook."""
    return {
        "[Content_Types].xml": content_types(xl__workbook=main, xl__worksheets__sheet1=SHEET + "worksheet+xml"),
        "_rels/.rels": relationships(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f"<workbook {S}><sheets/>{workbook}</workbook>",
        "xl/_rels/workbook.xml.rels": relationships(("worksheet", "worksheets/sheet1.xml")),
        "xl/worksheets/sheet1.xml": f"<worksheet {S}>{sheet}</worksheet>",
    }


def xlsx(sheet: str = "<sheetData/>", workbook: str = "", more: Members = NOTHING) -> bytes:
    """An Excel workbook; `more` adds or replaces members."""
    return packed({**xlsx_members(sheet, workbook), **more})


ODF = "application/vnd.oasis.opendocument."
ODF_NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("script", "script"),
        ("meta", "meta"),
    )
)


def odf_members(body: str = "", kind: str = "text", manifest: str = "") -> dict[str, str | bytes]:
    """The members of the smallest OpenDocument file."""
    return {
        "mimetype": ODF + kind,
        "content.xml": (
            f'<office:document-content {ODF_NAMESPACES} xmlns:xlink="http://www.w3.org/1999/xlink">'
            f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
        ),
        "META-INF/manifest.xml": (
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODF}{kind}"/>'
            '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
            f"{manifest}</manifest:manifest>"
        ),
    }


def odt(body: str = "", manifest: str = "", more: Members = NOTHING) -> bytes:
    """An OpenDocument text; `more` adds or replaces members."""
    return packed({**odf_members(body, manifest=manifest), **more}, stored=frozenset({"mimetype"}))


def ods(body: str = "", more: Members = NOTHING) -> bytes:
    """An OpenDocument spreadsheet; `more` adds or replaces members."""
    return packed({**odf_members(body, "spreadsheet"), **more}, stored=frozenset({"mimetype"}))


def claimed(format_: Format, data: bytes, extension: str = "") -> str | None:
    """Which kind a format claims; an empty string for a claim without a kind, None for no claim."""
    claim = format_.sniff(Sample(data=data, extension=extension))
    return None if claim is None else (claim.kind or "")


def sniffed(format_: Format, data: bytes) -> set[str]:
    """The codes a format's sniff reports."""
    claim = format_.sniff(Sample(data=data, extension=""))
    assert claim is not None
    return {finding.code for finding in claim.findings}


def inspected(format_: Format, data: bytes, limits: Limits = LIMITS) -> Inspection:
    return format_.inspect(data, limits)


def seen(format_: Format, data: bytes, limits: Limits = LIMITS) -> set[str]:
    """The codes that inspecting reports."""
    return {finding.code for finding in format_.inspect(data, limits).findings}
