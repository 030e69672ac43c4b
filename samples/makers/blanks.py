"""Files that are nothing much: no bytes, zeros, somebody else's file cut short."""


def empty() -> bytes:
    """Make a file of no bytes."""
    return b""


def zeros(size: int) -> bytes:
    """Make a file of zeros."""
    return bytes(size)


def cut(whole: bytes, keep: int) -> bytes:
    """Keep the beginning of a file, as a broken transfer does."""
    return whole[:keep]
