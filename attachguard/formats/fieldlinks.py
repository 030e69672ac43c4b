r"""Where a HYPERLINK field leads, as Word reads its instruction (ISO/IEC 29500-1 section 17.16.5.25)."""

import re
from collections.abc import Iterator

from attachguard.formats.links import is_plain_link, leads_outside

_KEYWORD = re.compile(r'[\s"\u201c\u201d]*+HYPERLINK(?![A-Za-z0-9_])', re.IGNORECASE)
_ARGUMENT = re.compile(
    r'["\u201c\u201d]([^"\u201c\u201d]*+)["\u201c\u201d]?|((?:\\\\|[^\s"\\\u201c\u201d])[^\s"\u201c\u201d]*+)|\\([^\s\\])'
)
"""One word of an instruction: in quotation marks, plain (a share begins with a doubled backslash), or a switch."""

_TAKING = frozenset("lot")
"""Switches whose next word is a bookmark, a tip or a frame, and no address."""


def is_link(instruction: str) -> bool:
    """Say whether a field is a HYPERLINK."""
    return _KEYWORD.match(instruction) is not None


def astray(instruction: str) -> Iterator[str]:
    """Give the addresses of a HYPERLINK that lead to anything but the web, mail, a telephone or near the document."""
    for address in addresses(instruction):
        if not is_plain_link(address) and leads_outside(address):
            yield address


def addresses(instruction: str) -> Iterator[str]:
    """Give all addresses of a HYPERLINK; of any other field, none."""
    keyword = _KEYWORD.match(instruction)
    takes = False
    for found in _ARGUMENT.finditer(instruction, keyword.end()) if keyword else ():
        quoted, plain, switch = found.groups()
        if switch is None and not takes and (quoted or plain):
            yield (quoted or plain).replace("\\\\", "\\")
        takes = switch is not None and switch.lower() in _TAKING
