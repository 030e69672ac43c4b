"""The pictures in docs/pdf.md: a document before and after, drawn by pdfium.

.venv/bin/python -m tests.formats.pdf.pictures     writes them anew
"""

from collections.abc import Mapping
from pathlib import Path

from PIL import Image, ImageDraw

from tests.formats.pdf.made import copy_of, drawn, pictures_of_pages
from tests.formats.pdf.paper import build

FOLDER = Path(__file__).parents[3] / "docs" / "pictures"
_GAP = 12


def pictures() -> Mapping[str, Image.Image]:
    """Draw every picture, by its name."""
    original = build()
    whole = [drawn(data, 40, mode="RGB") for data in (original, copy_of(original), pictures_of_pages(original))]
    corner = (190, 690, 620, 880)
    close = [drawn(data, 200, mode="RGB").crop(corner) for data in (original, copy_of(original))]
    close.append(drawn(pictures_of_pages(original), 200, mode="RGB").crop(corner))
    return {"pdf-before-after": _beside(whole), "pdf-close-up": _beside(close)}


def _beside(images: list[Image.Image]) -> Image.Image:
    width = sum(image.width for image in images) + _GAP * (len(images) - 1)
    joined = Image.new("RGB", (width, max(image.height for image in images)), (120, 120, 120))
    pen = ImageDraw.Draw(joined)
    left = 0
    for image in images:
        joined.paste(image, (left, 0))
        pen.rectangle((left, 0, left + image.width - 1, image.height - 1), outline=(120, 120, 120))
        left += image.width + _GAP
    return joined.quantize(64)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, picture in pictures().items():
        picture.save(FOLDER / f"{name}.png", optimize=True)
