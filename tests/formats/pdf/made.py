"""PDFs that the tests build: from bytes where the bytes matter, with pikepdf where the structure does."""

import io
import subprocess
from collections.abc import Mapping

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image

from attachguard.formats.contract import Order
from attachguard.formats.pdf import inspect, normalize, verify
from attachguard.formats.pdf.render import printing
from attachguard.model import Finding, Inspection, Limits, Rebuilt

HELLO = b"BT /F 24 Tf 72 700 Td (Invoice 2024-117) Tj 0 -40 Td (Total 1250 euro) Tj ET"
CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R>>"
HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def stream(data: bytes, keys: bytes = b"") -> bytes:
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (keys, len(data), data)


def classic(objects: Mapping[int, bytes], *, trailer: bytes = b"/Root 1 0 R") -> bytes:
    """A file with a cross-reference table that is right."""
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    return _revision(out, objects, trailer)


def hello(
    *, catalog: bytes = CATALOG, page: bytes = PAGE, more: Mapping[int, bytes] | None = None, content: bytes = HELLO
) -> bytes:
    """One page with two lines of text, and whatever else is asked for."""
    objects = {1: catalog, 2: PAGES, 3: page, 4: stream(content), 5: HELVETICA, **(more or {})}
    return classic(objects)


def updated(earlier: bytes, objects: Mapping[int, bytes], root: int = 1) -> bytes:
    """An incremental update: the objects replace or join those of the earlier revision."""
    previous = earlier.rsplit(b"startxref\n", 1)[1].split(b"\n")[0]
    out = io.BytesIO()
    out.write(earlier)
    return _revision(out, objects, b"/Root %d 0 R/Prev %b" % (root, previous))


def _revision(out: io.BytesIO, objects: Mapping[int, bytes], trailer: bytes) -> bytes:
    offsets = {}
    for number, body in sorted(objects.items()):
        offsets[number] = out.tell()
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 1\n0000000000 65535 f \n")
    for number, offset in offsets.items():
        out.write(b"%d 1\n%010d 00000 n \n" % (number, offset))
    size = max(20, *offsets) + 1
    out.write(b"trailer\n<<%b/Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (trailer, size, table))
    return out.getvalue()


def new(content: bytes = HELLO, size: tuple[float, float] = (612, 792)) -> pikepdf.Pdf:
    """A document of one page, to build on."""
    pdf = pikepdf.new()
    add_page(pdf, content, size)
    return pdf


def add_page(pdf: pikepdf.Pdf, content: bytes = HELLO, size: tuple[float, float] = (612, 792)) -> pikepdf.Page:
    pdf.add_blank_page()
    page = pdf.pages[-1]
    page.obj["/MediaBox"] = Array([0, 0, *size])
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    page.obj["/Resources"] = Dictionary(Font=Dictionary(F=font))
    page.obj["/Contents"] = pdf.make_stream(content)
    return page


def saved(pdf: pikepdf.Pdf, *, packed: bool = False, encryption: pikepdf.Encryption | None = None) -> bytes:
    """The bytes; `packed` puts what it can into object streams."""
    out = io.BytesIO()
    mode = pikepdf.ObjectStreamMode.generate if packed else pikepdf.ObjectStreamMode.disable
    pdf.save(out, object_stream_mode=mode, encryption=encryption or False, static_id=encryption is None)
    return out.getvalue()


def script(pdf: pikepdf.Pdf, code: str = "app.alert(1)") -> pikepdf.Object:
    return pdf.make_indirect(Dictionary(S=Name.JavaScript, JS=pikepdf.String(code)))


def annotate(pdf: pikepdf.Pdf, **keys: object) -> None:
    """Put an annotation on the first page."""
    annotation = Dictionary({f"/{key}": value for key, value in keys.items()})
    annotation["/Type"] = Name.Annot
    for key, value in (("/Rect", Array([100, 500, 300, 540])), ("/F", 4)):
        if key not in annotation:
            annotation[key] = value
    page = pdf.pages[0].obj
    if "/Annots" not in page:
        page["/Annots"] = Array([])
    page["/Annots"].append(pdf.make_indirect(annotation))


def attach(pdf: pikepdf.Pdf, name: str, data: bytes) -> pikepdf.Object:
    """Embed a file, the way most writers do."""
    file = pdf.make_stream(data)
    file["/Type"] = Name.EmbeddedFile
    specification = pdf.make_indirect(Dictionary(Type=Name.Filespec, F=name, UF=name, EF=Dictionary(F=file)))
    pdf.Root["/Names"] = Dictionary(EmbeddedFiles=Dictionary(Names=Array([name, specification])))
    return specification


def seen(data: bytes, limits: Limits | None = None) -> Inspection:
    return inspect(data, limits or Limits())


def codes(data: bytes, limits: Limits | None = None) -> set[str]:
    return {finding.code for finding in seen(data, limits).findings}


def printed(data: bytes) -> bytes:
    """What the printing program makes of a document; the room runs it the same way."""
    command = ["pdftocairo", "-pdf", "-", "-"]
    try:
        return subprocess.run(command, input=data, capture_output=True, timeout=30, check=False).stdout
    except subprocess.TimeoutExpired:
        return b""


def rebuilt(data: bytes, limits: Limits | None = None) -> Rebuilt:
    order = Order(original=data, method="print", printed=printed(data), parts=(), limits=limits or Limits())
    return normalize(order)


def rastered(data: bytes, limits: Limits | None = None) -> Rebuilt:
    return normalize(Order(original=data, method="raster", printed=None, parts=(), limits=limits or Limits()))


def pictures_of_pages(data: bytes) -> bytes:
    made = rastered(data)
    assert made.data is not None, made.findings
    return made.data


def size_of(data: bytes, index: int = 0) -> tuple[float, float]:
    with printing(data) as document, document.sheet(index) as sheet:
        return sheet.width, sheet.height


def drawn(data: bytes, dpi: float = 72, *, mode: str = "L", index: int = 0) -> Image.Image:
    with printing(data) as document, document.sheet(index) as sheet:
        return sheet.draw(dpi, mode=mode)


def text_of(data: bytes, index: int = 0) -> str:
    with printing(data) as document, document.sheet(index) as sheet:
        return sheet.text()


def difference(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of any sample."""
    assert one.size == other.size
    return max(abs(a - b) for a, b in zip(one.tobytes(), other.tobytes(), strict=True))


def against(original: bytes, copy: bytes, limits: Limits | None = None) -> list[Finding]:
    """What the gate has against a copy."""
    return [finding for finding in verify(original, copy, limits or Limits()) if finding.code != "copy.likeness"]


def copy_of(data: bytes, limits: Limits | None = None) -> bytes:
    made = rebuilt(data, limits)
    assert made.data is not None, made.findings
    return made.data
