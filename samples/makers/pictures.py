"""Pictures as sellers and customers send them, drawn by Pillow: returned goods, logos, scanned papers, bombs."""

import io
import random
import struct
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

SIZE = (640, 480)
WOOD = (158, 118, 78)
BAG = (38, 92, 77)


def photo(width: int = SIZE[0], height: int = SIZE[1], seed: int = 1) -> Image.Image:
    """Draw a bicycle bag with a torn seam on a wooden table, with the grain a real photo has."""
    chance = random.Random(seed)
    picture = Image.new("RGB", (width, height), WOOD)
    draw = ImageDraw.Draw(picture)
    for _ in range(90):
        y, shade = chance.randrange(height), chance.randrange(-18, 18)
        draw.line([(0, y), (width, y + chance.randrange(-6, 6))], fill=_shifted(WOOD, shade), width=2)
    left, top, right, bottom = width // 5, height // 5, width * 4 // 5, height * 17 // 20
    draw.ellipse([left - 8, bottom - 24, right + 20, bottom + 26], fill=_shifted(WOOD, -60))
    draw.rounded_rectangle(
        [left, top, right, bottom], radius=height // 14, fill=BAG, outline=_shifted(BAG, -25), width=5
    )
    draw.rounded_rectangle([left, top, right, top + height // 5], radius=height // 14, fill=_shifted(BAG, 14))
    draw.rectangle([width // 2 - 18, top + height // 6, width // 2 + 18, top + height // 4], fill=(190, 190, 184))
    seam = [(left + 26 + chance.randrange(-5, 5), y) for y in range(top + height // 4, bottom - 14, 9)]
    draw.line(seam, fill=(214, 204, 178), width=3)
    draw.polygon([(left + 18, bottom - 120), (left + 46, bottom - 88), (left + 22, bottom - 40)], fill=(24, 22, 20))
    for _ in range(width * height // 40):
        place = (chance.randrange(width), chance.randrange(height))
        draw.point(place, fill=_shifted(_pixel(picture, place), chance.randrange(-12, 12)))
    return picture


def _pixel(picture: Image.Image, place: tuple[int, int]) -> tuple[int, int, int]:
    value = picture.getpixel(place)
    assert isinstance(value, tuple), "an RGB picture has three numbers per pixel"
    red, green, blue = (int(channel) for channel in value)
    return red, green, blue


def _shifted(colour: tuple[int, int, int], by: int) -> tuple[int, int, int]:
    red, green, blue = (max(0, min(255, channel + by)) for channel in colour)
    return red, green, blue


def jpeg(seed: int = 1, quality: int = 82) -> bytes:
    """Make a photo without a word about where and with what it was taken."""
    return _saved(photo(seed=seed), "JPEG", quality=quality)


def jpeg_with_place(seed: int = 2) -> bytes:
    """Make a photo that tells the telephone, the moment and the place (Exif 2.32: Make, Model, DateTime, GPS)."""
    picture = photo(seed=seed)
    exif = picture.getexif()
    exif[0x010F], exif[0x0110], exif[0x0132] = "Voorbeeld", "Phone 12", "2026:03:16 09:30:00"
    exif[0x8825] = {1: "N", 2: (52.0, 5.0, 24.0), 3: "E", 4: (5.0, 7.0, 12.0)}
    return _saved(picture, "JPEG", quality=82, exif=exif)


def print_proof(seed: int = 6) -> bytes:
    """Make the proof of a label as a print shop sends it: four inks, progressive (T.81 annex G, Adobe TN 5116)."""
    return _saved(photo(320, 240, seed=seed).convert("CMYK"), "JPEG", quality=85, progressive=True)


def jpeg_of_scans(scans: int = 2_000) -> bytes:
    """Make a progressive JPEG whose last scan comes again and again, which keeps a decoder busy for minutes."""
    plain = _saved(Image.new("L", (4_000, 4_000), 128), "JPEG", progressive=True)
    return plain[:-2] + plain[plain.rindex(b"\xff\xda") : -2] * scans + plain[-2:]


def depth_map(width: int = 160, height: int = 120) -> bytes:
    """Make a PNG of sixteen bits a pixel, as scanners and measuring instruments write."""
    rows = b"".join(
        struct.pack(f">{width}H", *((x * 409 + y * 7) % 65536 for x in range(width))) for y in range(height)
    )
    return _saved(Image.frombytes("I;16B", (width, height), rows).convert("I;16"), "PNG")


def apng(frames: int = 3) -> bytes:
    """Make an animated PNG: the lamp that blinks, in colours that a GIF does not have."""
    shown = [photo(160, 120, seed=n) for n in range(frames)]
    return _saved(shown[0], "PNG", save_all=True, append_images=shown[1:], duration=300, loop=0)


def png_with_author() -> bytes:
    """Make a picture of a screen that names who made it and on which computer (PNG section 11.3.3)."""
    told = PngInfo()
    told.add_text("Author", "J. Jansen")
    told.add_text("Source", "LAPTOP-JANSEN")
    return _saved(photo(160, 120, seed=8), "PNG", pnginfo=told)


def gif_with_comment() -> bytes:
    """Make a GIF with a comment of the program that wrote it (GIF89a section 24)."""
    return _saved(photo(160, 120, seed=9).convert("P"), "GIF", comment=b"Made on LAPTOP-JANSEN")


def gif_film(frames: int = 150) -> bytes:
    """Make a GIF of more frames than anybody needs to see a loose contact."""
    shown = [Image.new("L", (8, 8), n) for n in range(frames)]
    return _saved(shown[0], "GIF", save_all=True, append_images=shown[1:], duration=20)


def tiff_of_scanner() -> bytes:
    """Make a scan that names the scanner, its software and its owner (TIFF 6.0 section 8)."""
    told = {0x010F: "Voorbeeld", 0x0110: "ScanBox 3", 0x0131: "ScanBox Suite 9", 0x013B: "J. Jansen"}
    return _saved(_sheet(("Leveringsbon 8841",)), "TIFF", compression="tiff_lzw", tiffinfo=told)


def png(seed: int = 3) -> bytes:
    """Make a logo with a transparent ground."""
    logo = Image.new("RGBA", (320, 120), (0, 0, 0, 0))
    draw = ImageDraw.Draw(logo)
    draw.rounded_rectangle([4, 4, 316, 116], radius=24, fill=(*_shifted(BAG, seed), 255))
    draw.polygon([(30, 90), (40, 34), (62, 66), (84, 30), (106, 66), (128, 34), (138, 90)], fill=(236, 200, 90, 255))
    draw.text((160, 38), "De Kroon", font=ImageFont.load_default(34), fill=(255, 255, 255, 255))
    return _saved(logo, "PNG")


def gif(frames: int = 4) -> bytes:
    """Make a lamp that blinks: the loose contact, shown in a few frames."""
    shown = []
    for n in range(frames):
        frame = Image.new("P", (160, 120), 0)
        frame.putpalette([40, 40, 60, 250, 220, 120, 120, 120, 120, 250, 250, 250] + [0] * 756)
        draw = ImageDraw.Draw(frame)
        draw.rectangle([70, 70, 90, 112], fill=2)
        draw.ellipse([50, 20, 110, 76], fill=1 if n % 2 else 3)
        shown.append(frame)
    return _saved(shown[0], "GIF", save_all=True, append_images=shown[1:], duration=300, loop=0)


def bmp(width: int = 320, height: int = 240) -> bytes:
    """Make the picture of a screen of old software; three bytes a pixel, so its size is what you ask for."""
    return _saved(photo(width, height, seed=5), "BMP")


def bmp_of_size(size: int) -> bytes:
    """Make a BMP of about `size` bytes (rounded down to whole rows), quickly: bands of colour."""
    width = 1024
    height = (size - 54) // (3 * width)
    rows = b"".join(bytes((n % 251, 90, 160)) * width for n in range(height))
    header = struct.pack("<2sIHHI", b"BM", 54 + len(rows), 0, 0, 54)
    return header + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(rows), 2835, 2835, 0, 0) + rows


def tiff(pages: int = 2) -> bytes:
    """Make a fax-like scan of a delivery note, two pages, black and white, CCITT Group 4."""
    sheets = [
        _sheet((f"Leveringsbon 8841, blad {n + 1}", "2 x fietstas", "1 x koplamp")).convert("1") for n in range(pages)
    ]
    return _saved(sheets[0], "TIFF", save_all=True, append_images=sheets[1:], compression="group4", dpi=(75, 75))


def scanned_page(words: Sequence[str]) -> bytes:
    """Make the JPEG of a scanned sheet, 620 by 877 grey pixels, A4 at 75 dpi."""
    return _saved(_sheet(words), "JPEG", quality=70)


def _sheet(words: Sequence[str]) -> Image.Image:
    sheet = Image.new("L", (620, 877), 246)
    draw = ImageDraw.Draw(sheet)
    for n, word in enumerate(words):
        draw.text((62, 70 + 31 * n), word, font=ImageFont.load_default(15), fill=30)
    draw.rectangle([40, 40, 580, 840], outline=180)
    return sheet


def jpeg_2000(width: int = 160, height: int = 120) -> bytes:
    """Make a small photo as JPEG 2000, a coding that PDFs may hold."""
    return _saved(photo(width, height, seed=7), "JPEG2000")


def pixel_bomb(side: int = 8_000) -> bytes:
    """Make a PNG of some kilobytes that is 64 million pixels once decoded."""
    return _saved(Image.new("1", (side, side), 1), "PNG", optimize=False)


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    """Write without the date and software tags that would change from run to run or place to place."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()
