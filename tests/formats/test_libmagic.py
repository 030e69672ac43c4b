"""What libmagic 5.44 (Debian 12) says about our own small files, so that a change is noticed.

When this fails after an upgrade of the system: read the differences, decide whether COMPATIBLE in
formats/identify.py still holds on real files (`benchmarks/identify.py`), and write the new answers down here. Known
trouble: 5.46 calls a plain zip in a buffer application/octet-stream. Under another version only what identification
relies on is asked for, in test_identify.py: that no good file is contradicted.
"""

import magic
import pytest

from tests.formats.every_kind import GOOD, STRANGERS

PINNED = 544
VERSION: int = magic.version()  # type: ignore[no-untyped-call]  # it ships no annotations

ANSWERS = {
    "bmp": "image/bmp",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "eml": "message/rfc822",
    "gif": "image/gif",
    "html": "text/html",
    "jpeg": "image/jpeg",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "pdf": "application/pdf",
    "png": "image/png",
    "rtf": "text/rtf",
    "tiff": "image/tiff",
    "tnef": "application/vnd.ms-tnef",
    "txt": "text/plain",
    "xhtml": "text/xml",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "text/xml",
    "Windows program": "application/vnd.microsoft.portable-executable",
    "DOS program": "application/x-dosexec",
    "ELF program": "application/octet-stream",
    "Java class": "application/x-java-applet",
    "shortcut": "application/octet-stream",
    "gzip": "application/gzip",
    "tar": "application/x-tar",
    "zip": "application/zip",
    "jar": "application/zip",
    "rar": "application/x-rar",
    "7z": "application/x-7z-compressed",
    "iso": "application/x-iso9660-image",
    "wav": "audio/x-wav",
    "webp": "image/webp",
    "mp3": "audio/mpeg",
    "mp3 with tags": "application/octet-stream",
    "mp4": "video/mp4",
    "flash": "text/plain",
    "wasm": "application/wasm",
    "photoshop": "application/octet-stream",
    "icon": "application/x-apple-rsr",
    "emf": "application/octet-stream",
    "sqlite": "application/octet-stream",
    "chm": "application/octet-stream",
    "onenote": "text/plain",
    "signed message": "application/octet-stream",
    "raw workbook": "application/octet-stream",
    "old word": "application/msword",
    "presentation": "application/x-ole-storage",
    "outlook message": "application/vnd.ms-outlook",
    "visio": "application/x-ole-storage",
    "installer": "application/x-ole-storage",
    "unknown ole": "application/x-ole-storage",
    "docm": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "dotx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsm": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xlsb": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xlam": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "ott": "application/zip",
    "odp": "application/zip",
    "epub": "application/zip",
    "star office": "application/zip",
    "svg": "image/svg+xml",
    "xslt": "text/plain",
    "flat odt": "text/plain",
    "hta": "text/html",
    "sylk": "application/x-sylk",
    "calendar": "text/calendar",
    "internet shortcut": "application/x-mswinurl",
    "registry": "text/x-ms-regedit",
    "postscript": "application/postscript",
    "dotm": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xltm": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "vsdx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "apk": "application/vnd.android.package-archive",
    "xps": "application/zip",
    "flat ods": "text/plain",
    "mht": "message/rfc822",
}


def test_every_file_has_its_answer_written_down() -> None:
    assert set(ANSWERS) == {*GOOD, *STRANGERS}


@pytest.mark.skipif(VERSION != PINNED, reason=f"the answers of libmagic {VERSION} are not written down")
@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_libmagic_answers_as_it_did(name: str) -> None:
    assert magic.Magic(mime=True).from_buffer({**GOOD, **STRANGERS}[name]) == ANSWERS[name]
