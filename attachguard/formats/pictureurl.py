"""Pictures that a page holds itself: `data:` with a raster picture in it, or a part of the same mail."""

import base64
import binascii
import re

from attachguard.formats.addresses import canonical

_DATA = re.compile(r"data:image/(?:png|gif|jpe?g|webp|bmp);base64,([A-Za-z0-9+/\s]*+={0,2}\s*+)", re.IGNORECASE)
_STARTS = (b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"\xff\xd8\xff", b"BM", b"RIFF")
"""First bytes of PNG, GIF, JPEG, BMP and WebP."""
_HEAD = 64
"""Characters of base64 that are decoded to see what a picture begins with."""


def is_picture(address: str) -> bool:
    """Tell whether an address names a part of the same mail, or holds what begins like a raster picture (RFC 2397)."""
    if canonical(address).startswith("cid:"):
        return True
    held = _DATA.fullmatch(address.strip())
    if held is None:
        return False
    head = re.sub(r"\s", "", held[1][: 2 * _HEAD])[:_HEAD]
    try:
        start = base64.b64decode(head + "=" * (-len(head) % 4))
    except binascii.Error:
        return False
    return start.startswith(_STARTS)
