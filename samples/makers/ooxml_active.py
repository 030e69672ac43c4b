"""Office Open XML that acts, one way at a time: what each finding about docx and xlsx is about, written inert."""

from samples.makers import vba
from samples.makers.ooxml import MACRO_DOCUMENT, OFFICE, SHEET, TYPE, WORD, document, root_rows, workbook
from samples.makers.packages import XML, package, relationships

MICROSOFT = "http://schemas.microsoft.com/office/2006/relationships"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
EXCEL = "application/vnd.ms-excel"

RUN = "<w:r>{}</w:r>"


def docx_with_hidden_project(language: str = "nl") -> bytes:
    """Make a letter that calls itself one without macros and has a VBA project all the same."""
    members = document(
        language,
        defaults={"bin": "application/vnd.ms-office.vbaProject"},
        links=(("rId9", f"{MICROSOFT}/vbaProject", "vbaProject.bin"),),
    )
    return package(members | {"word/vbaProject.bin": vba.project()})


def docx_with_control(language: str = "en") -> bytes:
    """Make a letter with an ActiveX control."""
    control = (
        f'{XML}<ax:ocx xmlns:ax="http://schemas.microsoft.com/office/2006/activeX" '
        'ax:classid="{8BD21D10-EC42-11CE-9E0D-00AA006002F3}" ax:persistence="persistPropertyBag"/>'
    )
    members = document(
        language,
        overrides={"/word/activeX/activeX1.xml": "application/vnd.ms-office.activeX+xml"},
        links=(("rId9", f"{OFFICE}/control", "activeX/activeX1.xml"),),
        more=f'<w:p><w:r><w:object><w:control r:id="rId9" w:name="Knop" xmlns:r="{OFFICE}"/></w:object></w:r></w:p>',
    )
    return package(members | {"word/activeX/activeX1.xml": control.encode()})


def docx_with_link_to_program(language: str = "en") -> bytes:
    """Make a letter whose link starts a program on the reader's disk when it is clicked."""
    link = f'<w:p><w:hyperlink r:id="rId9" xmlns:r="{OFFICE}"><w:r><w:t>Price list</w:t></w:r></w:hyperlink></w:p>'
    target = "file:///C:/Windows/System32/calc.exe"
    return package(document(language, links=(("rId9", f"{OFFICE}/hyperlink", target),), more=link))


def docx_with_field_in_pieces(language: str = "fr") -> bytes:
    """Make a letter with a field that loads a picture from elsewhere, its keyword split over runs."""
    marks = {kind: RUN.format(f'<w:fldChar w:fldCharType="{kind}"/>') for kind in ("begin", "separate", "end")}
    words = "".join(
        RUN.format(f'<w:instrText xml:space="preserve">{word}</w:instrText>')
        for word in (" INCL", "UDEPIC", 'TURE "https://pixel.example/seen.png" ')
    )
    field = f"<w:p>{marks['begin']}{words}{marks['separate']}{RUN.format('<w:t>Logo</w:t>')}{marks['end']}</w:p>"
    return package(document(language, more=field))


def docx_with_chunk(language: str = "de") -> bytes:
    """Make a letter that imports a page when it is opened (altChunk)."""
    members = document(
        language,
        defaults={"htm": "text/html"},
        links=(("rId9", f"{OFFICE}/aFChunk", "chunk.htm"),),
        more=f'<w:altChunk r:id="rId9" xmlns:r="{OFFICE}"/>',
    )
    page = b"<html><body><img src='https://pixel.example/seen.png'></body></html>"
    return package(members | {"word/chunk.htm": page})


def docx_with_buttons(language: str = "en") -> bytes:
    """Make a letter that brings buttons of its own for Word's ribbon (custom UI)."""
    buttons = (
        f'{XML}<customUI xmlns="http://schemas.microsoft.com/office/2006/01/customui" onLoad="Start">'
        '<ribbon><tabs><tab id="shop" label="Shop"/></tabs></ribbon></customUI>'
    )
    row = ("rId9", f"{MICROSOFT.removesuffix('relationships')}relationships/ui/extensibility", "customUI/customUI.xml")
    extra = {
        "_rels/.rels": relationships(*root_rows("word/document.xml"), row),
        "customUI/customUI.xml": buttons.encode(),
    }
    return package(document(language) | extra)


def docx_with_add_in(language: str = "en") -> bytes:
    """Make a letter that opens a pane with a page from the web (web extension)."""
    office = "http://schemas.microsoft.com/office/2011/relationships"
    pane = f'{XML}<wetp:taskpanes xmlns:wetp="http://schemas.microsoft.com/office/webextensions/taskpanes/2010/11"/>'
    members = document(
        language,
        overrides={"/word/webextensions/taskpanes.xml": "application/vnd.ms-office.webextensiontaskpanes+xml"},
    )
    row = ("rId9", f"{office}/webextensiontaskpanes", "word/webextensions/taskpanes.xml")
    extra = {
        "_rels/.rels": relationships(*root_rows("word/document.xml"), row),
        "word/webextensions/taskpanes.xml": pane.encode(),
    }
    return package(members | extra)


def docx_with_strange_part(language: str = "en") -> bytes:
    """Make a letter with a part of a kind that no standard knows."""
    members = document(
        language,
        defaults={"bin": "application/octet-stream"},
        links=(("rId9", "http://formats.example/2026/relationships/payload", "payload.bin"),),
    )
    return package(members | {"word/payload.bin": bytes(range(64))})


def docx_with_film(language: str = "en") -> bytes:
    """Make a letter with a film of the web, whose player is a page of HTML written into the document."""
    player = "&lt;iframe src=&quot;https://films.example/watch&quot;&gt;&lt;/iframe&gt;"
    film = (
        '<w:p><w:r><w:drawing><wp15:webVideoPr xmlns:wp15="http://schemas.microsoft.com/office/word/2012/'
        f'wordprocessingDrawing" embeddedHtml="{player}" h="200" w="300"/></w:drawing></w:r></w:p>'
    )
    return package(document(language, more=film))


def docx_signed_with_template(language: str = "de") -> bytes:
    """Make a signed letter that loads its template from elsewhere: a copy can't be signed."""
    signed = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature"
    settings = f'{XML}<w:settings xmlns:w="{WORD}" xmlns:r="{OFFICE}"><w:attachedTemplate r:id="rId1"/></w:settings>'
    members = document(
        language,
        defaults={"sigs": "application/vnd.openxmlformats-package.digital-signature-origin"},
        overrides={"/word/settings.xml": f"{TYPE}.wordprocessingml.settings+xml"},
        links=(("rId9", f"{OFFICE}/settings", "settings.xml"),),
    )
    extra = {
        "_rels/.rels": relationships(
            *root_rows("word/document.xml"), ("rId9", f"{signed}/origin", "_xmlsignatures/origin.sigs")
        ),
        "_xmlsignatures/origin.sigs": b"",
        "word/settings.xml": settings.encode(),
        "word/_rels/settings.xml.rels": relationships(
            ("rId1", f"{OFFICE}/attachedTemplate", "https://templates.example/letter.dotm")
        ),
    }
    return package(members | extra)


def docx_with_unsafe_drawing(language: str = "en") -> bytes:
    """Make a letter with an SVG drawing that holds a script."""
    picture = f'<a:blip xmlns:a="{DRAWING}" xmlns:r="{OFFICE}" r:embed="rId9"/>'
    members = document(
        language,
        defaults={"svg": "image/svg+xml"},
        links=(("rId9", f"{OFFICE}/image", "media/image1.svg"),),
        more=f"<w:p><w:r><w:drawing>{picture}</w:drawing></w:r></w:p>",
    )
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
    return package(members | {"word/media/image1.svg": drawing})


def docx_with_picture(picture: bytes, language: str = "nl") -> bytes:
    """Make a letter with a picture, called PNG whatever it is."""
    shown = f'<a:blip xmlns:a="{DRAWING}" xmlns:r="{OFFICE}" r:embed="rId9"/>'
    members = document(
        language,
        defaults={"png": "image/png"},
        links=(("rId9", f"{OFFICE}/image", "media/image1.png"),),
        more=f"<w:p><w:r><w:drawing>{shown}</w:drawing></w:r></w:p>",
    )
    return package(members | {"word/media/image1.png": picture})


def xlsx_with_macro_sheet() -> bytes:
    """Make a price list with a hidden sheet of Excel 4 macros and the name that runs it on opening."""
    sheet = (
        f'{XML}<xm:macrosheet xmlns="{SHEET}" xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main">'
        '<sheetData><row r="1"><c r="A1"><f>HALT()</f><v>0</v></c></row></sheetData></xm:macrosheet>'
    )
    members = workbook(
        overrides={"/xl/macrosheets/sheet1.xml": f"{EXCEL}.macrosheet+xml"},
        links=(("rId9", f"{MICROSOFT}/xlMacrosheet", "macrosheets/sheet1.xml"),),
        sheets='<sheet name="Makro1" sheetId="2" state="veryHidden" r:id="rId9"/>',
        more='<definedNames><definedName name="_xlnm.Auto_Open" hidden="1">Makro1!$A$1</definedName></definedNames>',
    )
    return package(members | {"xl/macrosheets/sheet1.xml": sheet.encode()})


def xlsx_with_connection() -> bytes:
    """Make a price list that asks a server for its data when it is opened."""
    connections = (
        f'{XML}<connections xmlns="{SHEET}"><connection id="1" name="Rates" type="4" refreshedVersion="6" '
        'refreshOnLoad="1"><webPr url="https://rates.example/eur"/></connection></connections>'
    )
    members = workbook(
        overrides={"/xl/connections.xml": f"{TYPE}.spreadsheetml.connections+xml"},
        links=(("rId9", f"{OFFICE}/connections", "connections.xml"),),
    )
    return package(members | {"xl/connections.xml": connections.encode()})


def xlsx_with_link_to_program() -> bytes:
    """Make a price list with a HYPERLINK formula that leads to a program."""
    return package(workbook(formula='HYPERLINK("file:///C:/Windows/System32/calc.exe","Preise")'))


def xlsx_with_link_to_web() -> bytes:
    """Make a price list with a HYPERLINK formula that leads to the web, as people write them."""
    return package(workbook(formula='HYPERLINK("https://shop.example/preise","Preise")'))


def docx_with_two_tables_of_types() -> bytes:
    """Make a letter of whose main part two tables say different things: a document, and one with macros."""
    members = document("en")
    types = members["[Content_Types].xml"].decode()
    extra = f'<Override PartName="/word/%64ocument.xml" ContentType="{MACRO_DOCUMENT}"/>'
    return package(members | {"[Content_Types].xml": types.replace("</Types>", f"{extra}</Types>").encode()})
