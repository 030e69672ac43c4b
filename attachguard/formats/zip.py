"""Read a zip package (docx, xlsx, odt, ods) the strict way: one table of contents, and no second opinion.

Readers of zip files disagree: some follow the central directory, some walk the local headers, some look for the
last end record and some for the first. A package that reads differently from one to another can show a scanner
something else than the recipient, so every disagreement is a finding. Section numbers are PKWARE's APPNOTE 6.3.10.

Inflating is counted while it happens; no size in a header is believed.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from attachguard.formats.contract import Sample
from attachguard.formats.pictures.hidden import SECOND_TYPES
from attachguard.formats.refusal import Refused
from attachguard.model import Finding, Limits

LOCAL = b"PK\x03\x04"

LEADS = (b"\r\n", b"\n")
"""Line breaks that some download scripts write before a file (measured); office programs open such a package."""

CENTRAL = b"PK\x01\x02"
END = b"PK\x05\x06"
END64 = b"PK\x06\x06"
LOCATOR64 = b"PK\x06\x07"
SIGNATURE = b"PK\x05\x05"

STORED, DEFLATED = 0, 8
METHODS = frozenset({STORED, DEFLATED})
"""4.4.5; ISO/IEC 29500-2 Annex C and ODF 1.3 part 2 section 2 allow these two and no other."""

ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
"""4.4.4: encrypted, strongly encrypted, header values masked."""
DESCRIPTOR = 1 << 3
"""4.4.4: sizes stand behind the data, the local header may say zero."""
UTF8 = 1 << 11

NAME_LENGTH = 255
"""Bytes of a member's name: longer ones do not fit a directory entry on any common file system."""

RATIO_FROM = 1024 * 1024
"""Inflated bytes from which on `Limits.ratio` counts; small runs of spaces shrink beyond any ratio."""

END_RECORD = struct.Struct("<4sHHHHLLH")
CENTRAL_HEADER = struct.Struct("<4sHHHHHHLLLHHHHHLL")
LOCAL_HEADER = struct.Struct("<4sHHHHHLLLHH")
_END64 = struct.Struct("<4sQHHLLQQQQ")
_LOCATOR64 = struct.Struct("<4sLQL")
_COMMENT = 0xFFFF
_CANDIDATES = 32
_SYMLINK = 0o120000
_UNIX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of a package, as the central directory has it."""

    name: str
    method: int
    flags: int
    crc: int
    stored: int
    """Bytes of compressed data."""
    size: int
    """Bytes after inflating, as claimed."""
    header: int
    """Where its local header stands."""
    start: int
    """Where its data begins, by the local header."""

    @property
    def is_directory(self) -> bool:
        """Say whether it only names a folder."""
        return self.name.endswith("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A zip's table of contents, and every contradiction in it."""

    data: bytes
    members: tuple[Member, ...]
    findings: tuple[Finding, ...]
    first: int
    """Where the first local header stands; anything but 0 means that something stands before the package."""
    by_name: Mapping[str, Member]
    """By name in lower case: part names are compared without regard to case (ISO/IEC 29500-2 section 6.2.2.3)."""

    def find(self, name: str) -> Member | None:
        """Find a member by its name, in any letter case."""
        return self.by_name.get(name.lower())

    def java_class(self) -> str | None:
        """Name a member that a Java machine loads: with one in it, any zip is a Java archive, manifest or not."""
        return next((name for name in self.by_name if name.endswith(".class")), None)

    def read(self, member: Member, most: int) -> bytes:
        """Inflate one member of at most `most` bytes and check it against its CRC. Raises Refused."""
        return _inflate(self.data, member, most, ratio=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """An end of central directory record (4.3.16) whose directory really stands where it says."""

    position: int
    end: int
    """Where the record and its comment end."""
    count: int
    directory: int
    directory_end: int
    shift: int
    """How far the real directory stands behind the offset that the record gives: bytes before the package."""


def package(sample: Sample) -> Package | None:
    """Read the package in a sample; use it as `sample.shared(package)`, so that it is read once."""
    return read_package(sample.data, sample.limits)


def begins(data: bytes) -> bool:
    """Say whether a package begins these bytes, or stands right behind a line break."""
    return data.startswith((LOCAL, *(lead + LOCAL for lead in LEADS)))


def read_package(data: bytes, limits: Limits) -> Package | None:
    """Read the table of contents of a zip, wherever in the bytes it begins; None when there is none.

    A line break before the first member is taken off, which is the finding `type.leading_data`.

    A directory of more than `limits.members` entries is not read: the package then has no members and the finding
    `limit.members`. Linear in the number of entries and in the bytes between members. Never raises.
    """
    lead = next((lead for lead in LEADS if data.startswith(lead + LOCAL)), b"")
    data = data.removeprefix(lead)
    ends = _ends(data)
    if not ends:
        return None
    end = ends[0]
    if end.count > limits.members:
        finding = Finding("limit.members", detail=f"{end.count} members, limit {limits.members}")
        return Package(data=data, members=(), findings=(finding,), first=end.shift, by_name={})
    seen: dict[str, Finding] = {}
    if lead:
        _note(seen, "type.leading_data", "", f"a line break of {len(lead)} bytes before the package")
    members = tuple(_members(data, end, seen))
    for finding in (*_layout(data, members, end), *_behind(data, end), *_rivals(members, ends)):
        seen.setdefault(finding.code, finding)
    return Package(
        data=data,
        members=members,
        findings=tuple(seen.values()),
        first=min((member.header for member in members), default=0),
        by_name={member.name.lower(): member for member in members},
    )


def holds_package(data: bytes) -> bool:
    """Say whether a zip reader would open these bytes: an end record whose directory really stands there.

    Zip readers search from the end, so any file can be a zip as well. Looks at the last 64 KiB (4.3.16).
    """
    return any(end.count for end in _ends(data))


def unpack(whole: Package, limits: Limits) -> Iterator[tuple[Member, bytes]]:
    """Inflate every member in order, counting.

    Raises Refused with the first of limit.inflated_size, limit.ratio, zip.method, zip.inconsistent or
    file.encrypted that is met.
    """
    left = limits.inflated_size
    for member in whole.members:
        if member.is_directory and not member.stored:
            continue
        content = _inflate(whole.data, member, min(limits.member_size, left), ratio=limits.ratio)
        left -= len(content)
        yield member, content


# -- finding the table of contents ---------------------------------------------------------------------------------


def _ends(data: bytes) -> list[_End]:
    """Find the consistent end records in the last 64 KiB, last one first."""
    ends: list[_End] = []
    floor = max(0, len(data) - END_RECORD.size - _COMMENT)
    position = data.rfind(END, floor)
    for _ in range(_CANDIDATES):
        if position < 0:
            break
        end = _read_end(data, position)
        if end is not None:
            ends.append(end)
        position = data.rfind(END, floor, position + len(END) - 1)
    return ends


def _read_end(data: bytes, position: int) -> _End | None:
    if position + END_RECORD.size > len(data):
        return None
    _, disk, first_disk, here, count, size, offset, comment = END_RECORD.unpack_from(data, position)
    directory_end = position
    wide = _read_end64(data, position)
    if wide is not None:
        directory_end, count64, size64, offset64 = wide
        count = count64 if count == 0xFFFF else count
        size = size64 if size == 0xFFFFFFFF else size
        offset = offset64 if offset == 0xFFFFFFFF else offset
    elif disk or first_disk or here != count:
        return None  # 4.4.19: archives over several disks; no single file is a whole one
    directory = directory_end - size
    if directory < 0 or (count and data[directory : directory + 4] != CENTRAL):
        return None
    return _End(
        position=position,
        end=position + END_RECORD.size + comment,
        count=count,
        directory=directory,
        directory_end=directory_end,
        shift=directory - offset,
    )


def _read_end64(data: bytes, position: int) -> tuple[int, int, int, int] | None:
    """Read the zip64 end record (4.3.14) that stands before the end record: its place, count, size and offset."""
    locator = position - _LOCATOR64.size
    if locator < 0 or data[locator : locator + 4] != LOCATOR64:
        return None
    place = data.rfind(END64, max(0, locator - 1024), locator)
    if place < 0 or place + _END64.size > locator:
        return None
    _, _, _, _, _, _, _, count, size, offset = _END64.unpack_from(data, place)
    return place, count, size, offset


# -- reading it --------------------------------------------------------------------------------------------------


class _Entry(NamedTuple):
    """One entry of the central directory (4.3.12)."""

    raw: bytes
    extra: bytes
    flags: int
    method: int
    crc: int
    stored: int
    size: int
    header: int
    symlink: bool
    after: int
    """Where the next entry begins."""


def _members(data: bytes, end: _End, seen: dict[str, Finding]) -> Iterator[Member]:
    """Read the directory, each entry beside its local header; contradictions go to `seen`, the first per code."""
    position = end.directory
    names: set[str] = set()
    for number in range(end.count):
        entry = _entry(data, position, end.directory_end)
        if entry is None:
            _note(seen, "zip.inconsistent", f"entry {number}", "the table of contents ends early")
            return
        position = entry.after
        name = _decode(entry.raw, entry.flags, seen)
        _check_name(name, entry, seen)
        _check_coding(name, entry, seen)
        if name.lower() in names:
            _note(seen, "zip.duplicate", name)
        names.add(name.lower())
        yield Member(
            name=name,
            method=entry.method,
            flags=entry.flags,
            crc=entry.crc,
            stored=entry.stored,
            size=entry.size,
            header=entry.header + end.shift,
            start=_check_local(data, entry.header + end.shift, name, entry, seen),
        )
    if position != end.directory_end and data[position : position + 4] != SIGNATURE:
        _note(seen, "zip.inconsistent", "", "the table of contents has more entries than it says")


def _entry(data: bytes, position: int, stop: int) -> _Entry | None:
    if position + CENTRAL_HEADER.size > stop or data[position : position + 4] != CENTRAL:
        return None
    fields = CENTRAL_HEADER.unpack_from(data, position)
    made_by, flags, method, crc, stored, size = fields[1], fields[3], fields[4], fields[7], fields[8], fields[9]
    name_length, extra_length, comment_length = fields[10], fields[11], fields[12]
    attributes, header = fields[15], fields[16]
    at = position + CENTRAL_HEADER.size
    extra = data[at + name_length : at + name_length + extra_length]
    size, stored, header = _wide(extra, size, stored, header)
    return _Entry(
        raw=data[at : at + name_length],
        extra=extra,
        flags=flags,
        method=method,
        crc=crc,
        stored=stored,
        size=size,
        header=header,
        symlink=made_by >> 8 == _UNIX and attributes >> 16 & 0o170000 == _SYMLINK,
        after=at + name_length + extra_length + comment_length,
    )


def _wide(extra: bytes, size: int, stored: int, header: int) -> tuple[int, int, int]:
    """Take the values that do not fit 32 bits from the zip64 extra field (4.5.3)."""
    values = [size, stored, header]
    if 0xFFFFFFFF not in values:
        return size, stored, header
    body = _extra(extra, 0x0001)
    at = 0
    for index, value in enumerate(values):
        if value == 0xFFFFFFFF and at + 8 <= len(body):
            values[index] = int.from_bytes(body[at : at + 8], "little")
            at += 8
    return values[0], values[1], values[2]


def _extra(extra: bytes, wanted: int) -> bytes:
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        if tag == wanted:
            return extra[at + 4 : at + 4 + length]
        at += 4 + length
    return b""


def _decode(raw: bytes, flags: int, seen: dict[str, Finding]) -> str:
    """Decode a name as 4.4.4 bit 11 says: UTF-8 or code page 437."""
    if not flags & UTF8:
        return raw.decode("cp437")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        _note(seen, "zip.name", raw.decode("cp437"), "not the UTF-8 it says it is")
        return raw.decode("cp437")


def _check_name(name: str, entry: _Entry, seen: dict[str, Finding]) -> None:
    """Look for names that lead out of the package, hide, or read differently on another system (4.4.17)."""
    pieces = name.removesuffix("/").split("/")
    if not name or len(entry.raw) > NAME_LENGTH:
        _note(seen, "zip.name", name, f"{len(entry.raw)} bytes long")
    elif "\\" in name or name[1:2] == ":" or any(piece in {"", ".", ".."} for piece in pieces):
        _note(seen, "zip.name", name, "leads elsewhere")
    elif any(ord(char) < 0x20 or ord(char) == 0x7F for char in name):
        _note(seen, "zip.name", name, "holds control characters")
    elif entry.symlink:
        _note(seen, "zip.name", name, "a symbolic link")
    other = _extra(entry.extra, 0x7075)[5:]  # 4.6.9: a second name, for readers that know it
    if other and other != entry.raw and other.decode(errors="replace") != name:
        _note(seen, "zip.inconsistent", name, "has a second name")


def _check_coding(name: str, entry: _Entry, seen: dict[str, Finding]) -> None:
    if entry.flags & ENCRYPTED:
        _note(seen, "file.encrypted", name)
    if entry.method not in METHODS:
        _note(seen, "zip.method", name, f"method {entry.method}")


def _check_local(data: bytes, header: int, name: str, entry: _Entry, seen: dict[str, Finding]) -> int:
    """Compare a local header (4.3.7) with its entry in the directory; give the place where the data begins."""
    if header < 0 or header + LOCAL_HEADER.size > len(data) or data[header : header + 4] != LOCAL:
        _note(seen, "zip.inconsistent", name, "is not where the table of contents says")
        return len(data)
    _, _, flags, method, _, _, crc, stored, size, name_length, extra_length = LOCAL_HEADER.unpack_from(data, header)
    at = header + LOCAL_HEADER.size
    start: int = at + name_length + extra_length
    if data[at : at + name_length] != entry.raw:
        _note(seen, "zip.inconsistent", name, "has another name at its place than in the table of contents")
    if flags & ENCRYPTED != entry.flags & ENCRYPTED or method != entry.method:
        _note(seen, "zip.inconsistent", name, "is packed otherwise than the table of contents says")
    elsewhere = flags & DESCRIPTOR or 0xFFFFFFFF in {stored, size}  # the true figures stand in another place
    if not elsewhere and (crc, stored, size) != (entry.crc, entry.stored, entry.size):
        _note(seen, "zip.inconsistent", name, "has another size or checksum than in the table of contents")
    if start + entry.stored > len(data):
        _note(seen, "zip.inconsistent", name, "ends behind the end of the file")
    return start


def _layout(data: bytes, members: Iterable[Member], end: _End) -> Iterator[Finding]:
    """Walk the members in the order they lie in the file: nothing before, nothing shared, nothing unlisted between."""
    position = 0
    for member in sorted(members, key=lambda member: member.header):
        if member.header < position:
            yield Finding("zip.inconsistent", member.name, "shares bytes with another member")
        elif data.find(LOCAL, position, member.header) >= 0:
            yield Finding(
                "zip.inconsistent", member.name, "has a member before it that is not in the table of contents"
            )
        elif position == 0 and member.header:
            yield Finding("zip.inconsistent", "", f"{member.header} bytes before the package")
        position = max(position, member.start + member.stored)
    if position > end.directory and end.count:
        yield Finding("zip.inconsistent", "", "a member reaches into the table of contents")
    elif data.find(LOCAL, position, end.directory) >= 0:
        yield Finding("zip.inconsistent", "", "a member is not in the table of contents")
    if end.shift:
        yield Finding("zip.inconsistent", "", f"every place is off by {end.shift} bytes")
    if end.end > len(data):
        yield Finding("zip.inconsistent", "", "the comment ends behind the end of the file")


def _behind(data: bytes, end: _End) -> Iterator[Finding]:
    """Look behind the end record and its comment; mail gateways add line ends and zeros there."""
    if not data[end.end :].strip(b"\0\t\r\n "):
        return
    yield Finding("type.trailing_data", "", f"{len(data) - end.end} bytes after the package")
    for name, pattern in SECOND_TYPES:
        if pattern.search(data, end.end):
            yield Finding("type.polyglot", f"offset {end.end}", f"holds {name}")


def _rivals(members: Iterable[Member], ends: list[_End]) -> Iterator[Finding]:
    """Look for a second table of contents; one inside a member is that member's business."""
    spans = [(member.start, member.start + member.stored) for member in members]
    for rival in ends[1:]:
        if rival.count and not any(start <= rival.position < stop for start, stop in spans):
            yield Finding("zip.inconsistent", "", "two tables of contents")


def _note(seen: dict[str, Finding], code: str, where: str, detail: str = "") -> None:
    seen.setdefault(code, Finding(code, where, detail))


# -- inflating -----------------------------------------------------------------------------------------------------


def _inflate(data: bytes, member: Member, most: int, ratio: int | None) -> bytes:
    """Unpack one member, at most `most` bytes and, above 1 MiB, at most `ratio` times what is stored."""
    if member.flags & ENCRYPTED:
        raise Refused("file.encrypted", member.name)
    if member.method not in METHODS:
        raise Refused("zip.method", member.name, f"method {member.method}")
    by_ratio = most if ratio is None else max(RATIO_FROM, member.stored * ratio)
    cap = min(most, by_ratio)
    packed = memoryview(data)[member.start : member.start + member.stored]
    content = bytes(packed[: cap + 1]) if member.method == STORED else _deflated(packed, cap + 1, member)
    if len(content) > most:
        raise Refused("limit.inflated_size", member.name, f"more than {most} bytes")
    if len(content) > cap:
        raise Refused("limit.ratio", member.name, f"{member.stored} bytes inflate to more than {cap}")
    if len(content) != member.size or zlib.crc32(content) != member.crc:
        raise Refused("zip.inconsistent", member.name, "is not what the table of contents says")
    return content


def _deflated(packed: memoryview, most: int, member: Member) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(packed, most)
    except zlib.error as error:
        raise Refused("zip.inconsistent", member.name, "does not inflate") from error
    if len(content) >= most:
        return content
    if not inflater.eof or inflater.unused_data:
        raise Refused("zip.inconsistent", member.name, "does not end where it says")
    return content
