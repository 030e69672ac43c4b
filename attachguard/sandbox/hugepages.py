"""Moves the zygote's memory to huge pages: one entry of the page table instead of 512.

A fork copies the page table, and the end of a child takes it apart. Measured on a warm zygote of 34 MB, the 14 MB of
it that can be moved: fork 0.74 to 0.62 ms, end 0.86 to 0.68 ms.
"""

import ctypes
import re
from pathlib import Path

SIZE = 2 * 1024 * 1024
"""Bytes of a huge page on x86-64, and on arm64 with pages of 4 KiB."""

_COLLAPSE = 25
"""MADV_COLLAPSE, Linux 6.1 and later: now, and whatever the system's setting is (madvise(2))."""

_PRIVATE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw-p 00000000 00:00 0 *(?:\[heap\])?")
"""A writable mapping of no file (proc_pid_maps(5))."""


def gather() -> int:
    """Move what can be moved; returns the number of huge pages. Where the kernel has none nothing changes."""
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return sum(madvise(page, SIZE, _COLLAPSE) == 0 for page in whole_pages(Path("/proc/self/maps").read_text()))


def whole_pages(maps: str) -> list[int]:
    """List the addresses at which a whole huge page of private memory begins, from /proc/self/maps."""
    found: list[int] = []
    for line in maps.splitlines():
        if match := _PRIVATE.fullmatch(line.rstrip()):
            start, end = (int(address, 16) for address in match.groups())
            found += range(-(-start // SIZE) * SIZE, end - SIZE + 1, SIZE)
    return found
