"""Files of plain characters: letters, price lists, pages and XML, in the encodings that are about."""

import base64
import html as entities
from collections.abc import Sequence

from samples.makers import pictures
from samples.makers.goods import INVOICES, LETTERS, PRICE_LIST, Article, Invoice, amount

UBL = "urn:oasis:names:specification:ubl:schema:xsd"
CII = "urn:un:unece:uncefact:data:standard"


def letter(language: str = "nl", encoding: str = "utf-8") -> bytes:
    """Write a letter, a paragraph a line."""
    return ("\r\n\r\n".join(LETTERS[language]) + "\r\n").encode(encoding)


def of_size(size: int) -> bytes:
    """Write the log of a parcel service, exactly `size` bytes long."""
    line = b"2026-03-16 09:30 pakket 3SABCD%07d gesorteerd in depot Utrecht\r\n"
    log = b"".join(line % n for n in range(size // len(line % 0) + 1))
    return log[: size - 2] + b"\r\n"


def source_code() -> bytes:
    """Write a little JavaScript, as a seller who has trouble with a web shop might send it."""
    return (
        b"// the button that does not work\n"
        b"function order(item) {\n  alert('Bestellt: ' + item);\n}\norder('TH-042');\n"
    )


def price_list(separator: str = ";", encoding: str = "cp1252", first_line: str = "") -> bytes:
    """Write a CSV as the spreadsheet of a German shop does: semicolons, decimal commas, a quoted cell, a rebate."""
    rows = [("Artikelnummer", "Bezeichnung", "Bestand", "Preis EUR", "Telefon")]
    rows += [(a.number, a.name, str(a.quantity), amount(a.price), "+49 541 123456") for a in PRICE_LIST]
    return (first_line + "".join(separator.join(_cell(c, separator) for c in row) + "\r\n" for row in rows)).encode(
        encoding
    )


def formula_csv() -> bytes:
    """Write a CSV in which one cell would start a program by DDE in a careless spreadsheet."""
    dangerous = "=cmd|' /C calc'!A0"
    return f"Artikel,Preis\r\nKM-778,64.90\r\n{dangerous},1\r\n".encode()


def telephone_list() -> bytes:
    """Write a CSV of one column, in which numbers begin with a plus and corrections with a minus."""
    return b"Telefon\r\n+49 541 123456\r\n+31 6 12345678\r\n-12,50\r\n- entf\xe4llt\r\n"


def wide_table() -> bytes:
    """Write what Excel calls Unicode text: UTF-16 with tabs, and numbers that are to stay text."""
    return 'Art.\tPreis\r\n="0012"\t€ 1,50\r\n'.encode("utf-16")


def hidden_formula_csv() -> bytes:
    """Write a CSV whose formula starts a cell only where semicolons part cells, behind blanks that nobody sees."""
    return "Artikel,Preis\r\nKM-778;\u2003\u200b=cmd|' /C calc'!A0,64.90\r\n".encode()


def _cell(value: str, separator: str) -> str:
    return '"' + value.replace('"', '""') + '"' if separator in value or '"' in value else value


def symbolic_link() -> bytes:
    """Write a SYLK sheet, which Excel opens as such even when it is called .csv."""
    return b'ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K"Artikel"\r\nC;Y2;X1;K"KM-778"\r\nE\r\n'


PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><title>{title}</title>
<style>body {{ font-family: sans-serif; margin: 2em; }} td {{ padding: 0.2em 1em; }}</style>{head}</head>
<body{body}>
<h1>{title}</h1>
<p>{thanks}</p>
<table>
{rows}
</table>
<p><a href="https://shop.example/">shop.example</a> &middot; <a href="mailto:service@shop.example">Mail</a></p>{more}
</body>
</html>
"""


def page(language: str = "fr", head: str = "", body: str = "", more: str = "") -> bytes:
    """Write an HTML page: the invoice for reading in a browser."""
    paper = INVOICES[language]
    return PAGE.format(
        language=language,
        title=entities.escape(f"{paper.title} {paper.number}"),
        thanks=entities.escape(paper.thanks),
        rows=_rows(paper.articles),
        head=head,
        body=body,
        more=more,
    ).encode()


def _rows(articles: Sequence[Article]) -> str:
    cells = ((article.number, article.name, str(article.quantity), amount(article.total)) for article in articles)
    return "\n".join("<tr>" + "".join(f"<td>{entities.escape(c)}</td>" for c in row) + "</tr>" for row in cells)


def page_with_photo() -> bytes:
    """Write the page of a return with the seller's photograph in it, which says where it was taken."""
    photo = base64.b64encode(pictures.jpeg_with_place()).decode("ascii")
    return page("nl", more=f'<p><img src="data:image/jpeg;base64,{photo}" alt="foto" width="320"></p>')


def newsletter() -> bytes:
    """Write the page of a mail as mail programs do: tables, inline styles, a picture of the same mail, Word's notes."""
    rows = "".join(
        f'<tr><td style="padding:4px;border-bottom:1px solid #ddd;font:13px Arial,sans-serif">{entities.escape(a.name)}'
        f'</td><td align=right style="mso-line-height-rule:exactly;color:rgb(90,90,90)">{amount(a.price)}</td></tr>'
        for a in PRICE_LIST
    )
    return (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head>'
        '<meta http-equiv=Content-Type content="text/html; charset=windows-1252">'
        "<!--[if gte mso 9]><xml><o:OfficeDocumentSettings><o:AllowPNG/></o:OfficeDocumentSettings></xml><![endif]-->"
        '</head><body bgcolor="#f4f4f4"><table width=600 cellpadding=0 cellspacing=0 style="border-collapse:collapse">'
        f'<tr><td colspan=2><img src="cid:logo@shop.example" alt="Logo" width=120></td></tr>{rows}</table>'
        '<p style="font-size:11px">\xa9 Caf\xe9 <o:p>&nbsp;</o:p></p></body></html>\r\n'
    ).encode("cp1252")


def xhtml(language: str = "it") -> bytes:
    """Write the same as well-formed XHTML."""
    paper = INVOICES[language]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="{language}">\n'
        f"<head><title>{paper.title} {paper.number}</title></head>\n"
        f"<body><h1>{paper.seller[0]}</h1>\n<table>\n{_rows(paper.articles)}\n</table>\n"
        f"<p>{entities.escape(paper.thanks)}</p></body>\n</html>\n"
    ).encode()


def html_table() -> bytes:
    """Write what many shop systems call an .xls: an HTML table that spreadsheets open all the same."""
    return (
        f'<html><head><meta charset="utf-8"></head><body>\n<table border="1">'
        f"\n{_rows(PRICE_LIST)}\n</table></body></html>\n"
    ).encode()


def svg() -> bytes:
    """Write a vector picture that runs a script when a browser shows it."""
    return (
        b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90">\n'
        b'<circle cx="45" cy="45" r="40" fill="#265c4d"/><script>alert(1)</script>\n</svg>\n'
    )


def ubl_invoice(language: str = "nl") -> bytes:
    """Write a UBL 2.1 invoice, as tax offices and public buyers ask for (EN 16931)."""
    paper = INVOICES[language]
    items = "".join(
        f'<cac:InvoiceLine><cbc:ID>{n}</cbc:ID><cbc:InvoicedQuantity unitCode="C62">{a.quantity}</cbc:InvoicedQuantity>'
        f'<cbc:LineExtensionAmount currencyID="EUR">{a.total}</cbc:LineExtensionAmount>'
        f"<cac:Item><cbc:Name>{entities.escape(a.name)}</cbc:Name></cac:Item>"
        f'<cac:Price><cbc:PriceAmount currencyID="EUR">{a.price}</cbc:PriceAmount></cac:Price></cac:InvoiceLine>\n'
        for n, a in enumerate(paper.articles, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Invoice xmlns="{UBL}:Invoice-2" xmlns:cac="{UBL}:CommonAggregateComponents-2" '
        f'xmlns:cbc="{UBL}:CommonBasicComponents-2">\n'
        "<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>\n"
        f"<cbc:ID>{paper.number}</cbc:ID><cbc:IssueDate>2026-03-16</cbc:IssueDate>"
        "<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>\n"
        f"{_party('Supplier', paper.seller[0])}{_party('Customer', paper.buyer[0])}"
        f'<cac:LegalMonetaryTotal><cbc:PayableAmount currencyID="EUR">{paper.gross_amount}</cbc:PayableAmount>'
        f"</cac:LegalMonetaryTotal>\n{items}</Invoice>\n"
    ).encode()


def _party(role: str, name: str) -> str:
    return (
        f"<cac:Accounting{role}Party><cac:Party><cac:PartyName><cbc:Name>{entities.escape(name)}</cbc:Name>"
        f"</cac:PartyName></cac:Party></cac:Accounting{role}Party>\n"
    )


def cross_industry_invoice(language: str = "de") -> bytes:
    """Write the XML of a Factur-X or ZUGFeRD invoice (UN/CEFACT CII D16B, profile BASIC)."""
    paper: Invoice = INVOICES[language]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<rsm:CrossIndustryInvoice xmlns:rsm="{CII}:CrossIndustryInvoice:100" '
        f'xmlns:ram="{CII}:ReusableAggregateBusinessInformationEntity:100" '
        f'xmlns:udt="{CII}:UnqualifiedDataType:100">\n'
        "<rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>"
        "<ram:ID>urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic</ram:ID>"
        "</ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>\n"
        f"<rsm:ExchangedDocument><ram:ID>{paper.number}</ram:ID><ram:TypeCode>380</ram:TypeCode>"
        '<ram:IssueDateTime><udt:DateTimeString format="102">20260316</udt:DateTimeString></ram:IssueDateTime>'
        "</rsm:ExchangedDocument>\n<rsm:SupplyChainTradeTransaction><ram:ApplicableHeaderTradeAgreement>"
        f"<ram:SellerTradeParty><ram:Name>{entities.escape(paper.seller[0])}</ram:Name></ram:SellerTradeParty>"
        f"<ram:BuyerTradeParty><ram:Name>{entities.escape(paper.buyer[0])}</ram:Name></ram:BuyerTradeParty>"
        "</ram:ApplicableHeaderTradeAgreement><ram:ApplicableHeaderTradeSettlement>"
        "<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>"
        "<ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
        f"<ram:TaxBasisTotalAmount>{paper.net_amount}</ram:TaxBasisTotalAmount>"
        f'<ram:TaxTotalAmount currencyID="EUR">{paper.vat_amount}</ram:TaxTotalAmount>'
        f"<ram:GrandTotalAmount>{paper.gross_amount}</ram:GrandTotalAmount>"
        f"<ram:DuePayableAmount>{paper.gross_amount}</ram:DuePayableAmount>"
        "</ram:SpecifiedTradeSettlementHeaderMonetarySummation></ram:ApplicableHeaderTradeSettlement>"
        "</rsm:SupplyChainTradeTransaction>\n</rsm:CrossIndustryInvoice>\n"
    ).encode()


def bank_statement(encoding: str = "utf-16") -> bytes:
    """Write a bank statement (ISO 20022 camt.053), in UTF-16 as some banks' programs do."""
    entries = "".join(
        f'<Ntry><Amt Ccy="EUR">{a.total}</Amt><CdtDbtInd>CRDT</CdtDbtInd><AddtlNtryInf>{entities.escape(a.name)}'
        "</AddtlNtryInf></Ntry>\n"
        for a in PRICE_LIST
    )
    return (
        f'<?xml version="1.0" encoding="{encoding.upper()}"?>\n'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>8841</Id>\n'
        f"{entries}</Stmt></BkToCstmrStmt></Document>\n"
    ).encode(encoding)


def styled_xml() -> bytes:
    """Write an order that a browser would show by a stranger's style sheet (xml-stylesheet)."""
    return b'<?xml version="1.0"?>\n<?xml-stylesheet type="text/xsl" href="http://evil.example/a.xsl"?>\n<order/>\n'


def including_xml() -> bytes:
    """Write an order that includes a file of the reader's computer (XInclude 1.0)."""
    return (
        b'<?xml version="1.0"?>\n<order xmlns:xi="http://www.w3.org/2001/XInclude"><line>TH-042</line>'
        b'<xi:include parse="text" href="file:///etc/passwd"/></order>\n'
    )


def scripted_xml() -> bytes:
    """Write an order with a script that a browser runs, since it is of XHTML's namespace."""
    return (
        b'<?xml version="1.0"?>\n<order><line>TH-042</line>'
        b'<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script></order>\n'
    )


def entity_xml() -> bytes:
    """Write XML whose DOCTYPE reads a file of the reader's computer (XML 1.0, 4.2.2)."""
    return (
        b'<?xml version="1.0"?>\n<!DOCTYPE order [<!ENTITY secret SYSTEM "file:///etc/passwd">]>\n'
        b"<order><note>&secret;</note></order>\n"
    )


def nested_xml(depth: int = 300) -> bytes:
    """Write XML with elements in elements, more than a reader has to follow."""
    return b'<?xml version="1.0"?>\n' + b"<box>" * depth + b"TH-042" + b"</box>" * depth + b"\n"


def terminal_escapes() -> bytes:
    """Write a text that would clear the screen of whoever prints it in a terminal, and colour the rest."""
    return b"Bestelling 8841\n\x1b[2J\x1b[31mbetaald\x1b[0m\n"


def deceiving_text() -> bytes:
    """Write a text whose amount reads backwards, by a control for right-to-left writing (UAX #9)."""
    return "Te betalen: \u202e00,001\u202c EUR\n".encode()


def control_characters() -> bytes:
    """Write a text that rings, and goes back over a figure so that a printer or terminal shows another one."""
    return b"Bestelling 8841\r\nTe betalen: 9\b1,00 EUR\a\r\n"
