"""A PNG's chunks, walked from the signature to IEND (PNG specification, third edition, section 5)."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from attachguard.formats.pictures.keepsakes import PROFILE_BYTES
from attachguard.formats.pictures.metadata import exif
from attachguard.formats.pictures.sizes import Sizes
from attachguard.formats.pictures.structure import Metadata, Structure, most_steps

SIGNATURE = b"\x89PNG\r\n\x1a\n"

SHOWING = frozenset(
    {
        b"IHDR", b"PLTE", b"IDAT", b"IEND",  # section 11.2
        b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI",  # 11.3.1, 11.3.2
        b"bKGD", b"hIST", b"pHYs", b"sPLT",  # 11.3.4
        b"acTL", b"fcTL", b"fdAT",  # 11.3.6
        b"oFFs", b"sTER", b"CgBI",  # PNG extensions 1.5.0; Apple's marker for its own dialect
    }
)  # fmt: skip
"""Chunks that say how to show the picture. Every other one tells something else and counts as metadata."""

DECODED = frozenset({b"CgBI", b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"acTL", b"fcTL", b"fdAT", b"IEND"})
"""Chunks that a decoder needs to make the pixels."""

TELLING = {b"tEXt": "text", b"zTXt": "text", b"iTXt": "text", b"tIME": "date", b"caBX": "content credentials"}
"""What to call the chunks that people ask about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One chunk; `data` is a slice of the file."""

    type: bytes
    at: int
    data: bytes
    checksum: int
    """As stored; whoever uses the data checks it."""
    end: int


def chunks(data: bytes) -> Iterator[Chunk]:
    """Yield chunks in order until IEND, the first impossible one, or the cap on steps."""
    at = len(SIGNATURE)
    for _ in range(most_steps(data)):
        if at + 12 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data) or not kind.isalpha():
            return
        (checksum,) = struct.unpack_from(">I", data, end - 4)
        yield Chunk(type=kind, at=at, data=data[at + 8 : end - 4], checksum=checksum, end=end)
        if kind == b"IEND":
            return
        at = end


def walk(data: bytes) -> Structure | None:
    """Walk the chunks; None when the bytes are no PNG: wrong signature, or IHDR not where it belongs."""
    if not data.startswith(SIGNATURE):
        return None
    found = chunks(data)
    header = next(found, None)
    if header is not None and header.type == b"CgBI":
        header = next(found, None)
    if header is None or header.type != b"IHDR" or len(header.data) != 13:
        return None
    width, height = struct.unpack_from(">II", header.data)
    last, frames, controls = header, 1, 0
    metadata: list[Metadata] = []
    texts: list[tuple[int, int]] = []
    profiles = 0
    for chunk in found:
        last = chunk
        if chunk.type == b"iCCP":
            profiles += 1
            metadata.extend(_profile(chunk, profiles))
        if chunk.type == b"acTL" and len(chunk.data) == 8:
            (frames,) = struct.unpack_from(">I", chunk.data)
        controls += chunk.type == b"fcTL"
        metadata.extend(_told(chunk))
        if chunk.type not in (b"IDAT", b"fdAT"):
            texts.append((chunk.at, chunk.end))
    complete = last.type == b"IEND"
    return Structure(
        described="animated PNG picture" if controls else "PNG picture",
        end=last.end if complete else len(data),
        complete=complete,
        sizes=Sizes(frames=((width, height),) * max(1, min(frames, controls)), moving=True),
        metadata=tuple(metadata),
        texts=tuple(texts),
    )


def _profile(chunk: Chunk, number: int) -> Iterator[Metadata]:
    """Tell of a second colour profile, and of one that inflates to more than any is (section 11.3.2.3)."""
    where = f"{_name(chunk)} at offset {chunk.at}"
    if number > 1:
        yield Metadata(where=where, detail="a second colour profile")
        return
    inflater = zlib.decompressobj()
    try:
        size = len(inflater.decompress(chunk.data.partition(b"\0")[2][1:], PROFILE_BYTES + 1))
    except zlib.error:
        return  # readers pass it over, and a copy does not have it
    if size > PROFILE_BYTES:
        yield Metadata(where=where, detail=f"a colour profile of more than {PROFILE_BYTES} bytes")


def _told(chunk: Chunk) -> Iterator[Metadata]:
    if chunk.type in SHOWING:
        return
    where = f"{_name(chunk)} at offset {chunk.at}"
    if chunk.type == b"eXIf":
        yield from exif(where, chunk.data)
        return
    what = TELLING.get(chunk.type, "private data")
    if chunk.type.endswith(b"Xt"):
        keyword = chunk.data[:80].split(b"\x00", 1)[0].decode("latin-1")
        what = "XMP" if keyword == "XML:com.adobe.xmp" else f"{what}: {keyword}"
    yield Metadata(where=where, detail=what)


def _name(chunk: Chunk) -> str:
    return f"chunk {chunk.type.decode('ascii', 'replace')}"
