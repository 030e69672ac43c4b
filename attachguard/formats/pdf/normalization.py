"""Make a safe copy: print the document and rebuild the print, so that what acts, hides or attacks is not there."""

import pikepdf

from attachguard.formats.contract import Order
from attachguard.formats.pdf.about import about
from attachguard.formats.pdf.document import TooLargeError, open_pdf
from attachguard.formats.pdf.images import UndecodableError
from attachguard.formats.pdf.pdfium import opens
from attachguard.formats.pdf.rebuild import RefusedError
from attachguard.formats.pdf.writing import write_copy
from attachguard.model import Finding, Limits, Rebuilt


def normalize(order: Order) -> Rebuilt:
    """Rebuild what the printing program made of the original by an allow-list, or say why there is no copy.

    The copy holds pages, fonts and pictures, and says a title and a language: nothing that acts, no form, link,
    attachment, layer, tag or metadata. The same print gives the same bytes.
    """
    if order.method != "print":
        return Rebuilt(data=None, findings=(Finding("copy.unsupported", detail=order.method),))
    if not order.printed:
        return Rebuilt(data=None, findings=(_unprinted(order.original, order.limits),))
    try:
        with open_pdf(order.printed, order.limits) as printed:
            data = write_copy(printed, about(order.original, order.limits), order.limits)
    except (pikepdf.PikepdfError, RefusedError, UndecodableError, TooLargeError, UnicodeError) as error:
        return Rebuilt(data=None, findings=(Finding("copy.failed", "print", str(error)),))
    return Rebuilt(data=data)


def _unprinted(original: bytes, limits: Limits) -> Finding:
    """Say why the printing program gave nothing: its failing, a password, or a file that is no document."""
    if opens(original):
        return Finding("copy.failed", "print", "the printing program did not print it")
    try:
        open_pdf(original, limits).close()
    except pikepdf.PasswordError:
        return Finding("file.encrypted")
    except pikepdf.PikepdfError:
        pass
    return Finding("pdf.unreadable")
