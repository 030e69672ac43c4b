"""The zygote's memory is moved to huge pages where it can be, and is the same memory afterwards."""

from attachguard.sandbox import hugepages

MAPS = """\
55ca9cc31000-55ca9d7e8000 rw-p 00000000 00:00 0                          [heap]
7f0000000000-7f0000400000 rw-p 00000000 00:00 0 
7f0000400000-7f0000800000 r--p 00000000 00:00 0 
7f0000800000-7f0000c00000 rw-p 00001000 fe:01 12                         /usr/lib/lib.so
7f0001000000-7f0001200000 rw-s 00000000 00:01 9                          /memfd:a (deleted)
7f00012ff000-7f0001400000 rw-p 00000000 00:00 0 
7ffd00000000-7ffd00200000 rw-p 00000000 00:00 0                          [stack]
"""  # noqa: W291 - as the kernel writes it


def test_only_whole_pages_of_private_memory_are_asked_for() -> None:
    assert hugepages.whole_pages(MAPS) == [
        *range(0x55CA9CE00000, 0x55CA9D600000, hugepages.SIZE),
        0x7F0000000000,
        0x7F0000200000,
    ]


def test_memory_that_is_moved_keeps_what_it_holds() -> None:
    marks = [bytes([number % 256]) * 4096 for number in range(4096)]
    assert hugepages.gather() >= 0
    assert all(mark == bytes([number % 256]) * 4096 for number, mark in enumerate(marks))
