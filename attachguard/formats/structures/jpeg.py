"""A JPEG's markers, walked from SOI to EOI (ITU-T T.81 annex B)."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from attachguard.formats.pictures.metadata import exif
from attachguard.formats.pictures.sizes import Sizes
from attachguard.formats.pictures.structure import Metadata, Structure, most_steps

SOI, EOI, SOS, DNL, COM = 0xD8, 0xD9, 0xDA, 0xDC, 0xFE
APP0, APP1, APP2, APP13, APP14 = 0xE0, 0xE1, 0xE2, 0xED, 0xEE

FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start-of-frame markers (T.81 table B.1): C4 defines Huffman tables, CC conditioning, C8 is reserved."""

JPEG_LS_FRAME = 0xF7
"""Start of frame of JPEG-LS (ITU-T T.87), which hardly any viewer reads."""

STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length: TEM, RST0-7, SOI."""

EXIF, XMP, ICC = b"Exif\x00", b"http://ns.adobe.com/", b"ICC_PROFILE\x00"

# In entropy-coded data FF is followed by 00 (a data byte) or by a restart marker; anything else ends it (B.1.1.5)
_NEXT_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_ANY_MARKER = re.compile(rb"\xff[\x01-\xfe]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One marker with its parameters, and for SOS the entropy-coded data that follows."""

    marker: int
    at: int
    """Offset of the FF that belongs to the marker."""
    body: int
    """Where the parameters begin, behind the length field."""
    stop: int
    """Where the parameters end."""
    end: int
    """Where the next marker should be."""
    stray: int = 0
    """Bytes before the marker that belong to nothing."""


def segments(data: bytes) -> Iterator[Segment]:
    """Yield segments in order until EOI, the end of the file, or the cap on steps.

    Bytes where a marker should be are stepped over to the next marker, as decoders do, and counted as stray.
    """
    at = 2
    for _ in range(most_steps(data)):
        found = _ANY_MARKER.search(data, at)
        if found is None:
            return
        start, marker = found.start(), data[found.start() + 1]
        stray = len(data[at:start].lstrip(b"\xff"))  # any number of FF may fill up before a marker (B.1.1.2)
        if marker in STANDALONE or marker == EOI:
            body = stop = end = start + 2
        else:
            if start + 4 > len(data):
                return
            (length,) = struct.unpack_from(">H", data, start + 2)
            body, stop = start + 4, start + 2 + max(2, length)
            end = _scan_end(data, stop) if marker == SOS else stop
        if stop > len(data):
            return
        yield Segment(marker=marker, at=start, body=body, stop=stop, end=end, stray=stray)
        if marker == EOI:
            return
        at = end


def _scan_end(data: bytes, at: int) -> int:
    found = _NEXT_MARKER.search(data, at)
    return found.start() if found else len(data)


def walk(data: bytes) -> Structure | None:
    """Walk the markers; None when the bytes are no JPEG: no SOI, or no frame header that makes sense."""
    if data[:3] != b"\xff\xd8\xff":
        return None
    sizes: list[tuple[int, int]] = []
    metadata: list[Metadata] = []
    texts: list[tuple[int, int]] = []
    strays: list[Metadata] = []
    last: Segment | None = None
    scans, accepted = 0, True
    for last in segments(data):
        where = f"marker {last.marker:02X} at offset {last.at}"
        if last.stray:
            strays.append(Metadata(where=where, detail=f"{last.stray} bytes before it that belong to nothing"))
        if last.marker in FRAMES or last.marker == JPEG_LS_FRAME:
            accepted = accepted and last.marker != JPEG_LS_FRAME
            if last.stop - last.body < 6:
                return None
            height, width = struct.unpack_from(">HH", data, last.body + 1)
            sizes.append((width, height))
        elif last.marker == SOS:
            scans += 1
        elif last.marker == COM or APP0 <= last.marker <= 0xEF:
            texts.append((last.body, last.stop))
            metadata.extend(_told(where, last.marker, data[last.body : last.stop]))
    if last is None or not sizes:
        return None
    complete = last.marker == EOI and scans > 0
    return Structure(
        described="JPEG picture" if accepted else "JPEG-LS picture",
        end=last.end if complete else len(data),
        complete=complete,
        sizes=Sizes(frames=(max(sizes),), passes=max(1, scans)),
        metadata=tuple(metadata),
        texts=tuple(texts),
        strays=tuple(strays),
        accepted=accepted,
    )


def _told(where: str, marker: int, body: bytes) -> Iterator[Metadata]:
    """Tell what an application or comment segment says beyond how to show the picture."""
    if marker == COM:
        yield Metadata(where=where, detail="comment")
    elif marker == APP0 and body.startswith((b"JFIF\x00", b"JFXX\x00")):
        if body.startswith(b"JFXX") or len(body) > 14:
            yield Metadata(where=where, detail="thumbnail")
    elif marker == APP1 and body.startswith(EXIF):
        yield from exif(where, body[6:])
    elif marker == APP1 and body.startswith(XMP):
        yield Metadata(where=where, detail="XMP")
    elif marker == APP13 and body.startswith(b"Photoshop 3.0\x00"):
        yield Metadata(where=where, detail="IPTC" if b"8BIM\x04\x04" in body else "Photoshop resources")
    elif not (marker == APP2 and body.startswith(ICC)) and not (marker == APP14 and body.startswith(b"Adobe")):
        yield Metadata(where=where, detail="private data")
