"""PDFs that carry, hide or break: files inside, forms of forms, passwords, damage, sizes."""

import io

import pikepdf

from samples.makers import pdf
from samples.makers.pdf import DATE, e_invoice, invoice, invoice_with, objects_with
from samples.makers.pdf_file import lines, stream, update, write

JPX = b"/Filter /JPXDecode"


def with_file(attached: bytes, name: str, media_type: str) -> bytes:
    """Attach a file the way pikepdf and qpdf write it: compressed, with a check sum before the filter."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(invoice("nl"))) as document:
        document.attachments[name] = pikepdf.AttachedFileSpec(
            document,
            attached,
            description="",
            filename=name,
            mime_type=media_type,
            creation_date="D:20260316093000Z",
            mod_date="D:20260316093000Z",
        )
        document.save(out, deterministic_id=True)
    return out.getvalue()


def portfolio(attached: bytes, name: str) -> bytes:
    """Make a portfolio (12.3.5): one page that says so, and the real document inside."""
    cover = objects_with(
        b"<< /Type /Filespec /F (%b) /UF (%b) /EF << /F 11 0 R >> >>" % (name.encode(), name.encode()),
        stream(attached, b"/Type /EmbeddedFile /Params << /Size %d /ModDate %b >>" % (len(attached), DATE)),
        catalog=b"/Collection << /Type /Collection /View /D >> /Names << /EmbeddedFiles << /Names [(%b) 10 0 R] >> >>"
        % name.encode(),
        language="de",
    )
    cover[4] = stream(lines([(60, 700, "R", 14, "Für diese Mappe benötigen Sie ein neueres Programm.")]))
    return write(cover, b"/Root 1 0 R /Info 7 0 R")


TEMPLATE = b"""<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template xmlns="http://www.xfa.org/schema/xfa-template/2.8/">
<subform name="retour" layout="%b"><field name="name"><ui><textEdit/></ui></field></subform></template></xdp:xdp>
"""


def static_xfa() -> bytes:
    """Make a form that is there twice: as plain fields, and as XFA for one vendor's program (12.7.8)."""
    return _xfa(b"position", catalog=b"", language="en")


def dynamic_xfa() -> bytes:
    """Make a form that exists as XFA only; all that any other program shows or prints is a request to wait."""
    objects = objects_with(
        b"",
        stream(TEMPLATE % b"tb"),
        catalog=b"/NeedsRendering true /AcroForm << /Fields [] /XFA 11 0 R >>",
        language="en",
    )
    del objects[10]
    objects[4] = stream(
        lines(
            [
                (60, 700, "B", 16, "Please wait..."),
                (60, 670, "R", 11, "Your viewer may not be able to display this form."),
            ]
        )
    )
    return write(objects, b"/Root 1 0 R /Info 7 0 R")


def _xfa(layout: bytes, catalog: bytes, language: str) -> bytes:
    return invoice_with(
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (O'Shea) /DA (/R 10 Tf 0 g) /Rect [50 300 300 320] "
        b"/F 4 /P 3 0 R /AP << /N 12 0 R >> >>",
        stream(TEMPLATE % layout),
        stream(
            b"/Tx BMC q 0 g BT /R 10 Tf 2 6 Td (O'Shea) Tj ET Q EMC",
            b"/Type /XObject /Subtype /Form /BBox [0 0 250 20] /Resources %b" % pdf.FONTS,
        ),
        language=language,
        catalog=b"/AcroForm << /Fields [10 0 R] /DR %b /DA (/R 10 Tf 0 g) /XFA 11 0 R >> %b" % (pdf.FONTS, catalog),
        page=b"/Annots [10 0 R]",
    )


def xfa_in_old_revision() -> bytes:
    """A form in a stream of an older revision; the newest has none (ISO 32000-1, 12.7.8; 7.5.6)."""
    old = invoice_with(stream(b"<xdp:xdp/>"), catalog=b"/AcroForm << /Fields [] /XFA 10 0 R >>")
    return update(old, {1: objects_with()[1]}, b"/Root 1 0 R /Info 7 0 R")


def e_invoice_with_related_file(attached: bytes) -> bytes:
    """A hybrid invoice with a second file that belongs to its XML (7.11.4.3): few readers show it, some take it out."""
    beside = b"/RF << /F [(photo.png) 13 0 R] >> /EF << /F 11 0 R"
    whole = e_invoice().replace(b"/EF << /F 11 0 R", beside, 1)
    with pikepdf.open(io.BytesIO(whole)) as document:
        specification = next(one for one in document.objects if isinstance(one, pikepdf.Dictionary) and "/RF" in one)
        specification["/RF"]["/F"][1] = document.make_stream(attached)
        out = io.BytesIO()
        document.save(out, deterministic_id=True)
    return out.getvalue()


def streams_without_end() -> bytes:
    """An invoice with thousands of streams behind it that never end: who repairs it goes through all of it for each."""
    return invoice() + b"9 0 obj\n<< /Length 9 >>\nstream\nabc\n" * 20_000


def user_password() -> bytes:
    """Encrypt an invoice so that nobody opens it without the password (7.6; RC4, whose keys need no chance)."""
    return _encrypted(pikepdf.Encryption(user="geheim", owner="geheimer", R=3, aes=False, metadata=False))


def owner_password() -> bytes:
    """Encrypt an invoice so that everybody opens it, and printing or changing it is what readers refuse."""
    nothing = pikepdf.Permissions(
        extract=False,
        modify_annotation=False,
        modify_form=False,
        modify_other=False,
        print_lowres=False,
        print_highres=False,
    )
    return _encrypted(pikepdf.Encryption(owner="geheimer", R=3, aes=False, metadata=False, allow=nothing))


def _encrypted(how: pikepdf.Encryption) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(invoice("de"))) as document:
        document.save(out, encryption=how, static_id=True)
    return out.getvalue()


def unreadable() -> bytes:
    """Make what is left of a file after a broken transfer: the first object and noise; no reader opens it."""
    whole = invoice("nl")
    start = whole.index(b"1 0 obj")
    return whole[:start] + b"7 0 obj\n<< /Title (Factuur) >>\nendobj\n" + bytes(n * 7 % 251 for n in range(900))


def wrong_offsets() -> bytes:
    """Make what a careless mail program leaves: the text is whole, the table of contents points beside it."""
    return invoice("fr").replace(b"%\xe2\xe3\xcf\xd3\n", b"%\xe2\xe3\xcf\xd3\r\n\r\n", 1)


def huge_page() -> bytes:
    """Make a page of two million points: a wall of paper 700 metres wide."""
    objects = objects_with(language="it")
    objects[3] = objects[3].replace(pdf.A4, b"/MediaBox [0 0 2000000 2000000]")
    return write(objects, b"/Root 1 0 R /Info 7 0 R")


def jpeg_2000(picture: bytes, width: int, height: int) -> bytes:
    """Put a JPEG 2000 picture on the page (7.4.9), whose decoders have been broken into more than once."""
    objects = objects_with(
        stream(
            picture,
            b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB %b" % (width, height, JPX),
        ),
        stream(b"q 160 0 0 120 50 250 cm /Photo Do Q\n"),
        language="nl",
    )
    objects[3] = objects[3].replace(b"/Resources <<", b"/Resources << /XObject << /Photo 10 0 R >>")
    objects[3] = objects[3].replace(b"/Contents 4 0 R", b"/Contents [4 0 R 11 0 R]")
    return write(objects, b"/Root 1 0 R /Info 7 0 R")
