"""Good PDFs: invoices, forms, scans, e-invoices. All that is in them is there in the mail of any shop."""

from samples.makers import pictures, text
from samples.makers.goods import INVOICES, Article, Invoice, amount
from samples.makers.pdf_file import escaped, lines, stream, write

A4 = b"/MediaBox [0 0 595 842]"
DATE = b"(D:20260316093000Z)"
EXTRA = 10
"""The number of the first of the extra objects of `invoice_with`."""


def invoice(language: str = "nl") -> bytes:
    """Make a one-page invoice with nothing in it but the page."""
    return invoice_with(language=language)


def invoice_with(
    *extra: bytes, language: str = "nl", catalog: bytes = b"", page: bytes = b"", trailer: bytes = b""
) -> bytes:
    """Make an invoice with more entries in its catalog, page and trailer, and more objects, from 10 on."""
    return write(
        objects_with(*extra, language=language, catalog=catalog, page=page), b"/Root 1 0 R /Info 7 0 R" + trailer
    )


def objects_with(*extra: bytes, language: str = "nl", catalog: bytes = b"", page: bytes = b"") -> dict[int, bytes]:
    """Make the numbered objects of an invoice: catalog 1, pages 2, page 3, content 4, fonts 5 and 6, info 7."""
    paper = INVOICES[language]
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R /Lang (%b) %b >>" % (language.encode(), catalog),
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R %b /Contents 4 0 R /Resources %b %b >>" % (A4, FONTS, page),
        4: stream(page_content(paper)),
        5: _font(b"Helvetica"),
        6: _font(b"Helvetica-Bold"),
        7: b"<< /Title %b /Author %b /Producer (Kassa 4.2) /CreationDate %b >>"
        % (escaped(f"{paper.title} {paper.number}"), escaped(paper.seller[0]), DATE),
    }
    return objects | {EXTRA + n: body for n, body in enumerate(extra)}


FONTS = b"<< /Font << /R 5 0 R /B 6 0 R >> >>"


def _font(name: bytes) -> bytes:
    return b"<< /Type /Font /Subtype /Type1 /BaseFont /%b /Encoding /WinAnsiEncoding >>" % name


def page_content(paper: Invoice) -> bytes:
    """Draw the page of an invoice: a coloured band, the addresses, the table, the sums."""
    band = b"q 0.13 0.35 0.29 rg 0 782 595 60 re f Q\nq 1 g " + lines([(50, 802, "B", 22, paper.seller[0])]) + b"Q\n"
    head = [(50, 750 - 14 * n, "R", 10, line) for n, line in enumerate(paper.seller[1:])]
    head += [(330, 750 - 14 * n, "R", 10, line) for n, line in enumerate((*paper.buyer, "", paper.date))]
    head.append((50, 660, "B", 16, f"{paper.title} {paper.number}"))
    x = (50, 320, 400, 490)
    table = [(x[n], 622, "B", 10, column) for n, column in enumerate(paper.columns)]
    for row, article in enumerate(paper.articles):
        table += [(x[n], 600 - 18 * row, "R", 10, cell) for n, cell in enumerate(_cells(article))]
    y = 580 - 18 * len(paper.articles)
    sums = ((paper.net, paper.net_amount), (paper.vat, paper.vat_amount), (paper.gross, paper.gross_amount))
    for n, (label, value) in enumerate(sums):
        table += [(320, y - 16 * n, "R", 10, label), (490, y - 16 * n, "B", 10, amount(value))]
    rule = b"q 0.6 w 50 616 m 545 616 l S 320 %d m 545 %d l S Q\n" % (y + 12, y + 12)
    return band + lines(head) + rule + lines(table) + lines([(50, y - 70, "R", 10, paper.thanks)])


def _cells(article: Article) -> tuple[str, str, str, str]:
    return (article.name, str(article.quantity), amount(article.price), amount(article.total))


def harmless_extras(language: str = "de") -> bytes:
    """Make an invoice with a plain form, bookmarks, web, mail and telephone links, and a view to open with."""
    fields = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V () /DA (/R 10 Tf 0 g) /Rect [50 300 300 320] "
        b"/F 4 /P 3 0 R /MK << /BC [0.5] >> /AP << /N 16 0 R >> >>"
    )
    return invoice_with(
        fields,
        _link(b"https://shop.example/retour", b"[50 250 200 264]"),
        _link(b"mailto:service@shop.example", b"[50 230 200 244]"),
        _link(b"tel:+49541123456", b"[50 210 200 224]"),
        b"<< /Type /Outlines /First 15 0 R /Last 15 0 R /Count 1 >>",
        b"<< /Title (Rechnung) /Parent 14 0 R /Dest [3 0 R /Fit] >>",
        stream(b"q 0.9 g 0 0 250 20 re f Q", b"/Type /XObject /Subtype /Form /BBox [0 0 250 20]"),
        language=language,
        catalog=b"/OpenAction << /S /GoTo /D [3 0 R /Fit] >> /Outlines 14 0 R /PageMode /UseOutlines "
        b"/AcroForm << /Fields [10 0 R] /DR %b /DA (/R 10 Tf 0 g) >>" % FONTS,
        page=b"/Annots [10 0 R 11 0 R 12 0 R 13 0 R]",
    )


def _link(address: bytes, rectangle: bytes) -> bytes:
    return b"<< /Type /Annot /Subtype /Link /Rect %b /Border [0 0 0] /F 4 /A << /S /URI /URI (%b) >> >>" % (
        rectangle,
        address,
    )


def scan(language: str = "en") -> bytes:
    """Make what a scanner with text recognition makes: a picture of a page, and its text laid over it unseen."""
    paper = INVOICES[language]
    words = (paper.title, paper.number, paper.date, *paper.buyer)
    hidden = b"3 Tr\n" + lines([(60, 760 - 30 * n, "R", 14, word) for n, word in enumerate(words)])
    image = pictures.scanned_page(words=words)
    objects = objects_with(
        stream(
            image,
            b"/Type /XObject /Subtype /Image /Width 620 /Height 877 /ColorSpace /DeviceGray /BitsPerComponent 8 "
            b"/Filter /DCTDecode",
        ),
        language=language,
    )
    objects[4] = stream(b"q 595 0 0 842 0 0 cm /Scan Do Q\nBT " + b"ET\n" + hidden)
    resources = b"<< /Font << /R 5 0 R >> /XObject << /Scan 10 0 R >> >>"
    objects[3] = b"<< /Type /Page /Parent 2 0 R %b /Contents 4 0 R /Resources %b >>" % (A4, resources)
    return write(objects, b"/Root 1 0 R /Info 7 0 R")


def many_pages(pages: int = 501) -> bytes:
    """Make a document of any number of pages, which all show the same."""
    objects = objects_with(language="en")
    kids = b" ".join(b"%d 0 R" % (EXTRA + n) for n in range(pages))
    objects[2] = b"<< /Type /Pages /Kids [%b] /Count %d /Resources %b %b >>" % (kids, pages, FONTS, A4)
    del objects[3]
    leaf = b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>"
    return write(objects | {EXTRA + n: leaf for n in range(pages)}, b"/Root 1 0 R /Info 7 0 R")


def e_invoice(language: str = "de") -> bytes:
    """Make a hybrid invoice as Factur-X 1.0 lays it down: the page for people, an XML of the same for programs."""
    attached = text.cross_industry_invoice(language=language)
    return invoice_with(
        b"<< /Type /Filespec /F (factur-x.xml) /UF (factur-x.xml) /Desc (Invoice data) "
        b"/AFRelationship /Alternative /EF << /F 11 0 R /UF 11 0 R >> >>",
        stream(
            attached,
            b"/Type /EmbeddedFile /Subtype /text#2Fxml /Params << /Size %d /ModDate %b >>" % (len(attached), DATE),
        ),
        stream(_factur_x_metadata(INVOICES[language]), b"/Type /Metadata /Subtype /XML"),
        language=language,
        catalog=b"/AF [10 0 R] /Names << /EmbeddedFiles << /Names [(factur-x.xml) 10 0 R] >> >> /Metadata 12 0 R",
    )


def _factur_x_metadata(paper: Invoice) -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">\n'
        "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>\n"
        f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{paper.title} {paper.number}</rdf:li></rdf:Alt></dc:title>\n'
        "<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>"
        "<fx:Version>1.0</fx:Version><fx:ConformanceLevel>BASIC</fx:ConformanceLevel>\n"
        '</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
    ).encode()


def signed(language: str = "en") -> bytes:
    """Make an invoice with the structure of a digital signature (12.8): field, byte range, and no real seal."""
    size = 512
    signature = (
        b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /Name (Harbour Lamps Ltd) /M %b "
        b"/ByteRange [0 %%010d %%010d %%010d] /Contents <%b> >>" % (DATE, b"30" * size)
    )
    made = invoice_with(
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Seal) /V 11 0 R /Rect [0 0 0 0] /F 132 /P 3 0 R >>",
        signature % (0, 0, 0),
        language=language,
        catalog=b"/AcroForm << /Fields [10 0 R] /SigFlags 3 >>",
        page=b"/Annots [10 0 R]",
    )
    begin = made.index(b"/Contents <") + len(b"/Contents ")
    end = begin + 2 * size + 2
    return made.replace(signature % (0, 0, 0), signature % (begin, end, len(made) - end))
