"""How many pages there are, and how large: the figures that decide whether a document can be rendered."""

from collections.abc import Iterator
from dataclasses import dataclass

import pikepdf

from attachguard.formats.pdf.document import number_of
from attachguard.model import Finding, Limits

BOXES = ("/MediaBox", "/CropBox")
"""ISO 32000-2, 7.7.3.3: the sheet, and what of it is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle in points (ISO 32000-2, 7.9.5), the lower left corner first."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        """The horizontal side in points."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """The vertical side in points."""
        return self.top - self.bottom


def page_findings(pdf: pikepdf.Pdf, limits: Limits) -> Iterator[Finding]:
    """Tell of too many pages, and of pages that are too large or have no area. Reads `limits.pages` pages at most."""
    count = len(pdf.pages)
    if count == 0:
        yield Finding("pdf.malformed", detail="no pages")
    if count > limits.pages:
        yield Finding("pdf.too_many_pages", detail=f"{count}, limit {limits.pages}")
        return
    for number, page in enumerate(pdf.pages, start=1):
        unit = user_unit(page.obj)
        for key in BOXES:
            if key not in page.obj:
                continue
            box = box_at(page.obj, key)
            if box is None or box.width <= 0 or box.height <= 0:
                yield Finding("pdf.malformed", f"page {number}", f"{key} without an area")
            elif max(box.width, box.height) * unit > limits.page_points:
                size = f"{box.width * unit:.0f} by {box.height * unit:.0f} points"
                yield Finding("pdf.huge_page", f"page {number}", f"{size}, limit {limits.page_points}")


def box_at(page: pikepdf.Object, key: str) -> Box | None:
    """Read a rectangle with its corners in any order; None when it is not four numbers."""
    value = page.get(key)
    numbers = [number_of(item) for item in value] if isinstance(value, pikepdf.Array) else []
    x0, y0, x1, y1 = numbers if len(numbers) == 4 else (None, None, None, None)
    if x0 is None or y0 is None or x1 is None or y1 is None:
        return None
    return Box(left=min(x0, x1), bottom=min(y0, y1), right=max(x0, x1), top=max(y0, y1))


def user_unit(page: pikepdf.Object) -> float:
    """Points per unit of the page's coordinates (7.7.3.3, /UserUnit); 1 where it is missing or no size."""
    value = number_of(page.get("/UserUnit"))
    return value if value is not None and value > 0 else 1.0
