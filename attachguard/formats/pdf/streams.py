"""Streams of a copy, deflated harder than qpdf does it: made once, stored for years, downloaded more than once."""

import deflate
import pikepdf

EFFORT = 10
"""Of libdeflate's 12: printed content becomes 3 to 11 % smaller than by zlib, in twice its time; 11 and 12 take up to
twice as long again for less than half a percent (measured on prints by cairo)."""


def deflated(target: pikepdf.Pdf, data: bytes) -> pikepdf.Stream:
    """Make a stream of a document (ISO 32000-2 section 7.4.4)."""
    return pikepdf.Stream(target, bytes(deflate.zlib_compress(data, EFFORT)), Filter=pikepdf.Name.FlateDecode)
