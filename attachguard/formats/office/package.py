"""Writing a new zip package: the same bytes for the same members, on every machine and at any time."""

import io
import zipfile
from collections.abc import Iterable

DATE = (1980, 1, 1, 0, 0, 0)
"""The first date a zip can hold (APPNOTE 4.4.6): nobody learns when the copy was made."""


def write_package(members: Iterable[tuple[str, bytes]], *, stored: frozenset[str] = frozenset()) -> bytes:
    """Write members in their order, deflated but for those named in `stored`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, content in members:
            entry = zipfile.ZipInfo(name, DATE)
            entry.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            package.writestr(entry, content)
    return buffer.getvalue()
