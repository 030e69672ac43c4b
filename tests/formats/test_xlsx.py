"""Excel workbooks: told by the main part's content type, and everything in them that acts."""

import pytest

from attachguard.formats import docx as docx_format
from attachguard.formats import xlsx as format_
from tests.formats.office_made import (
    RELATIONSHIPS,
    S,
    claimed,
    docx,
    inspected,
    packed,
    relationships,
    seen,
    sniffed,
    xlsx,
    xlsx_members,
)

RELS = "xl/_rels/workbook.xml.rels"


def cell(formula: str) -> str:
    return f"<sheetData><row><c><f>{formula}</f><v>0</v></c></row></sheetData>"


def test_an_ordinary_workbook_is_claimed_and_says_nothing() -> None:
    assert claimed(format_, xlsx()) == "xlsx"
    assert sniffed(format_, xlsx()) == set()
    assert inspected(format_, xlsx(cell("SUM(A1:A9)"))).findings == ()


def test_a_word_document_is_not_a_workbook_nor_the_other_way_round() -> None:
    assert claimed(format_, docx()) is None
    assert claimed(docx_format, xlsx()) is None


@pytest.mark.parametrize(
    "main",
    [
        "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        "application/vnd.ms-excel.sheet.binary.macroEnabled.main",
        "application/vnd.ms-excel.addin.macroEnabled.main+xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml",
    ],
)
def test_a_relative_is_claimed_without_a_kind(main: str) -> None:
    assert claimed(format_, packed(xlsx_members(main=main))) == ""


def test_a_default_for_an_extension_that_no_part_has_decides_nothing() -> None:
    members = xlsx_members()
    members["[Content_Types].xml"] = str(members["[Content_Types].xml"]).replace(
        "<Override",
        '<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/><Override',
        1,
    )
    assert claimed(format_, packed(members)) == "xlsx"


@pytest.mark.parametrize("kind", ["xlMacrosheet", "xlIntlMacrosheet"])
def test_an_excel_4_sheet_is_told(kind: str) -> None:
    base = "http://schemas.microsoft.com/office/2006/relationships/"
    more = {RELS: relationships((kind, "macrosheets/sheet1.xml"), base=base)}
    assert seen(format_, xlsx(more=more)) == {"ooxml.xlm"}


@pytest.mark.parametrize("name", ["Auto_Open", "_xlnm.Auto_Open", "auto_close2", "AUTO_ACTIVATE"])
def test_a_name_that_runs_by_itself_is_told(name: str) -> None:
    names = f'<definedNames><definedName name="{name}">Sheet1!$A$1</definedName></definedNames>'
    assert seen(format_, xlsx(workbook=names)) == {"ooxml.xlm"}


def test_other_defined_names_say_nothing() -> None:
    names = '<definedNames><definedName name="_xlnm.Print_Area">Sheet1!$A$1</definedName></definedNames>'
    assert seen(format_, xlsx(workbook=names)) == set()


@pytest.mark.parametrize(
    "formula",
    [
        'WEBSERVICE("http://x")',
        '_xlfn.WEBSERVICE("http://x")',
        'rtd("a","","b")',
        '1+CALL ("a","b")',
        '_xlfn.IMAGE("http://x")',
    ],
)
def test_a_formula_that_calls_out_is_told(formula: str) -> None:
    assert seen(format_, xlsx(cell(formula.replace('"', "&quot;")))) == {"ooxml.formula"}


def test_a_dde_formula_is_told_in_cells_names_and_rules() -> None:
    formula = "cmd|'/c calc'!A0"
    assert seen(format_, xlsx(cell(formula))) == {"ooxml.dde"}
    names = f'<definedNames><definedName name="a">{formula}</definedName></definedNames>'
    assert seen(format_, xlsx(workbook=names)) == {"ooxml.dde"}
    assert seen(format_, xlsx(f"<dataValidations><formula1>{formula}</formula1></dataValidations>")) == {"ooxml.dde"}


@pytest.mark.parametrize(
    "formula",
    ['"WEBSERVICE(x)"', '"cmd|x!A0"', "RECALL(1)", 'HYPERLINK("http://x")', "A1&amp;B1", "myimage+1", '"|"&amp;A1'],
)
def test_other_formulas_say_nothing(formula: str) -> None:
    assert seen(format_, xlsx(cell(formula.replace('"', "&quot;")))) == set()


def test_a_dde_link_part_is_told() -> None:
    link = f'<externalLink {S}><ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>'
    more = {"xl/externalLinks/externalLink1.xml": link}
    assert seen(format_, xlsx(more=more)) == {"ooxml.dde"}


def test_another_workbook_and_a_data_connection_are_told() -> None:
    more = {RELS: relationships(("externalLink", "externalLinks/externalLink1.xml"))}
    assert seen(format_, xlsx(more=more)) == {"ooxml.external"}
    more = {RELS: relationships(("connections", "connections.xml"))}
    assert seen(format_, xlsx(more=more)) == {"ooxml.connection"}


def test_ordinary_relationships_say_nothing() -> None:
    kinds = (
        "worksheet",
        "sharedStrings",
        "calcChain",
        "pivotCacheDefinition",
        "table",
        "printerSettings",
        "sheetMetadata",
    )
    assert (
        seen(format_, xlsx(more={RELS: relationships(*((kind, "x") for kind in kinds), base=RELATIONSHIPS)})) == set()
    )


def test_a_formula_of_endless_operators_is_read_in_one_go() -> None:
    assert seen(format_, xlsx(cell("1" + "+1" * 200_000))) == set()
    assert seen(format_, xlsx(cell("|" * 200_000))) == set()
