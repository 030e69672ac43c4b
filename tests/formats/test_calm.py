"""Cells that are passed over at a glance are ones in which nothing can act; every byte stays at its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from attachguard.formats.office.calm import FUNCTIONS, blanked
from attachguard.formats.office.functions import CALCULATING

CALM = [
    b'<c r="A1"><v>7</v></c>',
    b'<c r="XFD1048576" s="12" t="s"><v>7</v></c>',
    b'<c r="A1" t="inlineStr"><is><t xml:space="preserve"> words </t></is></c>',
    b'<c r="A1"/>',
    b'<c r="A1"><f>SUM(B1:B9)*2</f><v>7</v></c>',
    b'<c r="A1"><f>IF(B1=0,ROUND(C1/2,2),$D$1)</f><v>7</v></c>',
    b"<si><t>word</t></si>",
    "<si><t>wörd €</t></si>".encode(),
]
NOT_CALM = [
    b'<c r="A1"><f>RTD(1)</f><v>7</v></c>',
    b'<c r="A1"><f>SUM(1)+EXEC(1)</f><v>7</v></c>',
    b'<c r="A1"><f>A1|B1!C1</f><v>7</v></c>',
    b'<c r="A1"><f>"a"</f><v>7</v></c>',
    b"<c r=\"A1\"><f>'a'!B1</f><v>7</v></c>",
    b'<c r="A1"><f>[1]a</f><v>7</v></c>',
    b'<c r="A1"><f>SUM (1)A.B(1)</f><v>7</v></c>',
    b'<c r="A1"><f t="shared" si="1">A1</f><v>7</v></c>',
    b'<c r="A1"><f>&#82;TD(1)</f><v>7</v></c>',
    b'<c r="A1" r="A2"><v>7</v></c>',
    b'<c r="A1"><v>7]]></v></c>',
    b"<c><v>--></v></c>",
    b"<c><v>?></v></c>",
    b'<c r="A1"><v>\x00</v></c>',
    b'<c r="A1"><v><a/></v></c>',
    b'<c r="A1" x:y="z"><v>7</v></c>',
    b"<si><r><t>word</t></r></si>",
    b'<w:c r="A1"><v>7</v></w:c>',
]


@pytest.mark.parametrize("cell", CALM)
def test_a_calm_cell_is_blanked_in_its_own_length(cell: bytes) -> None:
    assert blanked(b"<row>" + cell * 3 + b"</row>") == b"<row>" + b" " * (3 * len(cell)) + b"</row>"


@pytest.mark.parametrize("cell", NOT_CALM)
def test_any_other_cell_is_read(cell: bytes) -> None:
    assert blanked(b"<row>" + cell + b"</row>") == b"<row>" + cell + b"</row>"


def test_bytes_that_are_no_text_are_all_read() -> None:
    sheet = b'<row><c r="A1"><v>\xff</v></c><c r="A2"><v>7</v></c></row>'
    assert blanked(sheet) == sheet


def test_the_functions_of_calm_cells_calculate() -> None:
    assert set(FUNCTIONS.split("|")) <= CALCULATING


@pytest.mark.parametrize(("opener", "closer"), [(b"<!--", b"-->"), (b"<?x ", b"?>"), (b"<![CDATA[", b"]]>")])
def test_the_end_of_what_is_no_markup_is_never_blanked(opener: bytes, closer: bytes) -> None:
    inner = b"<c><v>" + closer + b"</v></c><f>RTD(1)</f>"
    sheet = b"<row><c><v>" + opener + inner + b'<c ph="1"><v>' + closer.replace(b"]]", b"") + b"</v></c></row>"
    assert [element.tag for element in etree.fromstring(sheet)] == ["c", "f", "c"]
    assert blanked(sheet) == sheet


@given(st.lists(st.sampled_from([*CALM, *NOT_CALM, b"<row>", b"</row>", b"<!--", b"-->", b"<"]), max_size=12))
def test_nothing_but_calm_cells_is_ever_blanked(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    seen = blanked(data)
    assert len(seen) == len(data)
    assert all(seen[at] in (byte, 0x20) for at, byte in enumerate(data))
    assert seen.count(b"RTD") == data.count(b"RTD")
    assert seen.count(b"EXEC") == data.count(b"EXEC")
    assert seen.count(b"|") == data.count(b"|")
