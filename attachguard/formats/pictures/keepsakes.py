"""What a rebuilt picture keeps of its metadata: which way is up, and its colour profile."""

import re
import struct

from attachguard.formats.pictures.ifd import tiff

ORIENTATION = 0x0112

UPRIGHT = 1
"""The orientation that says nothing (Exif 2.32 section 4.6.4)."""

PROFILE_BYTES = 4 * 1024 * 1024
"""Colour profiles larger than this are not kept (measured: printer profiles reach 2 MiB)."""

_XMP_ORIENTATION = re.compile(rb"tiff:Orientation(?:=[\"']|>)([1-8])")


def orientation_of_exif(block: bytes) -> int:
    """Read the orientation from an Exif block; upright where there is none."""
    reader = tiff(block)
    first = reader.directory(reader.first) if reader else None
    if reader is None or first is None:
        return UPRIGHT
    value = reader.integer(first.entries.get(ORIENTATION), UPRIGHT)
    return value if 1 <= value <= 8 else UPRIGHT


def orientation_of_xmp(packet: bytes) -> int:
    """Read the orientation from an XMP packet (XMP specification part 2, section 3.3); upright for none."""
    found = _XMP_ORIENTATION.search(packet)
    return int(found.group(1)) if found else UPRIGHT


def exif_with(orientation: int) -> bytes:
    """Make the smallest Exif block that says which way is up (TIFF 6.0 section 2): one field, nothing else."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, ORIENTATION, 3, 1, orientation, 0, 0)


def sound_profile(profile: bytes) -> bytes | None:
    """Return a colour profile cut to its own size, or None when it is none (ICC.1:2022 section 7.2)."""
    if not 132 <= len(profile) <= PROFILE_BYTES or profile[36:40] != b"acsp":
        return None
    size, tags = struct.unpack_from(">I", profile)[0], struct.unpack_from(">I", profile, 128)[0]
    if not 132 + tags * 12 <= size <= len(profile):
        return None
    return profile[:size]
