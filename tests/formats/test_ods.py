"""OpenDocument spreadsheets: what they have beyond texts."""

import pytest

from attachguard.formats import ods as format_
from attachguard.formats import odt as odt_format
from tests.formats.office_made import claimed, inspected, ods, odt, seen


def cell(formula: str) -> str:
    return f'<table:table-cell table:formula="of:={formula}"/>'


def test_an_ordinary_spreadsheet_is_claimed_and_says_nothing() -> None:
    assert claimed(format_, ods()) == "ods"
    assert inspected(format_, ods(cell("SUM([.A1:.A9])"))).findings == ()


def test_a_text_is_no_spreadsheet_nor_the_other_way_round() -> None:
    assert claimed(format_, odt()) is None
    assert claimed(odt_format, ods()) is None


@pytest.mark.parametrize("formula", ["DDE(&quot;cmd&quot;;&quot;/c calc&quot;;&quot;x&quot;)", "cmd|'/c calc'!A0"])
def test_a_dde_formula_is_told(formula: str) -> None:
    assert seen(format_, ods(cell(formula))) == {"odf.dde"}


@pytest.mark.parametrize("formula", ["WEBSERVICE(&quot;http://x&quot;)", "'file:///c:/x.ods'#$Sheet1.A1"])
def test_a_formula_that_loads_is_told(formula: str) -> None:
    assert seen(format_, ods(cell(formula))) == {"odf.external"}


def test_a_linked_table_is_told() -> None:
    assert seen(format_, ods('<table:table-source xlink:href="http://example.org/x.ods"/>')) == {"odf.external"}
    assert seen(format_, ods("<table:dde-link/>")) == {"odf.dde"}
