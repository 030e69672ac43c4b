"""The compressed RTF of a mail body ([MS-OXRTFCP]), decompressed under a cap."""

import struct

COMPRESSED, PLAIN = b"LZFu", b"MELA"

DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Ser"
    rb"ifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0" + b"\r\n" + rb"\par "
    rb"\pard\plain\f0\fs20\b\i\u\tab\tx"
)
"""What every stream starts with as if it had already been written (2.1.2.1); 207 bytes."""

WINDOW = 4096


class BrokenRtfError(ValueError):
    """The stream is no compressed RTF."""


class TooLargeError(ValueError):
    """The stream decompresses to more than the cap."""


def decompress(data: bytes, most: int) -> bytes:
    """Decompress to at most `most` bytes, counted while writing. Raises BrokenRtfError or TooLargeError."""
    if len(data) < 16:
        raise BrokenRtfError("shorter than its header")
    raw_size, kind = struct.unpack_from("<I4s", data, 4)
    if kind == PLAIN:
        return data[16 : 16 + raw_size]
    if kind != COMPRESSED:
        raise BrokenRtfError("neither compressed nor plain")
    return _expand(data, most)


def _expand(data: bytes, most: int) -> bytes:
    """Undo the compression (2.1.3.1.4): runs of literal bytes and references into the last 4,096."""
    out = bytearray(DICTIONARY)
    limit = most + len(DICTIONARY)
    at = 16
    while at < len(data):
        control = data[at]
        at += 1
        for bit in range(8):
            if len(out) > limit:
                raise TooLargeError(f"more than {most} bytes")
            if not control >> bit & 1:
                out += data[at : at + 1]
                at += 1
                continue
            if at + 2 > len(data):
                return bytes(out[len(DICTIONARY) :])
            reference = data[at] << 8 | data[at + 1]
            at += 2
            distance = (len(out) - (reference >> 4)) % WINDOW
            if distance == 0:  # a reference to the place of writing ends the stream
                return bytes(out[len(DICTIONARY) :])
            _repeat(out, distance, (reference & 15) + 2)
    return bytes(out[len(DICTIONARY) :])


def _repeat(out: bytearray, distance: int, length: int) -> None:
    """Write `length` bytes from `distance` back; they may overlap what is being written."""
    if distance > len(out):
        raise BrokenRtfError("a reference before the beginning")
    start = len(out) - distance
    if distance >= length:
        out += out[start : start + length]
        return
    pattern = bytes(out[start:])
    out += (pattern * (length // distance + 1))[:length]
