"""Streams without an end: where they are many, a reader that repairs takes quadratic time, and is not asked.

It goes to the end of the file for each of them. A document whose streams end is gone through little more than once.
"""

import re
from collections.abc import Sequence

_STREAM = re.compile(rb"stream[\r\n]")
"""How the data of a stream begin (ISO 32000-2, 7.3.8.1), and how they end where a line ends, too."""

_ENDS = (b"endstream", b"endobj")
"""What a repair looks for behind each."""

MOST_SEARCHED = 100_000_000
"""Bytes that a repair may go through for that, all streams together: measured, half a second."""


def is_endless(data: bytes) -> bool:
    """Whether to look for the ends of all streams takes far longer than to read the document; linear."""
    if data.count(b"stream") * len(data) * len(_ENDS) <= MOST_SEARCHED:
        return False
    places = [begun.end() for begun in _STREAM.finditer(data)]
    return sum(_searched(end, data, places) for end in _ENDS) > MOST_SEARCHED


def _searched(end: bytes, data: bytes, places: Sequence[int]) -> int:
    total = found = 0
    for place in places:
        if found < place:
            found = data.find(end, place)
            found = len(data) if found < 0 else found
        total += found - place
    return total
