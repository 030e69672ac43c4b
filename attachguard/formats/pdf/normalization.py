"""Make a safe copy: print the document and rebuild the print, so that what acts, hides or attacks is not there."""

import io

import pikepdf

from attachguard.formats.contract import Order
from attachguard.formats.pdf.about import about
from attachguard.formats.pdf.document import TooLargeError, open_pdf
from attachguard.formats.pdf.images import UndecodableError
from attachguard.formats.pdf.losses import losses
from attachguard.formats.pdf.losttext import comparing
from attachguard.formats.pdf.pdfium import UnreadableError, opens
from attachguard.formats.pdf.prepare import prepared
from attachguard.formats.pdf.raster import TooMuchError, rasterize, steps
from attachguard.formats.pdf.rebuild import RefusedError
from attachguard.formats.pdf.repair import for_pdfium
from attachguard.formats.pdf.writing import write_copy
from attachguard.model import Finding, Limits, Rebuilt

_TROUBLES = (
    RefusedError,
    UndecodableError,
    TooLargeError,
    TooMuchError,
    UnreadableError,
    UnicodeError,
)
"""What a document may do to its readers, each with a sentence of its own."""


def normalize(order: Order) -> Rebuilt:
    """Make a copy that holds pages, fonts and pictures, and says a title and a language: nothing that acts.

    `print`: rebuild what the printing program made of the original by an allow-list, its lost text said beside it.
    `prepare`: write it anew for the printing program, which then prints it again for `reprint`; that is no copy either.
    `raster`: draw every page as a picture with a text layer.
    `unlock`: write down what the password opens; that is no copy yet, and as hostile as before.
    Findings say what the copy lost, or why there is none.
    The same input gives the same bytes.
    """
    makers = {
        "print": _printed,
        "reprint": _printed,
        "raster": _rastered,
        "prepare": _prepared,
        "unlock": _unlocked,
    }
    if order.method not in makers:
        return Rebuilt(data=None, findings=(Finding("copy.unsupported", detail=order.method),))
    try:
        return makers[order.method](order)
    except pikepdf.PikepdfError as error:
        reason = str(error).rpartition(": ")[2]  # before that it says where our memory is
        return Rebuilt(data=None, findings=(Finding("copy.failed", order.method, reason),))
    except _TROUBLES as error:
        return Rebuilt(data=None, findings=(Finding("copy.failed", order.method, str(error)),))


def _printed(order: Order) -> Rebuilt:
    if not order.printed:
        return Rebuilt(data=None, findings=(_unprinted(order.original, order.limits),))
    taken_over = about(order.original, order.limits)
    with open_pdf(order.printed, order.limits) as printed, comparing(order.original, order.printed) as texts:
        data = write_copy(printed, taken_over, texts, order.limits)
    return Rebuilt(data=data, findings=losses(order.original, order.limits))


def _rastered(order: Order) -> Rebuilt:
    readable = for_pdfium(order.original, order.limits)
    if not opens(readable):
        return Rebuilt(data=None, findings=(_unprinted(order.original, order.limits),))
    made = rasterize(readable, about(order.original, order.limits), order.limits)
    lost = losses(order.original, order.limits)
    if made.sharpness != steps(order.limits)[0]:
        lost = (*lost, Finding("lost.sharpness", detail=f"{made.sharpness.dpi} points per inch"))
    return Rebuilt(data=made.data, findings=lost)


def _prepared(order: Order) -> Rebuilt:
    data = prepared(order.original, order.limits)
    if data is None:
        return Rebuilt(data=None, findings=(Finding("copy.failed", "reprint", "there is nothing to print otherwise"),))
    return Rebuilt(data=data)


def _unlocked(order: Order) -> Rebuilt:
    """Write the document without its encryption (ISO 32000-2, 7.6), with all that is in it."""
    out = io.BytesIO()
    try:
        with open_pdf(order.original, order.limits, order.password or "") as locked:
            locked.save(out, encryption=False)
    except pikepdf.PasswordError:
        return Rebuilt(data=None, findings=(Finding("file.encrypted", detail="the password does not open it"),))
    return Rebuilt(data=out.getvalue())


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
