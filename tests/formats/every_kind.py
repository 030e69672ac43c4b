"""One small good file of every kind, and small files of many types that are not accepted."""

import gzip
import io
import struct
import tarfile
from collections.abc import Mapping
from types import MappingProxyType

from tests.formats.office_made import (
    ODF,
    WORD,
    content_types,
    docx,
    docx_members,
    odf_members,
    ods,
    odt,
    packed,
    relationships,
    xlsx,
    xlsx_members,
)
from tests.formats.ole_made import doc, ole, xls
from tests.formats.pictures_made import colours, saved
from tests.formats.tnef_made import file, stream

PDF = b"".join(
    line + b"\n"
    for line in (
        b"%PDF-1.4",
        b"%\xe2\xe3\xcf\xd3",
        b"1 0 obj",
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"endobj",
        b"2 0 obj",
        b"<</Type/Pages/Kids[]/Count 0>>",
        b"endobj",
        b"xref",
        b"0 3",
        b"0000000000 65535 f ",
        b"0000000015 00000 n ",
        b"0000000060 00000 n ",
        b"trailer",
        b"<</Size 3/Root 1 0 R>>",
        b"startxref",
        b"109",
        b"%%EOF",
    )
)

MAIL = (
    b"From: a@example.org\r\nTo: b@example.org\r\nSubject: hello\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n"
    b"\r\nHello\r\n"
)
OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"

GOOD: Mapping[str, bytes] = MappingProxyType(
    {
        "bmp": saved(colours(), "bmp"),
        "csv": b"name,amount\nJansen,12.50\nDe Vries,7.00\n",
        "doc": doc("A letter."),
        "docx": docx("<w:p><w:r><w:t>A letter.</w:t></w:r></w:p>"),
        "eml": MAIL,
        "gif": saved(colours(), "gif"),
        "html": b"<!DOCTYPE html><html><head><title>Page</title></head><body><p>Hello</p></body></html>",
        "jpeg": saved(colours(), "jpeg"),
        "ods": ods(),
        "odt": odt("<text:p>A letter.</text:p>"),
        "pdf": PDF,
        "png": saved(colours(), "png"),
        "rtf": b"{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}\\f0 Hello\\par}",
        "tiff": saved(colours(), "tiff"),
        "tnef": stream(*file("a.txt", b"hello")),
        "txt": "Een gewone brief, zonder iets bijzonders, voor de café-eigenaar.\n".encode(),
        "xhtml": (
            b'<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>Page</title>'
            b"</head><body><p>Hello</p></body></html>"
        ),
        "xls": xls(),
        "xlsx": xlsx(),
        "xml": b'<?xml version="1.0"?><order xmlns="urn:example"><line amount="1"/></order>',
    }
)
"""By the name of the kind."""


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("a.txt")
        member.size = 5
        archive.addfile(member, io.BytesIO(b"hello"))
    return buffer.getvalue()


def _program() -> bytes:
    return b"MZ" + bytes(58) + struct.pack("<L", 64) + b"PE\0\0\x64\x86" + bytes(200)


def _mp3_frames() -> bytes:
    frame = b"\xff\xfb\x90\x00" + bytes(413)  # MPEG 1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes
    return frame * 3


STRANGERS: Mapping[str, bytes] = MappingProxyType(
    {
        "Windows program": _program(),
        "DOS program": b"MZ\x90" + bytes(100),
        "ELF program": b"\x7fELF\x02\x01\x01" + bytes(60),
        "Java class": b"\xca\xfe\xba\xbe\x00\x00\x00\x41" + bytes(60),
        "shortcut": b"L\x00\x00\x00\x01\x14\x02\x00" + bytes(60),
        "gzip": gzip.compress(b"hello" * 10, mtime=0),
        "tar": _tar(),
        "zip": packed({"a.txt": "hello"}),
        "jar": packed({"META-INF/MANIFEST.MF": "Main-Class: A", "A.class": b"\xca\xfe\xba\xbe"}),
        "rar": b"Rar!\x1a\x07\x01\x00" + bytes(60),
        "7z": b"7z\xbc\xaf\x27\x1c" + bytes(60),
        "iso": bytes(0x8001) + b"CD001" + bytes(2000),
        "wav": b"RIFF" + struct.pack("<L", 100) + b"WAVEfmt " + bytes(100),
        "webp": b"RIFF" + struct.pack("<L", 100) + b"WEBPVP8 " + bytes(100),
        "mp3": _mp3_frames(),
        "mp3 with tags": b"ID3\x03\x00" + bytes(100),
        "mp4": struct.pack(">L", 24) + b"ftypisom" + bytes(100),
        "flash": b"CWS\x0a" + bytes(60),
        "wasm": b"\0asm\x01\0\0\0",
        "photoshop": b"8BPS\x00\x01" + bytes(60),
        "icon": b"\x00\x00\x01\x00\x01\x00" + bytes(60),
        "emf": b"\x01\x00\x00\x00" + bytes(36) + b" EMF" + bytes(60),
        "sqlite": b"SQLite format 3\x00" + bytes(100),
        "chm": b"ITSF\x03\x00\x00\x00" + bytes(60),
        "onenote": bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + bytes(100),
        "signed message": b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + bytes(100),
        "raw workbook": b"\x09\x08\x10\x00\x00\x06\x05\x00" + bytes(60),
        "old word": b"\xdb\xa5\x2d\x00" + bytes(60),
        "presentation": ole({"PowerPoint Document": b"x" * 5000}),
        "outlook message": ole({"__properties_version1.0": b"x"}),
        "visio": ole({"VisioDocument": b"x"}),
        "installer": ole({"Anything": b"x"}, "000C1084-0000-0000-C000-000000000046"),
        "unknown ole": ole({"Anything": b"x"}),
        "docm": packed(docx_members(main="application/vnd.ms-word.document.macroEnabled.main+xml")),
        "dotx": packed(docx_members(main=WORD + "template.main+xml")),
        "xlsm": packed(xlsx_members(main="application/vnd.ms-excel.sheet.macroEnabled.main+xml")),
        "xlsb": packed(xlsx_members(main="application/vnd.ms-excel.sheet.binary.macroEnabled.main")),
        "xlam": packed(xlsx_members(main="application/vnd.ms-excel.addin.macroEnabled.main+xml")),
        "dotm": packed(docx_members(main="application/vnd.ms-word.template.macroEnabledTemplate.main+xml")),
        "xltm": packed(xlsx_members(main="application/vnd.ms-excel.template.macroEnabled.main+xml")),
        "vsdx": packed(docx_members(main="application/vnd.ms-visio.drawing.main+xml")),
        "apk": packed({"AndroidManifest.xml": b"\x03\x00\x08\x00", "classes.dex": b"dex\n035\0"}),
        "xps": packed({"[Content_Types].xml": content_types(), "_rels/.rels": relationships(), "F.fdseq": "<a/>"}),
        "pptx": packed(
            docx_members(main="application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml")
        ),
        "ott": packed(odf_members(kind="text-template")),
        "odp": packed(odf_members(kind="presentation")),
        "epub": packed({"mimetype": "application/epub+zip", "META-INF/container.xml": "<a/>"}),
        "star office": packed({"mimetype": "application/vnd.sun.xml.writer", "content.xml": "<a/>"}),
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><circle r="1"/></svg>',
        "xslt": b'<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"/>',
        "flat odt": f'<office:document xmlns:office="{OFFICE}" office:mimetype="{ODF}text"/>'.encode(),
        "flat ods": f'<office:document xmlns:office="{OFFICE}" office:mimetype="{ODF}spreadsheet"/>'.encode(),
        "mht": (
            b"From: <Saved by Blink>\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
            b'Content-Type: multipart/related; boundary="b"\r\n\r\n'
            b"--b\r\nContent-Location: https://a/\r\n\r\nx\r\n--b--"
        ),
        "hta": b"<html><head><hta:application id='a'/></head></html>",
        "sylk": b"ID;PWXL;N;E\r\nC;Y1;X1;K1\r\nE\r\n",
        "calendar": b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
        "internet shortcut": b"[InternetShortcut]\r\nURL=file:///c:/x\r\n",
        "registry": b"Windows Registry Editor Version 5.00\r\n\r\n[HKEY_CURRENT_USER]\r\n",
        "postscript": b"%!PS-Adobe-3.0\n/x 1 def\n",
    }
)
"""By what they are; none may be accepted under any name but, where it is text, `.txt`."""
