"""A document with a bit of everything on its pages, in pieces, so that a test can lose or change one of them."""

from collections.abc import Callable, Mapping

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image

from tests.formats.pdf.made import annotate, saved

LINES = (
    "Dear customer, thank you for your order of the twelfth of March.",
    "The chairs will be delivered in the third week of April by a",
    "carrier of our choice, who will call you on the day before. Please",
    "look the boxes over at the door and note any damage on the slip.",
    "Payment is due within thirty days of the date of this invoice.",
    "After that we charge interest at the statutory rate, as agreed.",
)
ROWS = (("4 chairs, oak, oiled", "896.00"), ("1 table, oak, 200 by 90", "740.00"), ("delivery", "49.50"))


def text(size: float, x: float, y: float, words: str) -> bytes:
    return f"BT /F {size} Tf {x} {y} Td ({words}) Tj ET\n".encode("ascii")


def pieces() -> dict[str, bytes]:
    """What is on the first page, in the order in which it is drawn."""
    paragraph = {f"line {at}": text(10, 60, 600 - 14 * at, line) for at, line in enumerate(LINES)}
    rows = b"".join(
        text(10, 60, 470 - 18 * at, what) + text(10, 480, 470 - 18 * at, price) for at, (what, price) in enumerate(ROWS)
    )
    return {
        "bar": b"q 0.1 0.2 0.5 rg 0 732 612 60 re f Q\n",
        "title": b"q 1 1 1 rg " + text(22, 60, 752, "Invoice 2024-117") + b"Q\n",
        "logo": b"q 60 0 0 36 500 744 cm /Logo Do Q\n",
        "address": text(11, 60, 690, "Jansen and sons")
        + text(11, 60, 675, "Herengracht 12")
        + text(11, 60, 660, "Utrecht"),
        "tint": b"q 0.9 0.9 0.8 rg 50 420 512 70 re f Q\n",
        **paragraph,
        "rows": rows,
        "rules": b"q 0.7 w 50 490 m 562 490 l S 50 420 m 562 420 l S Q\n",
        "total": b"q 0.7 0 0 rg " + text(16, 400, 390, "Total 1685.50") + b"Q\n",
        "chart": b"q 0 0.5 0.3 rg 60 240 30 90 re f 110 240 30 60 re f 160 240 30 120 re f 210 240 30 40 re f Q\n",
        "gradient": b"q 60 190 180 30 re W n /Shade sh Q\n",
        "photo": b"q 240 0 0 160 320 200 cm /Photo Do Q\n",
        "veil": b"q /Half gs 0.2 0.2 0.9 rg 400 180 100 60 re f Q\n",
        "footer": text(7, 60, 60, "Chamber of commerce 12345678, VAT number NL001234567B01, bank NL02ABNA0123456789"),
    }


Change = Callable[[dict[str, bytes]], dict[str, bytes] | bytes]


def build(
    content: Mapping[str, bytes] | bytes | None = None,
    *,
    photo: Image.Image | None = None,
    alter: Callable[[pikepdf.Pdf], object] | None = None,
) -> bytes:
    """Three pages: the one in pieces, one of plain text, and one like a scan."""
    pdf = pikepdf.new()
    first = pieces() if content is None else content
    drawn = first if isinstance(first, bytes) else b"".join(first.values())
    _page(pdf, drawn, photo or picture())
    _page(pdf, b"".join(text(12, 60, 700 - 20 * at, line) for at, line in enumerate(LINES * 4)), picture())
    _page(pdf, b"q 612 0 0 792 0 0 cm /Photo Do Q", picture().rotate(90))
    annotate(pdf, Subtype=Name.Stamp, AP=Dictionary(N=_stamp(pdf)), Rect=Array([60, 120, 200, 160]))
    if alter:
        alter(pdf)
    return saved(pdf)


def picture() -> Image.Image:
    """Something photographic: shades in all directions, and a shape."""
    shade, ring = Image.linear_gradient("L").resize((120, 80)), Image.radial_gradient("L").resize((120, 80))
    aslant = Image.linear_gradient("L").rotate(90).resize((120, 80))
    return Image.merge("RGB", (shade, ring, aslant))


def _page(pdf: pikepdf.Pdf, content: bytes, photo: Image.Image) -> None:
    pdf.add_blank_page(page_size=(612, 792))
    page = pdf.pages[-1].obj
    bold = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name("/Helvetica"))
    function = Dictionary(FunctionType=2, Domain=Array([0, 1]), C0=Array([1, 0.9, 0]), C1=Array([0.6, 0, 0]), N=1)
    shading = Dictionary(ShadingType=2, ColorSpace=Name.DeviceRGB, Coords=Array([60, 0, 240, 0]), Function=function)
    page["/Resources"] = Dictionary(
        Font=Dictionary(F=bold),
        XObject=Dictionary(Logo=_image(pdf, Image.radial_gradient("L")), Photo=_image(pdf, photo)),
        Shading=Dictionary(Shade=shading),
        ExtGState=Dictionary(Half=Dictionary(ca=0.5)),
    )
    page["/Contents"] = pdf.make_stream(content)


def _image(pdf: pikepdf.Pdf, image: Image.Image) -> pikepdf.Object:
    made = pdf.make_stream(image.tobytes())
    made["/Type"], made["/Subtype"] = Name.XObject, Name.Image
    made["/Width"], made["/Height"], made["/BitsPerComponent"] = image.width, image.height, 8
    made["/ColorSpace"] = Name.DeviceGray if image.mode == "L" else Name.DeviceRGB
    return pdf.make_indirect(made)


def _stamp(pdf: pikepdf.Pdf) -> pikepdf.Object:
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    made = pdf.make_stream(b"1 0 0 RG 3 w 2 2 136 36 re S BT 1 0 0 rg /F 20 Tf 20 12 Td (PAID) Tj ET")
    made["/Type"], made["/Subtype"], made["/BBox"] = Name.XObject, Name.Form, Array([0, 0, 140, 40])
    made["/Resources"] = Dictionary(Font=Dictionary(F=font))
    return made


def without(*names: str) -> dict[str, bytes]:
    return {name: piece for name, piece in pieces().items() if name not in names}


def with_piece(name: str, piece: bytes) -> dict[str, bytes]:
    return {**pieces(), name: piece}


def moved(matrix: bytes) -> bytes:
    """The whole first page under a matrix."""
    return b"q " + matrix + b" cm\n" + b"".join(pieces().values()) + b"\nQ"


def clipped(rectangle: bytes) -> bytes:
    """The first page inside a rectangle alone."""
    return b"q " + rectangle + b" re W n\n" + b"".join(pieces().values()) + b"\nQ"


def replaced(old: bytes, new: bytes) -> dict[str, bytes]:
    changed = {name: piece.replace(old, new) for name, piece in pieces().items()}
    assert changed != pieces()
    return changed
