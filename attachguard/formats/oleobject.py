"""OLE 1.0 objects, as RTF embeds them ([MS-OLEDS] section 2.2): what kind, and the file inside."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

LINKED = 1
EMBEDDED = 2
_NAME = 4096
"""Bytes of a class or file name that are read."""

EXTENSIONS: Mapping[str, str] = {
    "word.document.8": "doc",
    "word.document.12": "docx",
    "excel.sheet.8": "xls",
    "excel.sheet.12": "xlsx",
    "word.picture.8": "doc",
    "acroexch.document": "pdf",
    "paint.picture": "bmp",
    "pbrush": "bmp",
}
"""Extensions for what classes hold; anything else is handed out as `.bin` and judged by its content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OleObject:
    """What an object's header says."""

    linked: bool
    class_name: str
    untrusted_name: str
    data: bytes


def read_object(data: bytes) -> OleObject | None:
    """Read an object's header and native data; None when there is no header. Never raises."""
    try:
        _, form, length = struct.unpack_from("<III", data)
        class_name, at = _string(data, 8)
        _, at = _string(data, at)
        _, at = _string(data, at)
        (length,) = struct.unpack_from("<I", data, at)
    except (struct.error, ValueError):
        return None
    native = data[at + 4 : at + 4 + length]
    name = f"object.{EXTENSIONS.get(class_name.lower(), 'bin')}"
    if class_name.lower() == "package":
        name, native = _package(native) or (name, native)
    return OleObject(linked=form == LINKED, class_name=class_name, untrusted_name=name, data=native)


def _string(data: bytes, at: int) -> tuple[str, int]:
    """Read a LengthPrefixedAnsiString (2.1.4). Raises struct.error, ValueError."""
    (length,) = struct.unpack_from("<I", data, at)
    if length > _NAME:
        raise ValueError("a name of this length is none")
    return data[at + 4 : at + 4 + length].rstrip(b"\0").decode("cp1252", "replace"), at + 4 + length


def _package(native: bytes) -> tuple[str, bytes] | None:
    """Read the Packager's own format: label, path, temporary path, then the file."""
    try:
        label, at = _zero_ended(native, 2)
        _, at = _zero_ended(native, at)
        (length,) = struct.unpack_from("<I", native, at + 4)
        at += 8 + length
        (length,) = struct.unpack_from("<I", native, at)
    except (struct.error, ValueError):
        return None
    return label, native[at + 4 : at + 4 + length]


def _zero_ended(data: bytes, at: int) -> tuple[str, int]:
    end = data.index(b"\0", at, at + _NAME)
    return data[at:end].decode("cp1252", "replace"), end + 1
