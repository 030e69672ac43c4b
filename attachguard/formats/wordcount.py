"""Words of a text, for telling whether a copy says what its original says."""

import re
from collections.abc import Iterator

_WORD = re.compile(r"\w+")


def words_in(text: str) -> Iterator[str]:
    """Give letters and figures between everything else, lower case."""
    return iter(_WORD.findall(text.lower()))
