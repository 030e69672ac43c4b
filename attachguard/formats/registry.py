"""The formats, written out. Order means nothing. What asks all of them what a file is, is `sniffing.py`."""

from collections.abc import Mapping
from types import MappingProxyType

from attachguard.formats import (
    bmp,
    csv,
    doc,
    docx,
    eml,
    gif,
    html,
    jpeg,
    ods,
    odt,
    pdf,
    png,
    rtf,
    tiff,
    tnef,
    txt,
    xhtml,
    xls,
    xlsx,
    xml,
)
from attachguard.formats.contract import Format

FORMATS: tuple[Format, ...] = (
    bmp,
    csv,
    doc,
    docx,
    eml,
    gif,
    html,
    jpeg,
    ods,
    odt,
    pdf,
    png,
    rtf,
    tiff,
    tnef,
    txt,
    xhtml,
    xls,
    xlsx,
    xml,
)
"""Every accepted kind's module; it satisfies the Format protocol, which mypy checks here."""

BY_KIND: Mapping[str, Format] = MappingProxyType({module.KIND.name: module for module in FORMATS})
"""By the name of the kind."""
