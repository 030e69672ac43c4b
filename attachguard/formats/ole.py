"""Read OLE compound files ([MS-CFB]): what doc, xls and embedded objects are kept in.

olefile does the reading. It is lenient, so the figures in the header that decide how much it reads are checked
first, and no stream is opened that claims to be larger than the file.
"""

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import olefile

from attachguard.formats import ooxml
from attachguard.formats.contract import Sample
from attachguard.formats.pictures.hidden import SECOND_TYPES
from attachguard.formats.refusal import Refused
from attachguard.formats.zip import LOCAL, holds_package
from attachguard.model import Finding, Limits

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

HEADER_SIZE = 512
SECTOR_SHIFTS = frozenset({9, 12})
"""Section 2.2: sectors of 512 or 4096 bytes, nothing else."""
_SPARE = 16
"""Sectors of allocation table beyond twice what a file needs that are let pass; olefile reads them all, slowly."""
ENTRIES = 20_000
"""Directory entries that are read; a document has a few dozen, one with a thousand objects some thousand."""

STREAMS: Mapping[str, str] = {"worddocument": "doc", "workbook": "xls", "book": "xls"}
"""Root streams that make a document ([MS-DOC] section 2.1, [MS-XLS] section 2.1.7.20; Book is Excel 5 and 95)."""

CLASSES: Mapping[str, str] = {
    "00020906-0000-0000-C000-000000000046": "doc",  # Word.Document.8
    "00020900-0000-0000-C000-000000000046": "doc",  # Word.Document.6
    "00020820-0000-0000-C000-000000000046": "xls",  # Excel.Sheet.8
    "00020810-0000-0000-C000-000000000046": "xls",  # Excel.Sheet.5
}
"""Root class identifiers: they decide where both kinds of stream stand in one file."""

OTHERS: tuple[tuple[str, str], ...] = (
    ("powerpoint document", "PowerPoint 97-2003 presentation"),
    ("pp40", "PowerPoint 4 presentation"),
    ("pp97_dualstorage", "PowerPoint 95 presentation"),
    ("__properties_version1.0", "Outlook message"),
    ("visiodocument", "Visio drawing"),
    ("quill", "Publisher document"),
    ("bodytext", "Hangul document"),
    ("docinfo", "Hangul document"),
    ("matost", "Works document"),
    ("spellingtable", "Works document"),
    ("wksssworkbook", "Works spreadsheet"),
    ("starwriterdocument", "StarWriter document"),
    ("starcalcdocument", "StarCalc spreadsheet"),
    ("equation native", "equation object"),
    ("catalog", "thumbnail database"),
    ("\x01ole10native", "OLE package object"),
)
"""Root streams and storages of types that are not accepted."""

VBA = frozenset({"vba", "_vba_project", "_vba_project_cur", "macros"})
"""Storages and streams of a VBA project ([MS-OVBA] section 2.2.1, [MS-DOC] 2.1.9, [MS-XLS] 2.1.7.10)."""

_INSTALLER = "000C1084-0000-0000-C000-000000000046"
_BROKEN = (
    OSError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    struct.error,
)
"""What olefile raises for broken directories (seen in its source)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One stream or storage."""

    path: tuple[str, ...]
    size: int
    is_stream: bool

    @property
    def name(self) -> str:
        """Its own name, in lower case: names are compared without regard to case (section 2.6.4)."""
        return self.path[-1].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compound:
    """An OLE file's directory."""

    entries: tuple[Entry, ...]
    class_id: str
    findings: tuple[Finding, ...]
    reader: olefile.OleFileIO | None
    length: int
    """Bytes of the whole file."""

    @property
    def root(self) -> frozenset[str]:
        """Names directly under the root, lower case."""
        return frozenset(entry.name for entry in self.entries if len(entry.path) == 1)

    def find(self, *path: str) -> Entry | None:
        """Find a stream by its path, in any letter case."""
        wanted = tuple(piece.lower() for piece in path)
        for entry in self.entries:
            if entry.is_stream and tuple(piece.lower() for piece in entry.path) == wanted:
                return entry
        return None

    def read(self, entry: Entry) -> bytes:
        """Read one stream, which can't be larger than the file. Raises Refused."""
        where = "/".join(entry.path)
        if self.reader is None or entry.size > self.length or self.reader.root.size > self.length:
            raise Refused("file.malformed", where, "larger than the file")
        try:
            content: bytes = self.reader.openstream(list(entry.path)).read()
        except _BROKEN as error:
            raise Refused("file.malformed", where, f"can't be read: {type(error).__name__}") from error
        return content


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """What an OLE file is."""

    kind: str | None
    described: str
    findings: tuple[Finding, ...] = ()


def compound(sample: Sample) -> Compound | None:
    """Read a sample's directory; use it as `sample.shared(compound)`. None when it is no OLE file."""
    return read_compound(sample.data)


def read_compound(data: bytes) -> Compound | None:
    """Read the directory of an OLE file; None when the signature is missing.

    A directory that can't be read gives no entries and `file.malformed`. Never raises.
    """
    if not data.startswith(SIGNATURE):
        return None
    try:
        return _read(data)
    except Refused as refused:
        return Compound(entries=(), class_id="", findings=(refused.finding,), reader=None, length=len(data))


def nature(sample: Sample) -> Nature | None:
    """Say what kind of document an OLE file is; None when it is no OLE file."""
    found = sample.shared(compound)
    return None if found is None else nature_of(found, sample.data)


def nature_of(found: Compound, data: bytes) -> Nature:
    """Say what kind of document an OLE file is, by its root streams and where those disagree by its class."""
    kinds = {STREAMS[name] for name in found.root if name in STREAMS}
    if len(kinds) > 1:
        named = CLASSES.get(found.class_id)
        if named is None:
            return Nature(kind=None, described="Word document and Excel workbook in one", findings=found.findings)
        kinds = {named}
    if kinds:
        kind = kinds.pop()
        relative = _relative(found, kind, data)
        described = relative or {"doc": "Word 97-2003 document", "xls": "Excel 97-2003 workbook"}[kind]
        return Nature(kind=None if relative else kind, described=described, findings=found.findings)
    if "encryptedpackage" in found.root:
        findings = (*found.findings, Finding("file.encrypted", "EncryptedPackage"))
        return Nature(kind=None, described="Office document with a password", findings=findings)
    if found.class_id == _INSTALLER:
        return Nature(kind=None, described="Windows Installer package", findings=found.findings)
    for name, described in OTHERS:
        if name in found.root:
            return Nature(kind=None, described=described, findings=found.findings)
    return Nature(kind=None, described="OLE file of no known kind", findings=found.findings)


def has_macros(found: Compound) -> Entry | None:
    """Find a part of a VBA project, wherever in the file it stands."""
    for entry in found.entries:
        if any(piece.lower() in VBA for piece in entry.path):
            return entry
    return None


def unwrap(data: bytes, name: str, limits: Limits) -> Iterator[tuple[str, str, bytes]]:
    """Give the files inside an embedded object: (stream, file name, bytes); the object itself when it holds none.

    Raises Refused for an object that can't be read.
    """
    found = read_compound(data)
    if found is None or found.reader is None:
        raise Refused("file.malformed", name, "an embedded object that can't be read")
    inside = list(payloads(found, limits))
    if inside:
        yield from inside
        return
    kind = nature_of(found, data).kind
    stem = name.rpartition(".")[0] or name
    yield "", f"{stem}.{kind}" if kind else name, data


def payloads(found: Compound, limits: Limits) -> Iterator[tuple[str, str, bytes]]:
    """Give the files kept in streams that hold files: OLE packages, Open XML packages, PDF and other contents.

    Raises Refused when there are more than `limits.parts` or a stream can't be read.
    """
    number = 0
    for entry in found.entries:
        if not entry.is_stream or entry.name not in {"\x01ole10native", "package", "contents"}:
            continue
        number += 1
        if number > limits.parts:
            raise Refused("limit.parts", "/".join(entry.path), f"more than {limits.parts}")
        content = found.read(entry)
        where = "/".join(entry.path)
        if entry.name == "\x01ole10native":
            yield (where, *_native(content))
        elif content.startswith(LOCAL):
            yield where, f"package.{_package_extension(content, limits)}", content
        elif content.startswith(b"%PDF-"):
            yield where, "contents.pdf", content


def _native(content: bytes) -> tuple[str, bytes]:
    """Take the file out of an Ole10Native stream ([MS-OLEDS] section 2.3.6 and the Packager's own header)."""
    label_end = content.find(b"\0", 6)
    name_end = content.find(b"\0", label_end + 1)
    place = name_end + 1 + 4
    if label_end < 0 or name_end < 0 or place + 4 > len(content):
        return "object.bin", content[4:]
    name = content[6:label_end].decode("cp1252", errors="replace")
    path_size = struct.unpack_from("<L", content, place)[0]
    size_at = place + 4 + path_size
    if size_at + 4 > len(content):
        return name, content[4:]
    size = struct.unpack_from("<L", content, size_at)[0]
    return name, content[size_at + 4 : size_at + 4 + size]


def _package_extension(content: bytes, limits: Limits) -> str:
    found = ooxml.main(Sample(data=content, extension="", limits=limits))
    kind, _ = ooxml.ACCEPTED.get(found.content_type if found else "", ("zip", ""))
    return kind


def _read(data: bytes) -> Compound:
    _check_header(data)
    try:
        reader = olefile.OleFileIO(io.BytesIO(data))  # never OleFileIO(data): short bytes are taken for a path
    except _BROKEN as error:
        raise Refused("file.malformed", "OLE directory", f"can't be read: {type(error).__name__}") from error
    if len(reader.direntries) > ENTRIES:
        raise Refused("file.malformed", "OLE directory", f"more than {ENTRIES} entries")
    return Compound(
        entries=tuple(_walk(reader)),
        class_id=reader.root.clsid,
        findings=tuple(_tail(data, reader)),
        reader=reader,
        length=len(data),
    )


def _walk(reader: olefile.OleFileIO) -> Iterator[Entry]:
    """List all streams and storages, each once: in a broken file a storage can hold itself."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((child.name,), child) for child in reversed(reader.root.kids)]
    seen = {reader.root.sid}
    while waiting:
        path, node = waiting.pop()
        if node.sid in seen:
            continue
        seen.add(node.sid)
        is_stream = node.entry_type == olefile.STGTY_STREAM
        yield Entry(path=path, size=node.size if is_stream else 0, is_stream=is_stream)
        waiting.extend(((*path, child.name), child) for child in reversed(node.kids))


def _check_header(data: bytes) -> None:
    """Check the figures by which a reader allocates (section 2.2)."""
    if len(data) < HEADER_SIZE:
        raise Refused("file.malformed", "OLE header", "cut off")
    sector_shift, mini_shift = struct.unpack_from("<HH", data, 30)
    fat, mini, difat = (struct.unpack_from("<L", data, at)[0] for at in (44, 64, 72))
    if sector_shift not in SECTOR_SHIFTS or mini_shift != 6:
        raise Refused("file.malformed", "OLE header", "sectors of an impossible size")
    sectors = len(data) >> sector_shift
    needed = sectors // (1 << sector_shift - 2) + 1  # sectors that the allocation table itself takes
    if max(mini, difat) > sectors or fat > 2 * needed + _SPARE:
        raise Refused("file.malformed", "OLE header", "more sectors than the file has")


def _tail(data: bytes, reader: olefile.OleFileIO) -> Iterator[Finding]:
    """Look behind the last sector in use: one free sector is padding, a zip is a second file."""
    last = max((sector for sector, follows in enumerate(reader.fat) if follows != olefile.FREESECT), default=0)
    end = (last + 2) * reader.sector_size
    rest = data[end:]
    if holds_package(rest):
        yield Finding("type.polyglot", f"offset {end}", "a zip package after the document")
    elif len(rest) > reader.sector_size and rest.strip(b"\0"):
        for name, pattern in SECOND_TYPES:
            if pattern.search(rest):
                yield Finding("type.polyglot", f"offset {end}", f"holds {name}")
        yield Finding("type.trailing_data", f"offset {end}", f"{len(rest)} bytes after the document")


def _relative(found: Compound, kind: str, data: bytes) -> str | None:
    """Name the near relative that is not accepted: a template or an add-in."""
    head = _head(found, kind, data)
    if kind == "doc":
        is_template = len(head) > 0x0B and head[0x0A] & 0x01  # [MS-DOC] section 2.5.2: fDot
        return "Word template" if is_template else None
    position = 0
    while position + 4 <= len(head):
        record, size = struct.unpack_from("<HH", head, position)
        if record == 0x0060:  # [MS-XLS] section 2.4.323: Template
            return "Excel template"
        if record == 0x0087:  # Addin, as Excel 4 to 2003 write it
            return "Excel add-in"
        position += 4 + size
    return None


def _head(found: Compound, kind: str, data: bytes) -> bytes:
    """Read the first bytes of the main stream without reading all of it."""
    reader = found.reader
    entry = next((e for e in found.entries if len(e.path) == 1 and STREAMS.get(e.name) == kind), None)
    if reader is None or entry is None:
        return b""
    if entry.size >= reader.mini_stream_cutoff_size:
        first = reader.root.kids_dict[entry.name].isectStart
        start = (first + 1) * reader.sector_size
        return data[start : start + reader.sector_size]
    try:
        return found.read(entry)
    except Refused:
        return b""
