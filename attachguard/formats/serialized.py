"""Recognises MessagePack and CBOR: data of programs, which without small numbers in it has no control character.

Both are read by their specifications (msgpack/spec.md; RFC 8949) from the first byte to the last: only bytes that are
records and nothing else count. No text reads like that by chance: it would have to begin with a letter above 0x7F and
to end where the lengths say.
"""

from collections.abc import Callable

_SHORTEST = 8
_STRINGS = 2
"""A record of fewer bytes, or with fewer strings in it, proves nothing."""

_ITEMS = 100_000
"""Values that are read at most; what is still right after so many is taken for right."""

_Step = tuple[int, int, bool]
"""Where the next value begins, how many more values this one holds, whether it was a string."""


def is_serialized(data: bytes) -> bool:
    """Tell whether the bytes are MessagePack or CBOR maps and arrays, one after the other, and nothing else."""
    if len(data) < _SHORTEST or data[0] < 0x80:
        return False
    return _reads(data, _msgpack, _is_msgpack_container) or _reads(data, _cbor, _is_cbor_container)


def _reads(data: bytes, step: Callable[[bytes, int], _Step | None], container: Callable[[int], bool]) -> bool:
    at = strings = waiting = 0
    for _ in range(_ITEMS):
        if at >= len(data):
            break
        if not waiting and not container(data[at]):
            return False
        found = step(data, at)
        if found is None:
            return False
        at, more, is_string = found
        waiting += more - 1 if waiting else more
        strings += is_string
        if waiting > len(data):
            return False
    return strings >= _STRINGS and (at < len(data) or (at == len(data) and not waiting))


def _is_msgpack_container(head: int) -> bool:
    return 0x80 <= head <= 0x9F or 0xDC <= head <= 0xDF


_MSGPACK_FIXED = {
    0xC0: 0, 0xC2: 0, 0xC3: 0,  # nil, false, true
    0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8,  # numbers
    0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17,  # extensions of a fixed size, with their type
}  # fmt: skip
_MSGPACK_SIZED = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
_MSGPACK_EXTENSIONS = frozenset({0xC7, 0xC8, 0xC9})
_MSGPACK_HOLDING = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}
"""First byte -> bytes that follow; bytes of the length; bytes of the count, and values for each."""


def _msgpack(data: bytes, at: int) -> _Step | None:
    head = data[at]
    at += 1
    if head <= 0x7F or head >= 0xE0:
        return at, 0, False
    if head <= 0x8F:
        return at, (head & 0xF) * 2, False
    if head <= 0x9F:
        return at, head & 0xF, False
    if head <= 0xBF:
        return _string(data, at, head & 0x1F)
    if head in _MSGPACK_FIXED:
        return at + _MSGPACK_FIXED[head], 0, False
    if head in _MSGPACK_HOLDING:
        width, values = _MSGPACK_HOLDING[head]
        return at + width, _number(data, at, width) * values, False
    if head not in _MSGPACK_SIZED:
        return None
    width = _MSGPACK_SIZED[head]
    size = _number(data, at, width) + (head in _MSGPACK_EXTENSIONS)
    return _string(data, at + width, size) if head >= 0xD9 else (at + width + size, 0, False)


def _is_cbor_container(head: int) -> bool:
    return 0x80 <= head <= 0xDB


_CBOR_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}


def _cbor(data: bytes, at: int) -> _Step | None:
    kind, short = data[at] >> 5, data[at] & 0x1F
    at += 1
    width = _CBOR_WIDTHS.get(short, 0)
    if short > 27:
        return None  # indefinite lengths (0x9f, 0xbf ... 0xff) are not read: few programs write them
    count = _number(data, at, width) if width else short
    at += width
    match kind:
        case 0 | 1 | 7:
            return at, 0, False
        case 2:
            return at + count, 0, False
        case 3:
            return _string(data, at, count)
        case 4:
            return at, count, False
        case 5:
            return at, count * 2, False
        case _:  # a tag is followed by the one value it is about
            return at, 1, False


def _number(data: bytes, at: int, width: int) -> int:
    return int.from_bytes(data[at : at + width].ljust(width, b"\0"), "big")


def _string(data: bytes, at: int, size: int) -> _Step | None:
    try:
        data[at : at + size].decode()
    except UnicodeDecodeError:
        return None
    return at + size, 0, True
