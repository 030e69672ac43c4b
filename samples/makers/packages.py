"""Zip packages with fixed dates: what office documents are made of, and what bombs and disguises are made of."""

import io
import zipfile
from collections.abc import Mapping

NEVER = (2026, 3, 16, 9, 30, 0)
"""The date of every member."""


def package(members: Mapping[str, bytes], stored: frozenset[str] = frozenset()) -> bytes:
    """Zip members in the given order, deflated but for those in `stored`; as if written on MS-DOS."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name, date_time=NEVER)
            entry.create_system = 0
            entry.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return out.getvalue()


def archive(name: str, data: bytes) -> bytes:
    """Make a plain zip archive with one file in it."""
    return package({name: data})


def behind(first: bytes, second: bytes) -> bytes:
    """Put one file behind another, as polyglots do: read from the front it is the one, from the back the other."""
    return first + second


def behind_a_line_break(whole: bytes) -> bytes:
    """Put a line break before a file, as bad download scripts do: they end their headers with one too many."""
    return b"\r\n" + whole


def with_two_of_one_name(whole: bytes, name: str) -> bytes:
    """Put a second member of a name, in other letter case, behind the first: readers differ in which one they take."""
    return _added(whole, (name.upper(), b"<other/>", zipfile.ZIP_DEFLATED))


def with_name_that_leads_out(whole: bytes) -> bytes:
    """Add a member whose name leads out of the folder that a package is unpacked to."""
    return _added(whole, ("../../start.bat", b"echo", zipfile.ZIP_DEFLATED))


def with_other_method(whole: bytes) -> bytes:
    """Add a member that is compressed with bzip2, which no office program writes."""
    return _added(whole, ("word/media/photo.png", bytes(4096), zipfile.ZIP_BZIP2))


def _added(whole: bytes, extra: tuple[str, bytes, int]) -> bytes:
    out = io.BytesIO(whole)
    with zipfile.ZipFile(out, "a") as archive:
        entry = zipfile.ZipInfo(extra[0], date_time=NEVER)
        entry.create_system = 0
        entry.compress_type = extra[2]
        archive.writestr(entry, extra[1])
    return out.getvalue()


def relationships(*rows: tuple[str, str, str]) -> bytes:
    """Write a relationship part (ECMA-376 part 2, 9.3): id, type, target; a target with `://` is external."""
    items = "".join(
        f'<Relationship Id="{name}" Type="{kind}" Target="{target}"{_mode(target)}/>' for name, kind, target in rows
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'{XML}<Relationships xmlns="{space}">{items}</Relationships>'.encode()


def _mode(target: str) -> str:
    return ' TargetMode="External"' if "://" in target else ""


def content_types(defaults: Mapping[str, str], overrides: Mapping[str, str]) -> bytes:
    """Write [Content_Types].xml (ECMA-376 part 2, 10.1)."""
    rows = "".join(f'<Default Extension="{name}" ContentType="{kind}"/>' for name, kind in defaults.items())
    rows += "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in overrides.items())
    space = "http://schemas.openxmlformats.org/package/2006/content-types"
    return f'{XML}<Types xmlns="{space}">{rows}</Types>'.encode()


XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
