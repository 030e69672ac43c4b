"""What an address in a page does: lead somewhere when clicked, or load something by itself."""

import re

RUNNING = frozenset({"javascript", "vbscript", "livescript", "jscript", "mocha"})
"""Schemes whose address is a program."""

CLICKABLE = frozenset({"", "http", "https", "mailto", "tel", "cid", "mid"})
"""Schemes a link may have: the web, mail, telephone, another part of the same mail; empty: the same place."""

_DROPPED = str.maketrans("", "", "\t\n\r")
_TRIMMED = "".join(map(chr, range(0x21)))
_SCHEME = re.compile(r"([a-z][-+.a-z0-9]{0,40}):")
_RASTER = re.compile(r"data:image/(?:png|gif|jpe?g|pjpeg|webp|bmp|x-icon|vnd\.microsoft\.icon)[;,]")
_DESCRIPTOR = re.compile(r"[0-9.]{1,12}[wxh],?")
_HEAD = 4096
"""Characters of an address that say all about where it leads."""


def canonical(address: str) -> str:
    """Read an address as browsers do (WHATWG URL, section 4.4): lower case, no tabs, line ends or outer blanks."""
    return address[:_HEAD].lstrip(_TRIMMED).translate(_DROPPED).rstrip(_TRIMMED).lower()


def scheme(address: str) -> str:
    """Give the scheme of a canonical address; empty when it has none, `//` when it names a host or share only."""
    if address[:2] in ("//", "\\\\", "/\\", "\\/"):
        return "//"
    match = _SCHEME.match(address)
    return match[1] if match else ""


def is_clickable(address: str) -> bool:
    """Tell whether a link leads to the web, a mail address, a telephone or a place near the page."""
    return scheme(canonical(address)) in CLICKABLE


def loads(address: str) -> bool:
    """Tell whether fetching an address leaves the file: everything but mail parts and raster pictures in `data:`."""
    plain = canonical(address)
    return bool(plain) and not plain.startswith(("#", "cid:", "about:blank")) and not _RASTER.match(plain)


def set_loads(srcset: str) -> bool:
    """Tell the same of a `srcset`, whose addresses stand between widths and commas."""
    return any(loads(word.strip(",")) for word in srcset.split() if not _DESCRIPTOR.fullmatch(word))


def shown(address: str) -> str:
    """Shorten an address for a finding: enough to recognise it, not enough to carry anything."""
    plain = address[:_HEAD].strip(_TRIMMED)
    return plain if len(plain) <= 80 else f"{plain[:80]}…"
