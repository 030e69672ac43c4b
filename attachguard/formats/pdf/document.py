"""Open a PDF with qpdf, with limits on what its streams may inflate to, and read single values without trust."""

import io
from decimal import Decimal

import pikepdf
from pikepdf import settings

from attachguard.formats.pdf.endless import is_endless
from attachguard.model import Limits

CONTAINERS = (pikepdf.Dictionary, pikepdf.Stream, pikepdf.Array)
"""The kinds of object that hold others (ISO 32000-2, 7.3.6 to 7.3.8)."""


def open_pdf(data: bytes, limits: Limits, password: str = "") -> pikepdf.Pdf:
    """Open the bytes, with the empty password where no other is given.

    No stream of it can be inflated beyond `limits.member_size` by Flate, RunLength or a predictor: reading one that
    would raises pikepdf.PikepdfError. Raises pikepdf.PasswordError when another password is needed,
    pikepdf.PikepdfError when qpdf finds no document in the bytes, or would take far too long to.
    """
    if is_endless(data):
        raise pikepdf.PdfError("not a document: streams without an end")
    cap = limits.member_size
    settings.set_qpdf_limits(
        flate_max_memory=cap,
        run_length_max_memory=cap,
        png_max_memory=cap,
        tiff_max_memory=cap,
        dct_max_memory=cap,
        dct_max_progressive_scans=100,  # libjpeg-turbo's advice against scan bombs
    )
    try:
        return pikepdf.open(io.BytesIO(data), password=password)
    except (ValueError, OverflowError, RuntimeError) as error:  # a number in a table that no computer has room for
        raise pikepdf.PdfError(f"not a document: {error}") from error


class TooLargeError(ValueError):
    """A stream inflates to more bytes than are looked at."""


def decoded(stream: pikepdf.Object) -> bytes:
    """Decode the data of a stream. Raises TooLargeError, or pikepdf.PikepdfError for data that can't be decoded."""
    try:
        return stream.read_bytes()
    except pikepdf.PikepdfError as error:
        if "memory limit exceeded" in str(error):  # all that qpdf says; test_inspect.py holds it to these words
            raise TooLargeError("a stream inflates too far") from error
        raise


def name_at(container: pikepdf.Object, key: str) -> str:
    """Read a name (`/JavaScript`), with escapes such as `#41` already resolved; "" when there is none."""
    value = container.get(key)
    return bytes(value).decode("latin-1") if isinstance(value, pikepdf.Name) else ""


def text_at(container: pikepdf.Object, key: str) -> str:
    """Read a text string (ISO 32000-2, 7.9.2); "" when there is none."""
    value = container.get(key)
    return str(value) if isinstance(value, pikepdf.String) else ""


def is_number(value: object) -> bool:
    """Whether a value is an integer or a real (7.3.3): Python's int or Decimal, as qpdf hands them out."""
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def number_of(value: object) -> float | None:
    """Read a number as a float, or None when it is none."""
    return float(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else None


def is_true(container: pikepdf.Object, key: str) -> bool:
    """Whether a key holds the boolean true."""
    value: object = container.get(key)
    return value is True


def filters_of(stream: pikepdf.Object) -> tuple[str, ...]:
    """List the filters of a stream, in the order of decoding (ISO 32000-2, 7.4.1)."""
    value = stream.get("/Filter")
    if isinstance(value, pikepdf.Name):
        return (name_at(stream, "/Filter"),)
    if isinstance(value, pikepdf.Array):
        return tuple(bytes(item).decode("latin-1") for item in value if isinstance(item, pikepdf.Name))
    return ()


def dictionary_at(container: pikepdf.Object, key: str) -> pikepdf.Object | None:
    """Read a dictionary (or the dictionary of a stream); None when there is none."""
    value = container.get(key)
    return value if isinstance(value, (pikepdf.Dictionary, pikepdf.Stream)) else None
