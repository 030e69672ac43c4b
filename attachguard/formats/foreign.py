"""Types that are recognised and not accepted: programs, archives, sound, video, other documents.

A claim from here has no kind. Beside an accepted binary type it means that the content reads as two types at once.
Signatures are from the formats' own specifications; most are also listed in the "magic" databases of every system.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from attachguard.formats import odf, ole, ooxml
from attachguard.formats import zip as packages
from attachguard.formats.contract import Claim, Sample
from attachguard.formats.textual import textual_claim
from attachguard.model import Finding


@dataclass(frozen=True, slots=True)
class Signature:
    """Bytes at a fixed place."""

    described: str
    magic: bytes
    offset: int = 0


BINARY: tuple[Signature, ...] = (
    # programs
    Signature("ELF program", b"\x7fELF"),
    Signature("Mach-O program", b"\xfe\xed\xfa\xce"),
    Signature("Mach-O program", b"\xfe\xed\xfa\xcf"),
    Signature("Mach-O program", b"\xce\xfa\xed\xfe"),
    Signature("Mach-O program", b"\xcf\xfa\xed\xfe"),
    Signature("Java class or universal Mach-O program", b"\xca\xfe\xba\xbe"),
    Signature("Android program code", b"dex\n0"),
    Signature("WebAssembly module", b"\0asm"),
    Signature("LLVM bitcode", b"BC\xc0\xde"),
    Signature("Lua bytecode", b"\x1bLua"),
    Signature("serialized Java object", b"\xac\xed\x00\x05"),
    Signature("Windows shortcut", b"L\x00\x00\x00\x01\x14\x02\x00"),
    Signature("Flash film", b"FWS"),
    Signature("Flash film", b"CWS"),
    Signature("Flash film", b"ZWS"),
    Signature("compiled HTML help", b"ITSF"),
    Signature("Windows help", b"?_\x03\x00"),
    Signature("registry hive", b"regf"),
    Signature("OneNote section", bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3")),
    Signature("OneNote notebook", bytes.fromhex("a12fff43d9ef764c9ee210ea5722765f")),
    # archives and compressed files
    Signature("RAR archive", b"Rar!\x1a\x07"),
    Signature("7z archive", b"7z\xbc\xaf\x27\x1c"),
    Signature("gzip file", b"\x1f\x8b"),
    Signature("compress file", b"\x1f\x9d"),
    Signature("compress file", b"\x1f\xa0"),
    Signature("bzip2 file", b"BZh"),
    Signature("xz file", b"\xfd7zXZ\x00"),
    Signature("lzip file", b"LZIP"),
    Signature("zstd file", b"\x28\xb5\x2f\xfd"),
    Signature("LZ4 file", b"\x04\x22\x4d\x18"),
    Signature("cabinet", b"MSCF\x00\x00\x00\x00"),
    Signature("InstallShield cabinet", b"ISc("),
    Signature("ACE archive", b"**ACE**", 7),
    Signature("ARJ archive", b"\x60\xea"),
    Signature("LHA archive", b"-lh", 2),
    Signature("ar archive", b"!<arch>\n"),
    Signature("cpio archive", b"070701"),
    Signature("cpio archive", b"070707"),
    Signature("xar archive", b"xar!"),
    Signature("RPM package", b"\xed\xab\xee\xdb"),
    Signature("StuffIt archive", b"SIT!"),
    Signature("tar archive", b"ustar", 257),
    Signature("disc image", b"CD001", 0x8001),
    Signature("disc image", b"CD001", 0x8801),
    Signature("disc image", b"BEA01", 0x8001),
    Signature("virtual disk", b"conectix"),
    Signature("virtual disk", b"vhdxfile"),
    Signature("virtual disk", b"KDMV"),
    Signature("virtual disk", b"QFI\xfb"),
    Signature("zip spanned over disks", b"PK\x07\x08PK"),
    Signature("zip spanned over disks", b"PK00PK"),
    # sound and video
    Signature("Ogg sound or video", b"OggS\x00"),
    Signature("FLAC sound", b"fLaC"),
    Signature("MP3 sound", b"ID3"),
    Signature("MIDI music", b"MThd"),
    Signature("AIFF sound", b"FORM"),
    Signature("Windows Media", bytes.fromhex("3026b2758e66cf11")),
    Signature("Matroska video", b"\x1a\x45\xdf\xa3"),
    Signature("Flash video", b"FLV\x01"),
    Signature("MPEG video", b"\x00\x00\x01\xba"),
    Signature("MPEG video", b"\x00\x00\x01\xb3"),
    Signature("MP4 or HEIF media", b"ftyp", 4),
    Signature("QuickTime video", b"moov", 4),
    Signature("QuickTime video", b"mdat", 4),
    Signature("QuickTime video", b"wide", 4),
    Signature("QuickTime video", b"free", 4),
    Signature("AMR sound", b"#!AMR"),
    Signature("CAF sound", b"caff\x00"),
    Signature("AU sound", b".snd\x00"),
    Signature("RealMedia", b".RMF"),
    # pictures that are not accepted
    Signature("Photoshop picture", b"8BPS\x00"),
    Signature("icon", b"\x00\x00\x01\x00"),
    Signature("cursor", b"\x00\x00\x02\x00"),
    Signature("Apple icon", b"icns"),
    Signature("JPEG 2000 picture", b"\x00\x00\x00\x0cjP  "),
    Signature("JPEG 2000 picture", b"\xff\x4f\xff\x51"),
    Signature("JPEG XL picture", b"\x00\x00\x00\x0cJXL "),
    Signature("JPEG XL picture", b"\xff\x0a"),
    Signature("enhanced metafile", b" EMF", 40),
    Signature("Windows metafile", b"\xd7\xcd\xc6\x9a"),
    Signature("Windows metafile", b"\x01\x00\x09\x00\x00\x03"),
    Signature("DjVu document", b"AT&TFORM"),
    Signature("GIMP picture", b"gimp xcf"),
    Signature("OpenEXR picture", b"\x76\x2f\x31\x01"),
    Signature("DirectDraw picture", b"DDS "),
    Signature("QOI picture", b"qoif"),
    Signature("Fuji raw picture", b"FUJIFILM"),
    Signature("FLIC animation", b"\x11\xaf", 4),
    Signature("FLIC animation", b"\x12\xaf", 4),
    # documents and data of other programs
    Signature("Encapsulated PostScript", b"\xc5\xd0\xd3\xc6"),
    Signature("TeX output", b"\xf7\x02\x01\x83"),
    Signature("Access database", b"\x00\x01\x00\x00Standard "),
    Signature("SQLite database", b"SQLite format 3\x00"),
    Signature("Outlook data file", b"!BDN"),
    Signature("Exchange data file", b"\xcf\xad\x12\xfe"),
    Signature("Excel 2 sheet", b"\x09\x00\x04\x00"),
    Signature("Excel 2 sheet", b"\x09\x00\x06\x00"),
    Signature("Excel 3 sheet", b"\x09\x02\x06\x00"),
    Signature("Excel 4 sheet", b"\x09\x04\x06\x00"),
    Signature("bare Excel workbook stream", b"\x09\x08\x08\x00"),
    Signature("bare Excel workbook stream", b"\x09\x08\x10\x00"),
    Signature("Word document from before Word 6", b"\xdb\xa5\x2d\x00"),
    Signature("Word document from before Word 6", b"\x9b\xa5"),
    Signature("Word document from before Word 6", b"\x31\xbe\x00\x00"),
    Signature("Word document from before Word 6", b"\xfe\x37\x00"),
    Signature("WordPerfect file", b"\xffWPC"),
    Signature("Lotus 1-2-3 sheet", b"\x00\x00\x02\x00\x06\x04\x06\x00"),
    Signature("Lotus 1-2-3 sheet", b"\x00\x00\x1a\x00"),
    Signature("Works document", b"\x01\xfe\x32\x00"),
    Signature("binary property list", b"bplist0"),
    Signature("Android binary XML", b"\x03\x00\x08\x00"),
    Signature("Windows event log", b"ElfFile\x00"),
    Signature("network capture", b"\xd4\xc3\xb2\xa1"),
    Signature("network capture", b"\x0a\x0d\x0d\x0a"),
    Signature("HDF5 data", b"\x89HDF\r\n\x1a\n"),
    Signature("TrueType font", b"\x00\x01\x00\x00\x00"),
    Signature("OpenType font", b"OTTO\x00"),
    Signature("font collection", b"ttcf\x00"),
    Signature("web font", b"wOFF"),
    Signature("web font", b"wOF2"),
    Signature("PostScript font", b"\x80\x01"),
)
"""Signatures of binary types. They count only where the content is no text: `BZh` may begin a letter."""

_FIRST = tuple({signature.magic for signature in BINARY if not signature.offset})
_ELSEWHERE = tuple(signature for signature in BINARY if signature.offset)
"""The same, so that most files are asked once and not a hundred times."""

CARRIERS = (ole.SIGNATURE, b"\x78\x9f\x3e\x22")
"""Beginnings of OLE and TNEF files: a zip inside is an embedded file, not a second reading; ole.py looks behind."""

_RIFF = {b"WAVE": "WAV sound", b"AVI ": "AVI video", b"WEBP": "WebP picture", b"ACON": "animated cursor"}

_PKCS7 = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
"""The object identifier 1.2.840.113549.1.7 of RFC 5652 in DER, near the start of a signed or encrypted message."""


def sniff(sample: Sample) -> Claim | None:
    """Recognise a type that is not accepted. Looks at fixed places and at shared work only; never raises."""
    text = sample.shared(textual_claim)
    if text is not None and text.kind is None:
        return text
    program = _windows_program(sample.data)
    if program is not None:
        return program
    if sample.text is not None:
        return None
    for signature in BINARY if sample.data.startswith(_FIRST) else _ELSEWHERE:
        if sample.data.startswith(signature.magic, signature.offset):
            return _claim(signature.described)
    return _structured(sample.data) or _package(sample) or _ole(sample)


def _windows_program(data: bytes) -> Claim | None:
    """MZ, and where it is there, PE or NE behind it (PE/COFF section 3.1); a DOS program has neither."""
    if data[:2] not in {b"MZ", b"ZM"} or len(data) < 64:
        return None
    place = struct.unpack_from("<L", data, 60)[0]
    if data[place : place + 4] == b"PE\0\0":
        return _claim("Windows program")
    if data[place : place + 2] in {b"NE", b"LE", b"LX"}:
        return _claim("Windows or OS/2 program")
    return _claim("DOS program") if 0 in data[:64] or any(byte > 0x7F for byte in data[:64]) else None


def _structured(data: bytes) -> Claim | None:
    """Types that one fixed place is not enough for."""
    if data[:4] in {b"RIFF", b"RIFX"}:
        return _claim(_RIFF.get(data[8:12], "RIFF media"))
    if data[:1] == b"\x30" and _PKCS7 in data[:32]:
        return _claim("signed or encrypted message (PKCS #7)")
    if data[-512:-508] == b"koly":
        return _claim("Apple disk image")
    if _is_mpeg_audio(data):
        return _claim("MP3 sound")
    return None


def _is_mpeg_audio(data: bytes) -> bool:
    """Two MPEG audio frame headers in a row with the same version, layer and rate (ISO/IEC 11172-3 section 2.4.1.3)."""
    size = _mpeg_frame(data, 0)
    return bool(size) and bool(_mpeg_frame(data, size)) and data[size + 1] == data[1]


def _mpeg_frame(data: bytes, at: int) -> int:
    """Give the length of the layer III frame at a place, 0 when there is none."""
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    is_one = head[1] & 0x18 == 0x18
    rates = _RATES_1 if is_one else _RATES_2
    index, frequency = head[2] >> 4, _FREQUENCIES[head[2] >> 2 & 3]
    if index in {0, 15} or not frequency:
        return 0
    divisor = {0x18: 1, 0x10: 2, 0x00: 4}.get(head[1] & 0x18, 0)
    if not divisor:
        return 0
    return (144 if is_one else 72) * rates[index] * 1000 // (frequency // divisor) + (head[2] >> 1 & 1)


_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
_FREQUENCIES = (44_100, 48_000, 32_000, 0)


def _package(sample: Sample) -> Claim | None:
    """Claim a zip that is no accepted document: whatever zip readers open, wherever in the file it begins.

    Files that carry whole files uncompressed are left out: Word itself keeps a zip (the theme) inside a .doc.
    """
    if sample.data.startswith(CARRIERS):
        return None
    whole = sample.shared(packages.package)
    if whole is None:
        if sample.data.startswith(packages.LOCAL):
            return _claim("broken zip archive", (Finding("file.malformed", detail="no table of contents"),))
        return None
    if whole.first == 0 and (_is_office(sample) or not (whole.members or whole.findings)):
        return None
    return _claim(_describe(sample, whole), whole.findings)


def _is_office(sample: Sample) -> bool:
    """Leave to docx, xlsx, odt and ods what they claim."""
    return any(ooxml.sniff(sample, kind) for kind in ("docx", "xlsx")) or any(
        odf.sniff(sample, kind) for kind in ("odt", "ods")
    )


def _describe(sample: Sample, whole: packages.Package) -> str:
    if whole.first:
        return "zip archive behind other content"
    if sample.shared(ooxml.main) is not None:
        return "Office Open XML package of no known kind"
    names = {
        "meta-inf/manifest.mf": "Java archive",
        "androidmanifest.xml": "Android program",
        "index/document.iwa": "iWork document",
        "index.zip": "iWork document",
    }
    return next((described for name, described in names.items() if whole.find(name)), "zip archive")


def _ole(sample: Sample) -> Claim | None:
    nature = sample.shared(ole.nature)
    if nature is None or nature.kind is not None:
        return None
    return _claim(nature.described, nature.findings)


def _claim(described: str, findings: Iterator[Finding] | tuple[Finding, ...] = ()) -> Claim:
    return Claim(kind=None, described=described, findings=tuple(findings))
