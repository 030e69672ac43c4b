"""Office Open XML as people make it with all the trimmings: nothing in it acts, and a copy has to keep all of it."""

from html import escape

from samples.makers import pictures
from samples.makers.goods import PRICE_LIST
from samples.makers.ooxml import OFFICE, SHEET, TYPE, WORD, Row, document, workbook
from samples.makers.packages import XML, package, relationships

DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
PICTURE = "http://schemas.openxmlformats.org/drawingml/2006/picture"
CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
IN_TEXT = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
ON_SHEET = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
CONTENTS, SHOP = "TOC \\o 1-3 \\h", 'HYPERLINK "https://shop.example/"'
WHO = 'w:author="Service" w:date="2026-03-16T09:30:00Z"'


def docx(language: str = "en", template: str = "") -> bytes:
    """Make a letter with links, a comment, tracked changes, a footnote, a chart, a picture, a table and contents.

    A `template` is an address from which Word would load one: then the letter needs a copy.
    """
    settings = f'<w:attachedTemplate r:id="rId1" xmlns:r="{OFFICE}"/>' if template else ""
    parts = {
        "settings": f'<w:settings xmlns:w="{WORD}">{settings}<w:zoom w:percent="100"/></w:settings>',
        "comments": _story("comments", f'<w:comment w:id="1" {WHO}>{_p("Is this right?")}</w:comment>'),
        "footnotes": _story("footnotes", f'<w:footnote w:id="1">{_p("Seven days.")}</w:footnote>'),
        "header": f'<w:hdr xmlns:w="{WORD}"><w:p>{_field("PAGE", "1")}</w:p></w:hdr>',
        "numbering": f'<w:numbering xmlns:w="{WORD}"><w:abstractNum w:abstractNumId="0"/></w:numbering>',
    }
    links: tuple[Row, ...] = (
        *((f"rId{n}", f"{OFFICE}/{kind}", f"{kind}.xml") for n, kind in enumerate(parts, 10)),
        ("rId20", f"{OFFICE}/hyperlink", "https://shop.example/returns?order=1&amp;lang=en"),
        ("rId21", f"{OFFICE}/image", "media/image1.png"),
        ("rId22", f"{OFFICE}/chart", "charts/chart1.xml"),
    )
    overrides = {f"/word/{kind}.xml": f"{TYPE}.wordprocessingml.{kind}+xml" for kind in parts}
    members = document(
        language,
        defaults={"png": "image/png"},
        overrides=overrides | {"/word/charts/chart1.xml": f"{TYPE}.drawingml.chart+xml"},
        links=links,
        more=_trimmings(),
    )
    members |= {f"word/{kind}.xml": (XML + text).encode() for kind, text in parts.items()}
    members |= {"word/media/image1.png": pictures.png(), "word/charts/chart1.xml": _chart().encode()}
    if template:
        members["word/_rels/settings.xml.rels"] = relationships(("rId1", f"{OFFICE}/attachedTemplate", template))
    return package(members)


def _story(root: str, inner: str) -> str:
    return f'<w:{root} xmlns:w="{WORD}">{inner}</w:{root}>'


def _p(text: str) -> str:
    return f'<w:p><w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'


def _field(instruction: str, result: str) -> str:
    marks = {kind: f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")}
    code = f'<w:r><w:instrText xml:space="preserve"> {escape(instruction)} </w:instrText></w:r>'
    return f"{marks['begin']}{code}{marks['separate']}<w:r><w:t>{result}</w:t></w:r>{marks['end']}"


def _trimmings() -> str:
    chart = (
        f'<w:drawing><wp:inline xmlns:wp="{IN_TEXT}"><wp:extent cx="3000000" cy="2000000"/>'
        '<wp:docPr id="2" name="Chart"/>'
        f'<a:graphic xmlns:a="{DRAWING}"><a:graphicData uri="{CHART}"><c:chart xmlns:c="{CHART}" r:id="rId22" '
        f'xmlns:r="{OFFICE}"/></a:graphicData></a:graphic></wp:inline></w:drawing>'
    )
    picture = (
        f'<w:drawing><wp:inline xmlns:wp="{IN_TEXT}"><wp:extent cx="900000" cy="900000"/><wp:docPr id="1" name="Logo"/>'
        f'<a:graphic xmlns:a="{DRAWING}"><a:graphicData uri="{PICTURE}"><pic:pic xmlns:pic="{PICTURE}"><pic:nvPicPr>'
        '<pic:cNvPr id="1" name="Logo"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
        f'<a:blip r:embed="rId21" xmlns:r="{OFFICE}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr>'
        '<a:xfrm><a:off x="0" y="0"/><a:ext cx="900000" cy="900000"/></a:xfrm><a:prstGeom prst="rect"/></pic:spPr>'
        "</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>"
    )
    row = "".join(f"<w:tc>{_p(text)}</w:tc>" for text in ("Bag", "89,00"))
    pieces = (
        f"<w:p>{_field(CONTENTS, 'Returns 1')}</w:p>",
        '<w:p><w:bookmarkStart w:id="0" w:name="returns"/><w:r><w:t>Returns</w:t></w:r><w:bookmarkEnd w:id="0"/></w:p>',
        f'<w:p><w:hyperlink r:id="rId20" xmlns:r="{OFFICE}"><w:r><w:t>our page</w:t></w:r></w:hyperlink></w:p>',
        '<w:p><w:hyperlink w:anchor="returns"><w:r><w:t>above</w:t></w:r></w:hyperlink></w:p>',
        f"<w:p>{_field(SHOP, 'the shop')}</w:p>",
        (
            f'<w:p><w:ins w:id="5" {WHO}><w:r><w:t xml:space="preserve">within fourteen days </w:t></w:r></w:ins>'
            f'<w:del w:id="6" {WHO}><w:r><w:delText>soon</w:delText></w:r></w:del></w:p>'
        ),
        (
            '<w:p><w:commentRangeStart w:id="1"/><w:r><w:t>free of charge</w:t></w:r><w:commentRangeEnd w:id="1"/>'
            '<w:r><w:commentReference w:id="1"/></w:r><w:r><w:footnoteReference w:id="1"/></w:r></w:p>'
        ),
        f"<w:p><w:r>{picture}</w:r></w:p><w:p><w:r>{chart}</w:r></w:p>",
        f"<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid><w:tr>{row}</w:tr></w:tbl>{_p('')}",
    )
    return "".join(pieces)


def _chart() -> str:
    names = "".join(f'<c:pt idx="{n}"><c:v>{escape(a.name)}</c:v></c:pt>' for n, a in enumerate(PRICE_LIST))
    values = "".join(f'<c:pt idx="{n}"><c:v>{a.price}</c:v></c:pt>' for n, a in enumerate(PRICE_LIST))
    count = f'<c:ptCount val="{len(PRICE_LIST)}"/>'
    return (
        f'{XML}<c:chartSpace xmlns:c="{CHART}" xmlns:a="{DRAWING}"><c:chart><c:plotArea><c:layout/><c:barChart>'
        '<c:barDir val="col"/><c:grouping val="clustered"/><c:ser><c:idx val="0"/><c:order val="0"/>'
        f"<c:cat><c:strLit>{count}{names}</c:strLit></c:cat><c:val><c:numLit>{count}{values}</c:numLit></c:val></c:ser>"
        '<c:axId val="1"/><c:axId val="2"/></c:barChart><c:catAx><c:axId val="1"/><c:scaling/><c:delete val="0"/>'
        '<c:axPos val="b"/><c:crossAx val="2"/></c:catAx><c:valAx><c:axId val="2"/><c:scaling/><c:delete val="0"/>'
        '<c:axPos val="l"/><c:crossAx val="1"/></c:valAx></c:plotArea></c:chart></c:chartSpace>'
    )


def xlsx(service: str = "") -> bytes:
    """Make a price list with a pivot table, conditional formats, a list to choose from, a hidden sheet and a picture.

    A `service` is an address of which a formula asks its value: then the workbook needs a copy.
    """
    links: tuple[Row, ...] = (
        ("rId7", f"{OFFICE}/worksheet", "worksheets/sheet2.xml"),
        ("rId8", f"{OFFICE}/pivotCacheDefinition", "pivotCache/pivotCacheDefinition1.xml"),
    )
    kinds = {
        "/xl/worksheets/sheet2.xml": "spreadsheetml.worksheet",
        "/xl/pivotTables/pivotTable1.xml": "spreadsheetml.pivotTable",
        "/xl/pivotCache/pivotCacheDefinition1.xml": "spreadsheetml.pivotCacheDefinition",
        "/xl/pivotCache/pivotCacheRecords1.xml": "spreadsheetml.pivotCacheRecords",
        "/xl/drawings/drawing1.xml": "drawing",
        "/xl/charts/chart1.xml": "drawingml.chart",
    }
    last = len(PRICE_LIST)
    more = (
        f'<definedNames><definedName name="Prices">Preise!$C$1:$C${last}</definedName></definedNames>'
        '<pivotCaches><pivotCache cacheId="1" r:id="rId8"/></pivotCaches>'
    )
    members = workbook(
        defaults={"png": "image/png"},
        overrides={part: f"{TYPE}.{kind}+xml" for part, kind in kinds.items()},
        links=links,
        sheets='<sheet name="Verborgen" sheetId="2" state="hidden" r:id="rId7"/>',
        more=more,
        formula=f'_xlfn.WEBSERVICE("{service}")' if service else "",
        below=_formats(last),
    )
    sheet = "worksheets/_rels/sheet1.xml.rels"
    return package(
        members
        | {
            f"xl/{sheet}": relationships(("rId1", f"{OFFICE}/drawing", "../drawings/drawing1.xml")),
            "xl/worksheets/sheet2.xml": _pivot_sheet().encode(),
            "xl/worksheets/_rels/sheet2.xml.rels": relationships(
                ("rId1", f"{OFFICE}/pivotTable", "../pivotTables/pivotTable1.xml")
            ),
            **_pivot(last),
            "xl/drawings/drawing1.xml": _on_sheet().encode(),
            "xl/drawings/_rels/drawing1.xml.rels": relationships(
                ("rId1", f"{OFFICE}/image", "../media/image1.png"), ("rId2", f"{OFFICE}/chart", "../charts/chart1.xml")
            ),
            "xl/charts/chart1.xml": _chart().encode(),
            "xl/media/image1.png": pictures.png(),
        }
    )


def _formats(last: int) -> str:
    return (
        f'<conditionalFormatting sqref="C1:C{last}"><cfRule type="cellIs" priority="1" operator="greaterThan">'
        '<formula>50</formula></cfRule><cfRule type="colorScale" priority="2"><colorScale><cfvo type="min"/>'
        '<cfvo type="max"/><color rgb="FFFFFFFF"/><color rgb="FF265C4D"/></colorScale></cfRule></conditionalFormatting>'
        f'<dataValidations count="1"><dataValidation type="list" sqref="E1:E{last}"><formula1>"ja,nee"</formula1>'
        f'</dataValidation></dataValidations><drawing r:id="rId1" xmlns:r="{OFFICE}"/>'
    )


def _pivot_sheet() -> str:
    cells = '<c r="A3" t="inlineStr"><is><t>Summe</t></is></c><c r="B3"><v>7</v></c>'
    return f'{XML}<worksheet xmlns="{SHEET}"><sheetData><row r="3">{cells}</row></sheetData></worksheet>'


def _pivot(last: int) -> dict[str, bytes]:
    fields = '<cacheField name="Name"><sharedItems/></cacheField><cacheField name="Menge"><sharedItems/></cacheField>'
    cache = (
        f'{XML}<pivotCacheDefinition xmlns="{SHEET}" xmlns:r="{OFFICE}" r:id="rId1" refreshedBy="Service" '
        f'recordCount="{last}"><cacheSource type="worksheet"><worksheetSource ref="A1:B{last}" sheet="Preise"/>'
        f'</cacheSource><cacheFields count="2">{fields}</cacheFields></pivotCacheDefinition>'
    )
    rows = "".join(f'<r><s v="{escape(a.name)}"/><n v="{a.quantity}"/></r>' for a in PRICE_LIST)
    records = f'{XML}<pivotCacheRecords xmlns="{SHEET}" count="{last}">{rows}</pivotCacheRecords>'
    table = (
        f'{XML}<pivotTableDefinition xmlns="{SHEET}" name="Summen" cacheId="1" dataCaption="Werte">'
        '<location ref="A3:B4" firstHeaderRow="1" firstDataRow="1" firstDataCol="1"/><pivotFields count="2">'
        '<pivotField axis="axisRow" showAll="0"/><pivotField dataField="1" showAll="0"/></pivotFields>'
        '<dataFields count="1"><dataField name="Summe" fld="1"/></dataFields></pivotTableDefinition>'
    )
    definition = "pivotCacheDefinition1.xml"
    return {
        "xl/pivotTables/pivotTable1.xml": table.encode(),
        "xl/pivotTables/_rels/pivotTable1.xml.rels": relationships(
            ("rId1", f"{OFFICE}/pivotCacheDefinition", f"../pivotCache/{definition}")
        ),
        f"xl/pivotCache/{definition}": cache.encode(),
        f"xl/pivotCache/_rels/{definition}.rels": relationships(
            ("rId1", f"{OFFICE}/pivotCacheRecords", "pivotCacheRecords1.xml")
        ),
        "xl/pivotCache/pivotCacheRecords1.xml": records.encode(),
    }


def _on_sheet() -> str:
    here = (
        "<xdr:from><xdr:col>5</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>1</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from>"
        "<xdr:to><xdr:col>8</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>9</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:to>"
    )
    picture = (
        '<xdr:pic><xdr:nvPicPr><xdr:cNvPr id="1" name="Logo"/><xdr:cNvPicPr/></xdr:nvPicPr><xdr:blipFill>'
        '<a:blip r:embed="rId1"/><a:stretch><a:fillRect/></a:stretch></xdr:blipFill><xdr:spPr>'
        '<a:prstGeom prst="rect"/></xdr:spPr></xdr:pic>'
    )
    chart = (
        '<xdr:graphicFrame macro=""><xdr:nvGraphicFramePr><xdr:cNvPr id="2" name="Chart"/><xdr:cNvGraphicFramePr/>'
        '</xdr:nvGraphicFramePr><xdr:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/></xdr:xfrm><a:graphic>'
        f'<a:graphicData uri="{CHART}"><c:chart xmlns:c="{CHART}" r:id="rId2"/></a:graphicData></a:graphic>'
        "</xdr:graphicFrame>"
    )
    anchors = "".join(
        f"<xdr:twoCellAnchor>{here}{shown}<xdr:clientData/></xdr:twoCellAnchor>" for shown in (picture, chart)
    )
    return f'{XML}<xdr:wsDr xmlns:xdr="{ON_SHEET}" xmlns:a="{DRAWING}" xmlns:r="{OFFICE}">{anchors}</xdr:wsDr>'
