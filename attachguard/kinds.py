"""What the host knows of a file type: its names and how it is normalized. Never how to parse it.

The 20 kinds cover the 22 accepted extensions (.htm = .html, .jpg = .jpeg) and the aliases .tif and winmail.dat.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One accepted type of file."""

    name: str
    """The stable short name, as in JSON and policies: `pdf`."""
    title: str
    """What a person calls it."""
    media_type: str
    """The IANA media type a delivered file is served with."""
    extensions: tuple[str, ...]
    """Without the dot, the preferred one first."""
    methods: tuple[str, ...] = ()
    """Ways to make a safe copy, best first; empty: this kind can only be kept or rejected."""
    unlocked_by: str = ""
    """The method that opens such a file with its password; empty: there is none."""
    becomes: str = ""
    """The kind of the copy where it is another (recipients can't open a winmail.dat); empty: the same."""

    @property
    def extension(self) -> str:
        """The preferred extension, without the dot."""
        return self.extensions[0]


_ALL = (
    Kind(name="bmp", title="BMP picture", media_type="image/bmp", extensions=("bmp",), methods=("rebuild",)),
    Kind(name="csv", title="CSV table", media_type="text/csv", extensions=("csv",), methods=("rebuild",)),
    Kind(
        name="doc",
        title="Word 97-2003 document",
        media_type="application/msword",
        extensions=("doc",),
        methods=("rebuild",),
    ),
    Kind(
        name="docx",
        title="Word document",
        media_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        extensions=("docx",),
        methods=("rebuild",),
    ),
    Kind(name="eml", title="mail message", media_type="message/rfc822", extensions=("eml",), methods=("rebuild",)),
    Kind(
        name="gif",
        title="GIF picture",
        media_type="image/gif",
        extensions=("gif",),
        methods=("rebuild", "re-encode"),
    ),
    Kind(name="html", title="HTML page", media_type="text/html", extensions=("html", "htm"), methods=("rebuild",)),
    Kind(name="jpeg", title="JPEG picture", media_type="image/jpeg", extensions=("jpg", "jpeg"), methods=("rebuild",)),
    Kind(
        name="ods",
        title="OpenDocument spreadsheet",
        media_type="application/vnd.oasis.opendocument.spreadsheet",
        extensions=("ods",),
        methods=("rebuild",),
    ),
    Kind(
        name="odt",
        title="OpenDocument text",
        media_type="application/vnd.oasis.opendocument.text",
        extensions=("odt",),
        methods=("rebuild",),
    ),
    Kind(
        name="pdf",
        title="PDF document",
        media_type="application/pdf",
        extensions=("pdf",),
        methods=("print", "reprint", "raster"),
        unlocked_by="unlock",
    ),
    Kind(
        name="png",
        title="PNG picture",
        media_type="image/png",
        extensions=("png",),
        methods=("rebuild", "re-encode"),
    ),
    Kind(name="rtf", title="RTF document", media_type="application/rtf", extensions=("rtf",), methods=("rebuild",)),
    Kind(name="tiff", title="TIFF picture", media_type="image/tiff", extensions=("tiff", "tif"), methods=("rebuild",)),
    Kind(
        name="tnef",
        title="Outlook winmail.dat",
        media_type="application/vnd.ms-tnef",
        extensions=("tnef",),
        methods=("rebuild",),
        becomes="eml",
    ),
    Kind(name="txt", title="plain text", media_type="text/plain", extensions=("txt",), methods=("rebuild",)),
    Kind(
        name="xhtml",
        title="XHTML page",
        media_type="application/xhtml+xml",
        extensions=("xhtml",),
        methods=("rebuild",),
    ),
    Kind(
        name="xls",
        title="Excel 97-2003 workbook",
        media_type="application/vnd.ms-excel",
        extensions=("xls",),
        methods=("rebuild",),
    ),
    Kind(
        name="xlsx",
        title="Excel workbook",
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        extensions=("xlsx",),
        methods=("rebuild",),
    ),
    Kind(name="xml", title="XML document", media_type="application/xml", extensions=("xml",), methods=("rebuild",)),
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _ALL})
"""Every kind by its name."""


def copied(kind: Kind) -> Kind:
    """Tell what kind a safe copy of this kind is."""
    return KINDS[kind.becomes or kind.name]


BY_EXTENSION: Mapping[str, Kind] = MappingProxyType({extension: kind for kind in _ALL for extension in kind.extensions})
"""Every kind by each of its extensions, lower case, without the dot."""

WINMAIL = "winmail.dat"
"""The one name under which `.dat` is accepted: what Outlook calls a TNEF attachment."""


def named(safe_name: str) -> Kind | None:
    """Tell which kind a (safe) file name claims, by its last extension; None when it claims none of ours."""
    if safe_name.lower() == WINMAIL:
        return KINDS["tnef"]
    _, dot, extension = safe_name.rpartition(".")
    return BY_EXTENSION.get(extension.lower()) if dot else None
