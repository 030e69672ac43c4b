"""RTF is inspected for objects, templates, fields that act, and what stands behind its end."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attachguard.formats import rtf
from attachguard.model import Limits
from tests.formats.finding_codes import codes, copied, doubts, findings, rebuilt

LETTER = (
    r"{\rtf1\ansi\deff0{\fonttbl{\f0 Arial;}}{\*\generator Word;}\f0 Hello \'e9\u8364?\par"
    r'{\field{\*\fldinst HYPERLINK "https://example.org/"}{\fldrslt example}}'
    r"{\field{\*\fldinst PAGE}{\fldrslt 1}}{\pict\pngblip 89504e47}{\*\objattph }\par}"
)


def document(body: str) -> bytes:
    return rf"{{\rtf1\ansi {body}}}".encode("latin-1")


def ole1(class_name: bytes, native: bytes, form: int = 2) -> str:
    name = class_name + b"\0"
    header = struct.pack("<II", 0x501, form) + struct.pack("<I", len(name)) + name + struct.pack("<II", 0, 0)
    return (header + struct.pack("<I", len(native)) + native).hex()


def test_a_letter_has_no_finding() -> None:
    assert findings(rtf, LETTER) == []


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("rtf.object", r"{\object\objemb{\*\objdata 0105}}"),
        ("rtf.object", r"{\*\objdata 0105}"),
        ("rtf.object", r"{\object\objocx}"),
        ("rtf.object", r"{\OBJECT\objupdate}"),
        ("rtf.object", r"{\*\objunheardof}"),
        ("rtf.template", r"{\*\template http://example.org/a.dotm}"),
        ("rtf.template", r"{\*\template \u104?ttp://example.org/a}"),
        ("rtf.field", r'{\field{\*\fldinst DDEAUTO c:\\windows\\cmd "x"}}'),
        ("rtf.field", r"{\field{\*\fldinst {\b D}{\i DE} cmd}}"),
        ("rtf.field", r"{\field{\*\fldinst \'44\'44\'45 cmd}}"),
        ("rtf.field", r"{\field{\*\fldinst \u68?\u68?\u69? cmd}}"),
        ("rtf.field", r'{\field{\*\fldinst INCLUDEPICTURE "http://example.org/a.png"}}'),
        ("rtf.field", r"{\field{\*\fldinst {\field{\*\fldinst QUOTE 68 68 69}{\fldrslt DDE}} cmd}}"),
        ("rtf.field", r'{\field{\*\fldinst HYPERLINK "file://host/share"}}'),
        ("rtf.field", r'{\field{\*\fldinst HYPERLINK \\o "a tip" "search-ms:x"}}'),
        ("rtf.field", r"{\field{\*\fldinst HYPERLINK \\n javascript:x}}"),
        ("rtf.field", r'{\field{\*\fldinst HYPERLINK "\\\\\\\\host\\\\share"}}'),
        ("rtf.field", r"{\*\ffentrymcr AutoOpen}"),
        ("rtf.external", r"{\shp{\sp{\sn pibName}{\sv http://example.org/a.png}}}"),
        ("rtf.external", r"{\shp{\sp{\sn pibName}{\sv {\b http}://example.org/a.png}}}"),
        ("rtf.external", r"{\*\mailmerge{\mmconnectstr Provider=x}}"),
        ("rtf.external", r"{\*\nextfile http://example.org/b.rtf}"),
        ("rtf.external", r"{\filetbl{\file\fid1 http://example.org/c.rtf}}"),
        ("rtf.nesting", "{" * 300 + "}" * 300),
    ],
)
def test_what_acts_is_found(code: str, body: str) -> None:
    assert code in codes(rtf, document(body))


def test_a_hyperlink_inside_the_document_is_no_finding() -> None:
    assert codes(rtf, document(r'{\field{\*\fldinst HYPERLINK \\l "chapter"}{\fldrslt x}}')) == []


def test_a_picture_that_a_shape_holds_itself_is_no_finding() -> None:
    assert codes(rtf, document(r"{\shp{\sp{\sn pibName}{\sv logo}}{\sp{\sn fillColor}{\sv 1}}}")) == []


def test_words_about_objects_are_no_objects() -> None:
    assert codes(rtf, document(r"The control word \\objdata in \{braces\}")) == []


def test_binary_data_is_stepped_over() -> None:
    assert codes(rtf, document("{\\pict\\bin4 }{}{ text}")) == []


def test_binary_data_that_another_reader_would_read_is_malformed() -> None:
    assert "file.malformed" in codes(rtf, document(r"\bin40 {\object\objemb{\*\objdata 0105}}      x"))


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("type.trailing_data", LETTER.encode("latin-1") + b"PK\3\4"),
        ("type.truncated", LETTER.encode("latin-1")[:-1]),
        ("type.truncated", b"{\\rtf1 \\"),
    ],
)
def test_the_end_is_looked_at(code: str, data: bytes) -> None:
    assert codes(rtf, data) == [code]


def test_blanks_behind_the_end_are_no_finding() -> None:
    assert codes(rtf, LETTER.encode("latin-1") + b"\r\n\0\0") == []


@pytest.mark.parametrize(
    ("class_name", "native", "name", "data"),
    [
        (b"Word.Document.8", b"\xd0\xcf", "object.doc", b"\xd0\xcf"),
        (b"Unheard.Of", b"x", "object.bin", b"x"),
        (
            b"Package",
            b"\2\0a.exe\0C:\\a.exe\0\0\0\3\0" + struct.pack("<I", 2) + b"t\0" + struct.pack("<I", 3) + b"MZx",
            "a.exe",
            b"MZx",
        ),
        (b"Package", b"\2\0broken", "object.bin", b"\2\0broken"),
    ],
)
def test_objects_are_handed_out(class_name: bytes, native: bytes, name: str, data: bytes) -> None:
    inspection = rtf.inspect(document(rf"{{\object{{\*\objdata {ole1(class_name, native)}}}}}"), Limits())
    assert [(part.where, part.untrusted_name, part.data) for part in inspection.parts] == [("object 1", name, data)]


def test_an_object_without_a_header_is_handed_out_as_it_is() -> None:
    inspection = rtf.inspect(document(r"{\object{\*\objdata 4d 5a\b  9}}"), Limits())
    assert [part.data for part in inspection.parts] == [b"MZ"]


def test_objects_are_handed_out_up_to_the_limit() -> None:
    body = rf"{{\object{{\*\objdata {ole1(b'X', b'x')}}}}}" * 4
    inspection = rtf.inspect(document(body), Limits(parts=2))
    assert len(inspection.parts) == 2
    assert "limit.parts" in {finding.code for finding in inspection.findings}


def test_a_file_of_nothing_but_fields_is_not_read_to_its_end() -> None:
    assert "file.malformed" in codes(rtf, document(r"{\fldinst}" * 60_000))


def body(text: str) -> str:
    """Rebuild a document and give what became of its content."""
    return copied(rtf, document(text)).removeprefix(r"{\rtf1\ansi ").removesuffix("}")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (r"{\b bold} {\*\unheardof x}plain\par", r"{\b bold} plain\par"),
        (r"{\object\objemb{\*\objdata 0105}{\result {\pict\pngblip 89}}}a", r"{{\pict\pngblip 89}}a"),
        (r"{\object{\*\objdata 0105}}a", "a"),
        (r"a{\*\template http://example.org/a.dotm}b", "ab"),
        (r"\b{\*\template x}old", r"\b old"),
        (r"\o{\*\template x}bjdata 0105", r"\o bjdata 0105"),
        (r"{\info{\author Jansen}}a", "a"),
        (r"{\field{\*\fldinst PAGE}{\fldrslt 1}}", r"{\field{\*\fldinst PAGE}{\fldrslt 1}}"),
        (r"{\field{\*\fldinst DDEAUTO cmd}{\fldrslt a}}", "{a}"),
        (r"{\field{\*\fldinst {\b D}DE cmd}{\fldrslt {\b a}}}", r"{{\b a}}"),
        (r"{\field{\*\fldinst \u80?AGE}{\fldrslt a}}", "{a}"),
        (r'{\field{\*\fldinst HYPERLINK "file:x"}{\fldrslt a}}', "{a}"),
        (r"{\field{\*\fldinst IF 1=1 {\field{\*\fldinst DDE x}{\fldrslt b}}}{\fldrslt a}}",
         r"{\field{\*\fldinst IF 1=1 {b}}{\fldrslt a}}"),
        (r"{\field{\*\fldinst {\field{\*\fldinst QUOTE 68}{\fldrslt D}}DE x}{\fldrslt a}}", "{a}"),
        ("{\\pict\\bin4 }{}{}", r"{\pict 7d7b7d7b}"),
        (r"\bin3 xyzabc", "abc"),
        (r"{\shp{\sp{\sn pibName}{\sv http://example.org/a}}{\sp{\sn fillColor}{\sv 1}}}",
         r"{\shp {\sp{\sn fillColor}{\sv 1}}}"),
        (r"{\shp{\sp{\sn {\b p}ibName}{\sv x}}}", r"{\shp }"),
        (r"{\*\shpinst a}{\*\bkmkstart x}{\*\generator y;}", r"{\*\shpinst a}{\*\bkmkstart x}{\*\generator y;}"),
        (r"a\objattph b", "ab"),
        (r"a {\b\objdata 0105} b", r"a {\b } b"),
    ],
)  # fmt: skip
def test_a_copy_keeps_what_formats_and_shows(text: str, kept: str) -> None:
    copy = rebuilt(rtf, document(text))
    assert copy is not None
    assert copy.decode("latin-1") == rf"{{\rtf1\ansi {kept}}}"
    assert codes(rtf, copy) == []
    assert rebuilt(rtf, copy) == copy


def test_a_letter_is_copied_byte_for_byte() -> None:
    assert rebuilt(rtf, LETTER.replace(r"{\*\objattph }", "")) == LETTER.replace(r"{\*\objattph }", "").encode(
        "latin-1"
    )


def test_hyperlinks_to_the_web_and_inside_stay() -> None:
    for link in (r'HYPERLINK "https://example.org/"', r'HYPERLINK "mailto:a@example.org"', r'HYPERLINK \\l "chapter"'):
        text = rf"{{\field{{\*\fldinst {link}}}{{\fldrslt a}}}}"
        assert body(text) == text


def test_what_stands_behind_the_end_goes_and_open_groups_are_closed() -> None:
    assert copied(rtf, b"{\\rtf1 a}PK\3\4") == r"{\rtf1 a}"
    assert copied(rtf, b"{\\rtf1 {\\b a") == r"{\rtf1 {\b a}}"
    assert copied(rtf, b"\r\n{\\rtf1 a\\") == r"{\rtf1 a}"


@pytest.mark.parametrize("beginning", [r"{\rt", r"{\rtf", r"{\rtf0", r"{\rtf12", r"{\rtfx-1"])
def test_a_copy_begins_in_the_way_that_every_reader_knows(beginning: str) -> None:
    assert copied(rtf, beginning + r"\ansi text}") == r"{\rtf1\ansi text}"
    assert copied(rtf, beginning + " text}") == r"{\rtf1 text}"


@pytest.mark.parametrize("data", [b"{" * 300, b"none"])
def test_where_groups_are_broken_there_is_no_copy(data: bytes) -> None:
    assert rebuilt(rtf, data) is None


@pytest.mark.parametrize(
    ("copy", "code"),
    [
        (r"{\rtf1 one}", "copy.unfaithful"),
        (r"{\rtf1 one three}", "copy.unfaithful"),
        (r"{\rtf1 one two{\*\objdata 0105}}", "copy.unsafe"),
    ],
)
def test_a_wrong_copy_is_noticed(copy: str, code: str) -> None:
    assert code in doubts(rtf, r"{\rtf1 one {\b two}{\*\x three}}", copy)


@pytest.mark.slow
def test_a_file_of_more_groups_than_are_decided_about_has_no_copy() -> None:
    assert rebuilt(rtf, b"{\\rtf1 " + b"{\\field}" * 300_001) is None


@pytest.mark.slow
def test_a_file_of_more_pieces_than_are_compared_is_not_believed() -> None:
    data = b"{\\rtf1 " + b"a\\b " * 500_001 + b"}"
    assert doubts(rtf, data, data) == ["copy.unfaithful"]


PIECES = ["{", "}", r"\b ", "text ", r"{\*\objdata 0105}", r"{\object", r"{\result shown}", r"{\field", r"{\*\fldinst "]
PIECES += [
    r"{\fldrslt a}",
    "PAGE ",
    "DDE cmd ",
    'HYPERLINK "file:x" ',
    r"{\pict ",
    r"\bin2 {}",
    r"\'41",
    r"\u68?",
    r"\*",
]
PIECES += [
    r"{\*\template x}",
    r"\objdata ",
    r"\object ",
    "\\\\",
    r"\{",
    r"{\sp{\sn pibName}{\sv http://x}}",
    r"\fldinst ",
]
PIECES += [r"{\*\nextfile x}", r"{\info{\title t}}", r"{\*\shpinst ", r"{\filetbl x}", r"\mmconnect ", "\n", "objdata"]
PIECES += [
    r"{\*\unheardof PAGE }",
    r"{\upr{a}{\*\ud{b}}}",
    r"\uc0 ",
    r"\u8194 ",
    "DDEAUTO a b",
    r"{\comment x}",
    r"{\sn",
]


@given(st.lists(st.sampled_from(PIECES), max_size=16), st.sampled_from(["}", "}}}", "", "}x"]))
def test_nothing_is_found_in_copies_of_any_mixture(pieces: list[str], end: str) -> None:
    copy = rebuilt(rtf, "{\\rtf1 " + "".join(pieces) + end)
    assert copy is not None
    assert codes(rtf, copy) == []


DISGUISES = [
    r"{\field{\*\fldinst {\*\unheardof PAGE }DDEAUTO a b}{\fldrslt shown}}",
    r"{\field{\*\fldinst {\*\bkmkstart PAGE }DDEAUTO a b}{\fldrslt shown}}",
    r"{\field{\*\fldinst D{\*\bkmkstart x}DEAUTO a b}{\fldrslt shown}}",
    r"{\field{\*\fldinst {\comment PAGE }INCLUDEPICTURE http://a.example}{\fldrslt shown}}",
    r"{\field{\*\fldinst {\upr{PAGE }{\*\ud{DDEAUTO a b}}}}{\fldrslt shown}}",
    r"{\field{\*\fldinst \uc0\u8194 DDEAUTO a b}{\fldrslt shown}}",
    r"{\field{\*\fldinst {D}{D}{E}AUTO a b}{\fldrslt shown}}",
    r"{\field{\*\fldinst \'44DEAUTO a b}{\fldrslt shown}}",
    "{\\field{\\*\\fldinst DD\r\nEAUTO a b}{\\fldrslt shown}}",
    r"{\field{\*\fldinst {\field{\*\fldinst QUOTE 68 68 69}{\fldrslt DDE}}AUTO a b}{\fldrslt shown}}",
    r"{\field{\fldinst DDEAUTO a b}{\fldrslt shown}}",
    r"{\FIELD{\*\FLDINST DDEAUTO a b}{\fldrslt shown}}",
]


@pytest.mark.parametrize("field", DISGUISES)
def test_a_field_in_disguise_is_found_and_gives_way_to_its_result(field: str) -> None:
    data = (r"{\rtf1\ansi " + field + r"\par}").encode()
    assert "rtf.field" in codes(rtf, data)
    made = copied(rtf, data)
    assert "shown" in made
    assert "fldinst" not in made.lower()


@pytest.mark.parametrize("name", ["{\\sn pibName}", "{\\sn\r\npibName}", "{\\sn  pibName}", "{\\sn pib\r\nName}"])
def test_a_linked_picture_is_found_however_its_name_is_written(name: str) -> None:
    shape = r"{\shp{\*\shpinst{\sp" + name + r"{\sv http://a.example/x.png}}}}"
    data = (r"{\rtf1 " + shape + "}").encode()
    assert "rtf.external" in codes(rtf, data)
    made = copied(rtf, data)
    assert "a.example" not in made
