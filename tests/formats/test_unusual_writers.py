"""Good files from programs that write in their own way, and near misses: who gets in is what the specifications say.

Each case is what the identify stage and the marketplace policy make of the bytes under a name: the kind a file is let
in as, or None where it bounces.
"""

import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from attachguard.adapters.memory import MemoryLedger, MemoryStore
from attachguard.adapters.memory_scanner import MemoryScanner
from attachguard.model import Action, Attachment
from attachguard.policy import Policy
from attachguard.ports import Kit
from attachguard.reports import add, blank
from attachguard.stages.identify import identify as identify_stage
from benchmarks.identify import BytesInMemory
from tests.formats.every_kind import GOOD, MAIL
from tests.formats.office_made import (
    LIMITS,
    ODF,
    SHEET,
    STRICT,
    WORD,
    Members,
    content_types,
    docx_members,
    odf_members,
    packed,
    relationships,
    xlsx_members,
)
from tests.formats.ole_made import doc, ole, word_streams, workbook, xls
from tests.formats.pictures_made import colours, saved, segment, small_zip
from tests.formats.tnef_made import file, stream

MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"
MAIN = WORD + "document.main+xml"
WORD_XML = docx_members()
ODT = odf_members()
PDF, JPEG, PNG, GIF = (GOOD[kind] for kind in ("pdf", "jpeg", "png", "gif"))


def let_in_as(data: bytes, extension: str, policy: Policy) -> str | None:
    attachment = Attachment(
        path=Path(), size=len(data), sha256="", untrusted_name="", safe_name=f"file.{extension}", name_findings=()
    )
    kit = Kit(
        scanner=MemoryScanner(test_double=True),
        sandbox=BytesInMemory(data),  # type: ignore[arg-type]  # it is asked for nothing but identify
        store=MemoryStore(),
        ledger=MemoryLedger(),
    )
    report = add(blank(attachment), identify_stage(attachment, LIMITS, kit), (), (), policy)
    kind = report.attachment.kind
    rejected = any(policy.judge(None, [finding]).action is Action.REJECT for finding in report.findings)
    return None if kind is None or rejected else kind.name


def check(data: bytes, extension: str, kind: str | None, policy: Policy) -> None:
    assert let_in_as(data, extension, policy) == kind


# -- packages


class _Pipe(io.RawIOBase):
    """A file that can't be sought: zip writers then put sizes behind the data (APPNOTE 4.3.9)."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        self.written += memoryview(data)  # type: ignore[arg-type]  # what zipfile writes is bytes
        return len(memoryview(data))  # type: ignore[arg-type]


def streamed(members: Members) -> bytes:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return bytes(pipe.written)


def wide(members: Members) -> bytes:
    """A zip with zip64 local headers (APPNOTE 4.5.3)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            with package.open(name, "w", force_zip64=True) as member:
                member.write(content.encode() if isinstance(content, str) else content)
    return buffer.getvalue()


def with_wide_end(data: bytes) -> bytes:
    """The same zip with a zip64 end record and locator (APPNOTE 4.3.14, 4.3.15)."""
    end = data.rfind(b"PK\5\6")
    count, size, offset = struct.unpack_from("<HLL", data, end + 10)
    return b"".join(
        (
            data[:end],
            struct.pack("<LQHHLLQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, size, offset),
            struct.pack("<LLQL", 0x07064B50, 0, end, 1),
            struct.pack("<LHHHHLLH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0),
        )
    )


def without(members: Members, *names: str) -> dict[str, str | bytes]:
    return {name: content for name, content in members.items() if name not in names}


def moved_main(name: str, target: str) -> bytes:
    members = without(WORD_XML, "word/document.xml")
    members["[Content_Types].xml"] = content_types(**{name.removesuffix(".xml").replace("/", "__"): MAIN})
    members["_rels/.rels"] = relationships(("officeDocument", target))
    return packed({**members, name: WORD_XML["word/document.xml"]})


def described(content_types_part: str | bytes) -> bytes:
    return packed({**WORD_XML, "[Content_Types].xml": content_types_part})


TYPES = str(WORD_XML["[Content_Types].xml"])
PREFIXED = (
    '<c:Types xmlns:c="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<c:Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<c:Override PartName="/word/document.xml" ContentType="{MAIN}"/></c:Types>'
)
OTHER = f'<Override PartName="/word/document.xml" ContentType="{MACROS}"/>'

PACKAGES: Mapping[str, tuple[bytes, str, str | None]] = {
    "main part with a name of its own": (moved_main("word/main.xml", "word/main.xml"), "docx", "docx"),
    "main part in a folder of its own": (moved_main("any/where.xml", "/any/where.xml"), "docx", "docx"),
    "strict": (
        packed({**WORD_XML, "_rels/.rels": relationships(("officeDocument", "word/document.xml"), base=STRICT)}),
        "docx",
        "docx",
    ),
    "stored": (packed(WORD_XML, stored=frozenset(WORD_XML)), "docx", "docx"),
    "content types last": (packed(dict(reversed(WORD_XML.items()))), "docx", "docx"),
    "sizes behind the data": (streamed(WORD_XML), "docx", "docx"),
    "a workbook with sizes behind the data": (streamed(xlsx_members()), "xlsx", "xlsx"),
    "zip64 members": (wide(WORD_XML), "docx", "docx"),
    "zip64 end": (with_wide_end(packed(WORD_XML)), "docx", "docx"),
    "with folders": (packed({"word/": b"", **WORD_XML}), "docx", "docx"),
    "types in UTF-16": (
        described(('<?xml version="1.0" encoding="UTF-16"?>' + TYPES).encode("utf-16")),
        "docx",
        "docx",
    ),
    "types behind a mark": (described(b"\xef\xbb\xbf" + TYPES.encode()), "docx", "docx"),
    "types with a prefix": (described(PREFIXED), "docx", "docx"),
    "main type by default": (
        described(TYPES.replace("application/xml", MAIN).replace("<Override", "<!-- ").replace("/></T", "--></T")),
        "docx",
        "docx",
    ),
    "a macro document": (packed(docx_members(main=MACROS)), "docx", None),
    "a macro document with a blank": (packed(docx_members(main=MACROS + " ")), "docx", None),
    "a macro document in capitals": (packed(docx_members(main=MACROS.upper())), "docx", None),
    "a macro document as its relative": (packed(docx_members(main=MACROS)), "odt", None),
    "two types for the main part": (described(TYPES.replace("</Types>", OTHER + "</Types>")), "docx", None),
    "two types in two letter cases": (
        described(TYPES.replace("</Types>", OTHER.replace("word/document", "WORD/Document") + "</Types>")),
        "docx",
        None,
    ),
    "two main parts": (
        packed(
            {
                **WORD_XML,
                "[Content_Types].xml": content_types(word__document=MAIN, word__other=MACROS),
                "_rels/.rels": relationships(
                    ("officeDocument", "word/document.xml"), ("officeDocument", "word/other.xml")
                ),
                "word/other.xml": "<a/>",
            }
        ),
        "docx",
        None,
    ),
    "a class inside": (packed({**WORD_XML, "a/B.class": b"\xca\xfe\xba\xbe"}), "docx", None),
    "a class inside a text": (
        packed({**ODT, "B.class": b"\xca\xfe\xba\xbe"}, stored=frozenset({"mimetype"})),
        "odt",
        None,
    ),
    "backslashes": (packed({**WORD_XML, "word\\a.xml": "<a/>"}), "docx", None),
    "two bytes before": (b"MZ" + packed(WORD_XML), "docx", None),
    "a text that names itself last": (packed(dict(reversed(ODT.items()))), "odt", "odt"),
    "a text without mimetype": (packed(without(ODT, "mimetype")), "odt", "odt"),
    "a text without manifest": (packed(without(ODT, "META-INF/manifest.xml")), "odt", "odt"),
    "a text with a line end": (packed({**ODT, "mimetype": f"{ODF}text\n"}), "odt", "odt"),
    "a text that says two things": (packed({**ODT, "mimetype": f"{ODF}presentation"}), "odt", None),
    "a master document": (packed(odf_members(kind="text-master")), "odt", None),
    "a database": (packed(odf_members(kind="base")), "ods", None),
    "word as sheet": (packed(WORD_XML), "xlsx", None),
    "sheet as word": (packed(xlsx_members(main=SHEET + "sheet.main+xml")), "docx", None),
    "a text named doc": (packed(ODT), "doc", "odt"),
}


@pytest.mark.parametrize("case", sorted(PACKAGES))
def test_a_package_is_what_it_says_in_whatever_way_it_was_packed(case: str, policy: Policy) -> None:
    check(*PACKAGES[case], policy)


# -- PDF, pictures


def os2_bitmap() -> bytes:
    """A BMP of OS/2 1.x: BITMAPCOREHEADER of 12 bytes."""
    rows = bytes((10, 20, 30)) * 16
    return b"BM" + struct.pack("<LHHL", 26 + len(rows), 0, 0, 26) + struct.pack("<LHHHH", 12, 4, 4, 1, 24) + rows


def motorola_tiff() -> bytes:
    """A grey TIFF in big-endian byte order (TIFF 6.0)."""
    pixels = bytes(range(16))
    tags = ((256, 4), (257, 4), (258, 8), (259, 1), (262, 1), (277, 1), (278, 4))
    entries = [struct.pack(">HHLHH", tag, 3, 1, value, 0) for tag, value in tags]
    entries[5:5] = [struct.pack(">HHLL", 273, 4, 1, 8)]
    entries.append(struct.pack(">HHLL", 279, 4, 1, len(pixels)))
    return b"MM\0*" + struct.pack(">L", 24) + pixels + struct.pack(">H", len(entries)) + b"".join(entries) + bytes(4)


def big_tiff() -> bytes:
    """A grey BigTIFF: offsets of 8 bytes."""
    pixels = bytes(range(16))
    tags = [(256, 3, 4), (257, 3, 4), (258, 3, 8), (259, 3, 1), (262, 3, 1)]
    tags += [(273, 16, 16), (277, 3, 1), (278, 3, 4), (279, 16, len(pixels))]
    entries = b"".join(struct.pack("<HHQQ", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II+\0\x08\0\0\0" + struct.pack("<Q", 32) + pixels + struct.pack("<Q", len(tags)) + entries + bytes(8)


OTHERS: Mapping[str, tuple[bytes, str, str | None]] = {
    "PDF behind blank lines": (b"\r\n\r\n" + PDF, "pdf", "pdf"),
    "PDF behind a thousand blanks": (b" " * 1015 + PDF, "pdf", "pdf"),
    "PDF too far behind": (b" " * 1030 + PDF, "pdf", None),
    "PDF behind junk": (b"x" * 500 + b"\n" + PDF, "pdf", None),
    "PDF behind a PostScript line": (b"%!PS-Adobe-3.0 PDF-1.4\n" + PDF, "pdf", "pdf"),
    "PDF behind an HTTP head": (b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n" + PDF, "pdf", "pdf"),
    "PDF behind a mail head": (MAIL + PDF, "eml", None),
    "PDF with zeros behind": (PDF + bytes(2000), "pdf", "pdf"),
    "PDF with a zip behind": (PDF + small_zip(), "pdf", None),
    "PDF as text": (PDF, "txt", None),
    "PDF form data": (b"%FDF-1.2\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF", "pdf", None),
    "PDF in a JPEG comment": (JPEG[:2] + segment(0xFE, PDF) + JPEG[2:], "jpg", None),
    "JPEG with a zip behind": (JPEG + small_zip(), "jpg", None),
    "JPEG with a document behind": (JPEG + packed(WORD_XML), "docx", None),
    "JPEG with PHP behind": (JPEG + b"<?php system($_GET[0]);", "jpg", None),
    "JPEG with fill bytes": (JPEG[:2] + b"\xff\xff" + JPEG[2:], "jpg", "jpeg"),
    "two JPEGs": (JPEG + JPEG, "jpg", "jpeg"),
    "GIF with a Java archive": (GIF + packed({"META-INF/MANIFEST.MF": "", "A.class": b"\xca\xfe"}), "gif", None),
    "GIF that is a script": (b"GIF89a/*\x01" + GIF[9:] + b"*/=1;alert(1)", "gif", None),
    "GIF without its end": (GIF[:-1], "gif", "gif"),
    "PNG named jpg": (PNG, "jpg", "png"),
    "BMP of OS/2": (os2_bitmap(), "bmp", "bmp"),
    "TIFF of Motorola": (motorola_tiff(), "tif", "tiff"),
    "BigTIFF": (big_tiff(), "tiff", "tiff"),
    "WebP named jpg": (saved(colours(), "webp"), "jpg", None),
    "icon named bmp": (saved(colours(), "ico"), "bmp", None),
    "HEIC named jpg": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100), "jpg", None),
}


@pytest.mark.parametrize("case", sorted(OTHERS))
def test_pdf_and_pictures_are_known_by_their_structure(case: str, policy: Policy) -> None:
    check(*OTHERS[case], policy)


# -- text, mail, markup, OLE

FRAGMENT = b"<p>Hello <b>world</b>, this is a page.</p>"
OLD_WORD = bytearray(word_streams()["WordDocument"])
struct.pack_into("<HH", OLD_WORD, 0, 0xA5DC, 101)  # [MS-DOC] 2.5.2 knows A5EC only; Word 6 and 95 wrote this
BOOK = b"\x09\x08\x08\0\0\x05\x05\0" + bytes(5004)
MBOX = b"From a@example.org Mon Jan  1 00:00:00 2024\n"
UTF_16 = '<?xml version="1.0" encoding="UTF-16"?><order xmlns="urn:x"/>'

TEXTS: Mapping[str, tuple[bytes, str, str | None]] = {
    "letter that begins with From": (b"From here we went to the station.\nIt rained.\n", "txt", "txt"),
    "mail with LF": (MAIL.replace(b"\r\n", b"\n"), "eml", "eml"),
    "mail with CR": (MAIL.replace(b"\r\n", b"\r"), "eml", "eml"),
    "mail behind a mark": (b"\xef\xbb\xbf" + MAIL, "eml", "eml"),
    "mail from a mailbox": (MBOX + MAIL, "eml", "eml"),
    "mail from a mailbox, quoted": (b">" + MBOX + MAIL, "eml", "eml"),
    "mail behind blank lines": (b"\n\n" + MAIL, "eml", "eml"),
    "mail named txt": (MAIL, "txt", "eml"),
    "table of one column": (b"name\nBob\nAnn\n", "csv", "csv"),
    "table in UTF-16": ("a;b\r\n1;2\r\n".encode("utf-16"), "csv", "csv"),
    "table with sep=": (b"sep=;\na;b\n", "csv", "csv"),
    "table named xls": (b"a\tb\n1\t2\n", "xls", "csv"),
    "page named csv": (FRAGMENT, "csv", None),
    "page without html": (FRAGMENT, "html", "html"),
    "page that begins with words": (b"Hello <b>x</b>", "html", "html"),
    "page named xls": (b"<table><tr><td>1</td></tr></table>", "xls", "html"),
    "page named doc": (FRAGMENT, "doc", "html"),
    "XHTML without doctype": (b'<html xmlns="http://www.w3.org/1999/xhtml"><head/><body/></html>', "xhtml", "xhtml"),
    "XML in UTF-16": (UTF_16.encode("utf-16"), "xml", "xml"),
    "XML in UTF-16 without a mark": (UTF_16.encode("utf-16-be"), "xml", "xml"),
    "XML in EBCDIC": ('<?xml version="1.0" encoding="IBM037"?><a/>'.encode("cp037"), "xml", None),
    "workbook in XML": (
        b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
        "xls",
        "xml",
    ),
    "RTF without version": (b"{\\rtf\\ansi Hello}", "rtf", "rtf"),
    "RTF behind blanks": (b" \r\n{\\rtf1 Hello}", "rtf", "rtf"),
    "RTF, short": (b"{\\rt1 Hello}", "rtf", "rtf"),
    "RTF named doc": (b"{\\rtf1 Hello}", "doc", "rtf"),
    "RTF named txt": (b"{\\rtf1 Hello}", "txt", None),
    "Word 6": (ole({"WordDocument": bytes(OLD_WORD)}), "doc", "doc"),
    "Word in small letters": (ole({name.lower(): data for name, data in word_streams().items()}), "doc", "doc"),
    "Excel 5": (ole({"Book": BOOK}), "xls", "xls"),
    "Excel 2 without OLE": (b"\x09\0\x04\0\0\0\x10\0" + bytes(40), "xls", None),
    "Excel 4 without OLE": (b"\x09\x04\x06\0\0\0\x10\0\0\0" + bytes(40), "xls", None),
    "Excel 5 without OLE": (b"\x09\x08\x08\0\0\x05\x10\0\0\0\0\0" + bytes(40), "xls", None),
    "Word and Excel at once": (ole({**word_streams(), "Workbook": workbook()}), "doc", None),
    "Word named xls": (doc(), "xls", None),
    "Word 97 named docx": (doc(), "docx", "doc"),
    "Excel 97 named xlsx": (xls(), "xlsx", "xls"),
    "Publisher": (ole({"Quill": {"QuillSub": {"CONTENTS": b"x"}}, "Contents": b"x"}), "doc", None),
    "Hangul": (ole({"FileHeader": b"HWP Document File" + bytes(100), "DocInfo": b"x"}), "doc", None),
    "winmail.dat with an odd checksum": (stream(*file("a.txt", b"hello"))[:-2] + b"\xff\xff", "tnef", "tnef"),
}


@pytest.mark.parametrize("case", sorted(TEXTS))
def test_text_mail_and_old_office_files_are_known_by_what_they_hold(case: str, policy: Policy) -> None:
    check(*TEXTS[case], policy)
