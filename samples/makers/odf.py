"""OpenDocument (ISO 26300, OASIS ODF 1.3): letters and price lists, and the ways they can act."""

from html import escape

from samples.makers.goods import LETTERS, PRICE_LIST, amount
from samples.makers.packages import package

TEXT = "application/vnd.oasis.opendocument.text"
SHEET = "application/vnd.oasis.opendocument.spreadsheet"
NAMES = (
    " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in (
            ("office", "office"),
            ("text", "text"),
            ("table", "table"),
            ("style", "style"),
            ("draw", "drawing"),
            ("script", "script"),
            ("meta", "meta"),
            ("svg", "svg-compatible"),
            ("fo", "xsl-fo-compatible"),
        )
    )
    + ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


def odt(language: str = "el", more: str = "", scripts: str = "") -> bytes:
    """Make a letter."""
    text = "".join(f"<text:p>{escape(line)}</text:p>" for line in LETTERS[language])
    return _package(TEXT, f"<office:text>{text}{more}</office:text>", LETTERS[language][0], scripts)


def odt_with_event() -> bytes:
    """Make a letter that calls a macro when it is opened."""
    listener = (
        '<office:scripts><office:event-listeners><script:event-listener script:language="ooo:script" '
        'script:event-name="dom:load" xlink:type="simple" '
        'xlink:href="vnd.sun.star.script:Standard.Module1.Main?language=Basic&amp;location=document"/>'
        "</office:event-listeners></office:scripts>"
    )
    return odt(language="de", scripts=listener)


def odt_with_remote_picture() -> bytes:
    """Make a letter that loads a picture from elsewhere, which tells its sender when it is read."""
    frame = (
        '<text:p><draw:frame svg:width="1cm" svg:height="1cm"><draw:image xlink:type="simple" '
        'xlink:href="https://pixel.example/seen.png"/></draw:frame></text:p>'
    )
    return odt(language="nl", more=frame)


def ods() -> bytes:
    """Make a price list."""
    rows = "".join(
        f'<table:table-row><table:table-cell office:value-type="string"><text:p>{escape(a.name)}</text:p>'
        f'</table:table-cell><table:table-cell office:value-type="float" office:value="{a.price}">'
        f"<text:p>{amount(a.price)}</text:p></table:table-cell></table:table-row>"
        for a in PRICE_LIST
    )
    table = (
        f'<table:table table:name="Preise"><table:table-column table:number-columns-repeated="2"/>{rows}</table:table>'
    )
    return _package(SHEET, f"<office:spreadsheet>{table}</office:spreadsheet>", "Preisliste", "")


def _package(media_type: str, body: str, title: str, scripts: str) -> bytes:
    parts = ("content.xml", "styles.xml", "meta.xml")
    rows = f'<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{media_type}"/>'
    rows += "".join(f'<manifest:file-entry manifest:full-path="{p}" manifest:media-type="text/xml"/>' for p in parts)
    manifest = f'{XML}<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" '
    manifest += f'manifest:version="1.3">{rows}</manifest:manifest>'
    content = f'{XML}<office:document-content {NAMES} office:version="1.3">{scripts}<office:automatic-styles/>'
    content += f"<office:body>{body}</office:body></office:document-content>"
    styles = f'{XML}<office:document-styles {NAMES} office:version="1.3"><office:styles/></office:document-styles>'
    meta = f'{XML}<office:document-meta {NAMES} office:version="1.3"><office:meta><dc:title>{escape(title)}</dc:title>'
    meta += "<meta:creation-date>2026-03-16T09:30:00</meta:creation-date></office:meta></office:document-meta>"
    members = {
        "mimetype": media_type.encode(),
        "content.xml": content.encode(),
        "styles.xml": styles.encode(),
        "meta.xml": meta.encode(),
        "META-INF/manifest.xml": manifest.encode(),
    }
    return package(members, stored=frozenset({"mimetype"}))
