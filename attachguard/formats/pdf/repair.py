"""A document that only one of our readers opens, written anew by that one so that the other opens it, too."""

import io

import pikepdf

from attachguard.formats.pdf.document import open_pdf
from attachguard.formats.pdf.pdfium import opens
from attachguard.model import Limits


def for_pdfium(data: bytes, limits: Limits) -> bytes:
    """Give bytes that pdfium opens where qpdf can make such, else the same bytes. Only to be drawn, never delivered."""
    if opens(data):
        return data
    try:
        with open_pdf(data, limits) as pdf:
            out = io.BytesIO()
            pdf.save(out)
    except (pikepdf.PikepdfError, RuntimeError, ValueError):
        return data
    return out.getvalue()
