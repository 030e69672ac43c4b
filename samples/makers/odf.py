"""OpenDocument (ISO 26300, OASIS ODF 1.3): letters and price lists, and the ways they can act."""

from collections.abc import Mapping
from html import escape

from samples.makers.goods import LETTERS, PRICE_LIST, amount
from samples.makers.packages import package

TEXT = "application/vnd.oasis.opendocument.text"
SHEET = "application/vnd.oasis.opendocument.spreadsheet"
CHART = "application/vnd.oasis.opendocument.chart"
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


def odt_with_link_to_program() -> bytes:
    """Make a letter whose link starts a program on the reader's disk when it is clicked."""
    return odt(language="en", more='<text:p><text:a xlink:href="file:///usr/bin/xcalc">Price list</text:a></text:p>')


def odt_with_dde() -> bytes:
    """Make a letter with a field that asks a program for its text (DDE)."""
    declared = (
        '<text:dde-connection-decls><text:dde-connection-decl office:name="x" office:dde-application="soffice" '
        'office:dde-topic="/tmp/list.ods" office:dde-item="A1"/></text:dde-connection-decls>'
    )
    shown = '<text:p><text:dde-connection text:connection-name="x">Total</text:dde-connection></text:p>'
    return odt(language="fr", more=declared + shown)


def odt_with_applet() -> bytes:
    """Make a letter with a Java applet."""
    frame = (
        '<text:p><draw:frame svg:width="1cm" svg:height="1cm"><draw:applet draw:code="Start"/></draw:frame></text:p>'
    )
    return odt(language="nl", more=frame)


def ods_with_chart(script: str = "") -> bytes:
    """Make a price list with a chart; a `script` is a macro in Basic, for which it needs a copy."""
    frame = (
        '<table:shapes><draw:frame svg:width="8cm" svg:height="5cm"><draw:object xlink:href="./Object 1" '
        'xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"/></draw:frame></table:shapes>'
    )
    chart = (
        f'{XML}<office:document-content {NAMES} xmlns:chart="urn:oasis:names:tc:opendocument:xmlns:chart:1.0" '
        'office:version="1.3"><office:body><office:chart><chart:chart chart:class="chart:bar" svg:width="8cm" '
        'svg:height="5cm"><chart:title><text:p>Preise</text:p></chart:title><chart:plot-area>'
        '<chart:axis chart:dimension="x"/><chart:axis chart:dimension="y"/>'
        '<chart:series chart:values-cell-range-address="Preise.B1:Preise.B5" chart:class="chart:bar"/>'
        "</chart:plot-area></chart:chart></office:chart></office:body></office:document-content>"
    )
    more = {"Object 1/content.xml": chart.encode()}
    if script:
        more["Basic/Standard/Module1.xml"] = f"{XML}<module>{escape(script)}</module>".encode()
    return _package(SHEET, _price_table(frame), "Preisliste", "", more)


def ods() -> bytes:
    """Make a price list."""
    return _package(SHEET, _price_table(), "Preisliste", "")


def _price_table(shapes: str = "") -> str:
    rows = "".join(
        f'<table:table-row><table:table-cell office:value-type="string"><text:p>{escape(a.name)}</text:p>'
        f'</table:table-cell><table:table-cell office:value-type="float" office:value="{a.price}">'
        f"<text:p>{amount(a.price)}</text:p></table:table-cell></table:table-row>"
        for a in PRICE_LIST
    )
    columns = '<table:table-column table:number-columns-repeated="2"/>'
    table = f'<table:table table:name="Preise">{shapes}{columns}{rows}</table:table>'
    return f"<office:spreadsheet>{table}</office:spreadsheet>"


def _package(media_type: str, body: str, title: str, scripts: str, more: Mapping[str, bytes] | None = None) -> bytes:
    parts = ("content.xml", "styles.xml", "meta.xml", *(more or ()))
    rows = f'<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{media_type}"/>'
    rows += "".join(f'<manifest:file-entry manifest:full-path="{p}" manifest:media-type="text/xml"/>' for p in parts)
    if more and "Object 1/content.xml" in more:
        rows += f'<manifest:file-entry manifest:full-path="Object 1/" manifest:media-type="{CHART}"/>'
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
        **(more or {}),
        "META-INF/manifest.xml": manifest.encode(),
    }
    return package(members, stored=frozenset({"mimetype"}))
