"""A table is inspected for cells that a spreadsheet program would run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attachguard.formats import csv
from attachguard.formats.cells import is_formula
from attachguard.formats.tables import separator
from tests.formats.finding_codes import codes, copied, doubts, findings, rebuilt


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "=cmd|'/C calc'!A0",
        '=HYPERLINK("http://example.org";"x")',
        "+1+cmd|'/C calc'!A0",
        "-2+3+cmd|'/C calc'!A0",
        "-cmd|x!A0",
        "@SUM(1+1)",
        "@jan",
        "+A1",
        "-A1",
        " =1+1",
        "\t=1+1",
        "\r\n=1+1",
        '"=1+1',
        "\u00a0=1",
        "\u2003=1+A1",
        "\u200b=1+A1",
        "\u200e@SUM(1)",
        "\xad-A1",
        "\ufe66SUM(1)",
        '="1"+A1',
        '="a"&cmd|x!A0',
        '="a(b)"',
        "\uff1dSUM(1)",
        "\uff0b1+A1",
        "-1+1",
        "- SUM(1)",
        "- a|b",
        "- 'a'!b",
        "+31 6 WEBSERVICE(1)",
        "-" + "1" * 100 + "a",
        "-1 EUR+1",
    ],
)
def test_these_cells_are_formulas(cell: str) -> None:
    assert is_formula(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "text",
        "a=b",
        "12",
        "-12,50",
        "-1.234,56",
        "-1,234.56",
        "-1 234,56",
        "-1'234.56",
        "-.5",
        "+5",
        "-5%",
        "-5 \u2030",
        "-\u20ac 12,50",
        "- \u20ac 12,50",
        "\u20ac -12,50",
        "-12,50 \u20ac",
        "-12.50 EUR",
        "-EUR 12.50",
        "+$5.00",
        "-1.5E-10",
        "+31612345678",
        "+31 6 12345678",
        "+31 (0)6-12 34 56 78",
        "+1 (555) 123-4567",
        "+49 89/123 456",
        "-12:30",
        "+02:00",
        "-31-12-2024",
        "-",
        "--",
        "-----",
        "=====",
        "+",
        "- ",
        "\u22125",
        "- opmerking, zie boven",
        "- 2e keus",
        "a@example.org",
        "-12,50-",
        "-5 \u00b0C",
        '="0012"',
        '="2024-01-31"',
    ],
)
def test_these_cells_only_look_like_formulas(cell: str) -> None:
    assert not is_formula(cell)


def test_an_ordinary_table_has_no_finding() -> None:
    assert findings(csv, 'naam;bedrag;telefoon\r\nJansen;-12,50;+31 6 12345678\r\n-5;"a;b";- opmerking\r\n') == []


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,=1+1\n",
        "a;b\n1;=1+1\n",
        "a\tb\n1\t=1+1\n",
        "a|b\n1|=1+1\n",
        '"a","=1+1"\n',
        "sep=!\na!=1+1\n",
        "a,b;=1+1,c\n",
        'a,"b\n=1+1,c\n',
        "a,b\r=1+1,c\r",
        "=1+1",
        "a\n\u000b=1+1\n",
        "\ufeff\ufeff=1+1",
    ],
)
def test_a_formula_is_found_under_every_delimiter_and_quoting(text: str) -> None:
    assert "csv.formula" in codes(csv, text)


def test_the_cell_is_told() -> None:
    assert findings(csv, "a;b\n1;=1+1\n") == [("csv.formula", "row 2, column 2", "=1+1")]


def test_a_table_full_of_formulas_is_told_in_a_few_findings() -> None:
    assert len(findings(csv, "=1+1\n" * 1000)) == 5


def test_hidden_characters_are_found_too() -> None:
    assert codes(csv, "a,\x1b[31mb\x08\n") == ["text.control", "text.escape"]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a;b\n1,5;2,5\n", ";"),
        ("a,b\n1,2\n", ","),
        ("1,5;2,5\n", ";"),
        ("1,5|x\n", "|"),
        ("a\tb\n", "\t"),
        ("one\ntwo\n", ","),
        ("sep=|\na;b|c\n", "|"),
        ("\ufeffsep=;\r\na,b;c", ";"),
        ('"a;b","c;d"\n', ","),
        ("", ","),
    ],
)
def test_the_separator_is_recognised(text: str, delimiter: str) -> None:
    assert separator(text) == delimiter


def test_a_cell_of_any_size_is_read() -> None:
    assert codes(csv, 'a,"' + "x" * 300_000 + '"\n') == []


def test_binary_is_malformed() -> None:
    assert codes(csv, b"a\0b") == ["file.malformed"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a;b\r\n1;=1+1\r\n", "a;b\r\n1;'=1+1\r\n"),
        ('a,"=HYPERLINK(""http://example.org"",""x"")"\n', 'a,"\'=HYPERLINK(""http://example.org"",""x"")"\n'),
        ("a, =1+1\n", "a, '=1+1\n"),
        ("a,b;=1+1,c\n", "a,b;'=1+1,c\n"),
        ("sep=!\na!@SUM(1)\n", "sep=!\na!'@SUM(1)\n"),
        ('a,"b\n=1+1', "a,\"b\n'=1+1"),
        ("a,b\x07\n\x1b[1m-A1,2\n", "a,b\n'-A1,2\n"),
        ("a\r=1\r", "a\r'=1\r"),
    ],
)
def test_a_copy_shows_formulas_as_text(text: str, kept: str) -> None:
    assert copied(csv, text) == kept


@pytest.mark.parametrize(
    "data",
    [
        b"naam;bedrag\r\nJansen;-12,50\r\n",
        b'"a","b ""c"""\r"d"\n',
        "sep=;\r\na;b\r\n".encode("utf-16"),
        "\ufeffStra\xdfe;1\n".encode(),
        "Stra\xdfe;1\n".encode("cp1252"),
        b"one column\ntext\n",
        b"\r\n\r\n,,\r\n",
        b"- opmerking;+31 6 12345678\n",
    ],
)
def test_a_table_of_harmless_cells_is_byte_for_byte_the_same(data: bytes) -> None:
    assert rebuilt(csv, data) == data


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_a_copy_stays_in_its_encoding(encoding: str) -> None:
    copy = rebuilt(csv, "Stra\xdfe;=1+1\n".encode(encoding))
    assert copy is not None
    assert copy.decode(encoding) == "Stra\xdfe;'=1+1\n"


@pytest.mark.parametrize("data", [b"a\0b", b"\x07\x07", b"=1,\n" * 200_001])
def test_where_there_is_no_table_there_is_no_copy(data: bytes) -> None:
    assert rebuilt(csv, data) is None


@pytest.mark.parametrize(
    ("original", "copy", "code"),
    [
        ("a,b\n", "a,c\n", "copy.unfaithful"),
        ("a,b\n", "a,b\nc\n", "copy.unfaithful"),
        ("a,b\n1,2\n", "a,b\n1;2\n", "copy.unfaithful"),
        ("a,=1\n", "a,=1\n", "copy.unsafe"),
        ("a\x07\n", "a\x07\n", "copy.unsafe"),
        ("a", b"\0", "copy.unfaithful"),
    ],
)
def test_a_wrong_copy_is_noticed(original: str, copy: str | bytes, code: str) -> None:
    assert code in doubts(csv, original, copy)


PIECES = [
    "a",
    '"',
    '""',
    ",",
    ";",
    "\t",
    "|",
    "\n",
    "\r\n",
    "=1+1",
    "-5",
    "+A1",
    "@x",
    " ",
    "sep=!\n",
    "!",
    "'",
    "- b c",
]


@given(st.lists(st.sampled_from([*PIECES, "\x1b[0m", "\x07", "\xe9", "\ufeff"]), max_size=20))
def test_copies_of_any_mixture_hold(pieces: list[str]) -> None:
    text = "".join(pieces)
    if rebuilt(csv, text) is not None:
        copied(csv, text)


@given(st.lists(st.lists(st.sampled_from(["text", "-12,50", "1.5", "+31 6 1234", "", "2024-01-01"]), max_size=5)))
def test_copies_of_harmless_cells_are_the_same(rows: list[list[str]]) -> None:
    data = "".join(";".join(row) + "\r\n" for row in rows).encode()
    if data:
        assert rebuilt(csv, data) == data


@pytest.mark.parametrize("blank", ["\u2003", "\u200b", "\u200e", "\xad", "\u2028", "\u3000", "\x0b\t "])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_formula_behind_what_nobody_sees_is_found_under_every_delimiter(blank: str, delimiter: str) -> None:
    table = f"a,b\nc{delimiter}{blank}=1+A1,d\n"
    assert "csv.formula" in codes(csv, table)
    assert "'=1+A1" in copied(csv, table)
