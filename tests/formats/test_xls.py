"""Excel 97-2003 workbooks: told by their root streams, and everything in their records that acts."""

import struct

import pytest

from attachguard.formats import xls as format_
from attachguard.formats.contract import Order
from attachguard.formats.office.compound import write_compound
from attachguard.formats.xls import RECORDS
from tests.formats.office_made import LIMITS, claimed, inspected, seen, sniffed
from tests.formats.ole_made import (
    beginning,
    defined_name,
    doc,
    ole,
    packaged,
    record,
    sheet_entry,
    supporting_link,
    workbook,
    xls,
)


def test_an_ordinary_workbook_is_claimed_and_says_nothing() -> None:
    assert claimed(format_, xls()) == "xls"
    assert sniffed(format_, xls()) == set()
    assert inspected(format_, xls(sheet_entry(), defined_name("Total"), defined_name(built_in=6))).findings == ()


def test_a_book_of_excel_5_is_claimed_and_a_document_is_not() -> None:
    book = record(0x0809, struct.pack("<HHHH", 0x0500, 5, 0, 0)) + record(0x000A)
    assert claimed(format_, ole({"Book": book})) == "xls"
    assert inspected(format_, ole({"Book": book})).findings == ()
    assert claimed(format_, doc()) is None


@pytest.mark.parametrize("number", [0x0060, 0x0087])
def test_a_template_and_an_add_in_are_not_claimed(number: int) -> None:
    assert claimed(format_, xls(record(number), sheet_entry())) is None
    large = ole({"Workbook": workbook(record(number), record(0x00FC, bytes(8000)))})
    assert claimed(format_, large) is None


@pytest.mark.parametrize("shown", [0, 1, 2])
def test_a_macro_sheet_is_told_however_it_is_hidden(shown: int) -> None:
    assert seen(format_, xls(sheet_entry("Macro1", kind=1, shown=shown))) == {"ole.xlm"}


def test_a_macro_substream_is_told_though_the_list_of_sheets_leaves_it_out() -> None:
    stream = workbook() + beginning(0x0040) + record(0x000A)
    assert seen(format_, ole({"Workbook": stream})) == {"ole.xlm"}


def test_a_name_that_runs_by_itself_is_told() -> None:
    for number in (1, 2, 10, 11):
        assert seen(format_, xls(defined_name(built_in=number))) == {"ole.xlm"}
    assert seen(format_, xls(defined_name("AUTO_OPEN_now"))) == {"ole.xlm"}


def test_a_macro_project_is_told() -> None:
    assert seen(format_, xls(sheet_entry(), more={"_VBA_PROJECT_CUR": {"VBA": {"dir": b"x"}}})) == {"ole.macros"}


def test_a_dde_link_is_told() -> None:
    assert seen(format_, xls(supporting_link("cmd\x03/c calc"))) == {"ole.dde"}


def test_a_link_to_another_workbook_is_told() -> None:
    assert seen(format_, xls(supporting_link("\x01C\x03other.xls"))) == {"ole.external"}
    assert seen(format_, xls(supporting_link("other.xls"))) == {"ole.external"}


def test_links_to_the_workbook_itself_say_nothing() -> None:
    own = record(0x01AE, struct.pack("<HH", 1, 0x0401))
    add_in = record(0x01AE, struct.pack("<HH", 1, 0x3A01))
    assert seen(format_, xls(own, add_in, supporting_link(" "))) == set()


def test_links_of_excel_5_are_told_in_their_own_record() -> None:
    def book(path: bytes) -> bytes:
        start = record(0x0809, struct.pack("<HHHH", 0x0500, 5, 0, 0))
        return ole({"Book": start + record(0x0017, bytes([len(path)]) + path) + record(0x000A)})

    assert seen(format_, book(b"cmd\x03/c calc")) == {"ole.dde"}
    assert seen(format_, book(b"\x01other.xls")) == {"ole.external"}
    assert seen(format_, book(b"\x03Sheet1")) == set()


def test_a_data_connection_is_told() -> None:
    assert seen(format_, xls(record(0x00DC, bytes(12)))) == {"ole.external"}


def test_objects_links_and_controls_are_told_by_their_storages() -> None:
    assert seen(format_, xls(sheet_entry(), more={"MBD0001": {"CONTENTS": b"x"}})) == {"ole.embedded"}
    assert seen(format_, xls(sheet_entry(), more={"LNK0001": {"\x01Ole": b"x"}})) == {"ole.external"}
    assert seen(format_, xls(sheet_entry(), more={"Ctls": b"x"})) == {"ole.embedded"}


def test_a_packaged_file_is_handed_out() -> None:
    found = inspected(format_, xls(sheet_entry(), more={"MBD0001": {"\x01Ole10Native": packaged("a.exe", b"MZ..")}}))
    assert [(part.untrusted_name, part.data) for part in found.parts] == [("a.exe", b"MZ..")]


def test_an_encrypted_workbook_is_told_and_read_no_further() -> None:
    assert seen(format_, xls(record(0x002F, bytes(6)), sheet_entry(kind=1))) == {"file.encrypted"}


def test_a_stream_that_is_no_workbook_is_malformed() -> None:
    assert seen(format_, ole({"Workbook": b""})) == {"file.malformed"}
    assert seen(format_, ole({"Workbook": record(0x0085, bytes(8))})) == {"file.malformed"}


def test_records_that_are_cut_short_never_raise() -> None:
    stream = workbook(
        sheet_entry(kind=1), defined_name("a"), supporting_link("cmd\x03x"), record(0x0018), record(0x01AE)
    )
    for size in range(len(stream)):
        inspected(format_, ole({"Workbook": stream[:size]}))


# -- formulas in cells -----------------------------------------------------------------------------------------------


def formula_cell(tokens: bytes, number: int = 0x0006) -> bytes:
    """A Formula record ([MS-XLS] section 2.4.127) with these tokens."""
    return record(number, bytes(20) + struct.pack("<H", len(tokens)) + tokens)


ONE, TEXT, REFERENCE = b"\x1e\x01\x00", b"\x17\x03\x00abc", b"\x44\x00\x00\x00\xc0"
CHOOSE = b"\x19\x04\x01\x00\x00\x00\x00\x00"


def called(function: int, arguments: int = 1) -> bytes:
    """A PtgFuncVar token (section 2.5.198.63)."""
    return b"\x42" + bytes([arguments]) + struct.pack("<H", function)


@pytest.mark.parametrize(
    ("function", "name"), [(0x96, "CALL"), (0x95, "REGISTER"), (0x10B, "REGISTER.ID"), (0x17B, "RTD"), (0x6E, "EXEC")]
)
def test_a_formula_that_calls_a_library_or_a_server_is_found_behind_any_token(function: int, name: str) -> None:
    for before in (b"", ONE, TEXT, REFERENCE, CHOOSE, b"\x1f" + bytes(8), b"\x17\x02\x01a\0b\0"):
        found = inspected(format_, xls(sheet_entry(), formula_cell(before + called(function)))).findings
        assert [(finding.code, finding.detail) for finding in found] == [("ole.formula", f"a formula calls {name}")]


def test_formulas_that_calculate_or_link_to_the_web_are_none() -> None:
    hyperlink = b"\x17\x14\x00https://a.example/b/" + called(0x0167)
    for tokens in (ONE + REFERENCE + b"\x03", hyperlink, REFERENCE + called(0x0004), b"", b"\x41\x0f\x00"):
        assert seen(format_, xls(sheet_entry(), formula_cell(tokens))) == set()


def test_a_command_of_macro_sheets_in_a_cell_is_found() -> None:
    assert seen(format_, xls(sheet_entry(), formula_cell(called(0x8011)))) == {"ole.formula"}


def test_a_formula_that_can_not_be_read_to_its_end_is_told() -> None:
    for tokens in (b"\x7e", b"\x42\x01", b"\x17\x09\x00a", b"\x19\x04\xff\xff"):
        assert seen(format_, xls(sheet_entry(), formula_cell(tokens))) == {"file.malformed"}


def test_functions_that_are_called_by_name_are_found() -> None:
    assert seen(format_, xls(sheet_entry(), defined_name("_xlfn.WEBSERVICE"))) == {"ole.formula"}
    assert seen(format_, xls(sheet_entry(), defined_name("_xlfn.XLOOKUP"))) == set()
    add_in = record(0x0023, struct.pack("<HLBB", 0, 0, 10, 0) + b"WEBSERVICE")
    assert seen(format_, xls(sheet_entry(), add_in)) == {"ole.formula"}


def test_a_workbook_with_such_a_formula_leaves_no_copy() -> None:
    original = xls(sheet_entry(), formula_cell(called(0x96)))
    made = format_.normalize(Order(original=original, method="rebuild", printed=None, parts=(), limits=LIMITS))
    assert made.data is None


def test_more_records_than_are_read_are_told() -> None:
    stream = workbook(sheet_entry(), record(0x0002) * RECORDS)
    data = write_compound({("Workbook",): stream}, "00020820-0000-0000-C000-000000000046")
    assert seen(format_, data) == {"file.malformed"}
