"""What a copy takes over from the original besides its pages: how large they are meant to be, a title, a language."""

from dataclasses import dataclass

import pikepdf

from attachguard.formats.pdf import leaves
from attachguard.formats.pdf.document import dictionary_at, open_pdf, text_at
from attachguard.formats.pdf.pages import user_unit
from attachguard.model import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Read from the original, sanitized."""

    title: str = ""
    language: str = ""
    units: tuple[float, ...] = ()
    """Points per unit, page by page (ISO 32000-2, 7.7.3.3, /UserUnit): printing programs leave it out."""


def about(original: bytes, limits: Limits) -> About:
    """Read what a copy takes over; nothing from an original that qpdf can't open."""
    try:
        with open_pdf(original, limits) as pdf:
            information = dictionary_at(pdf.trailer, "/Info")
            return About(
                title="" if information is None else leaves.title(text_at(information, "/Title")),
                language=leaves.language(text_at(pdf.Root, "/Lang")),
                units=tuple(user_unit(page.obj) for page in pdf.pages[: limits.pages]),
            )
    except pikepdf.PikepdfError:
        return About()
