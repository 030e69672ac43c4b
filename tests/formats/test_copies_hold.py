"""What holds for every copy of a picture or text: it is settled, nothing in it acts, what was good is the same."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from attachguard.formats import csv, txt, xhtml, xml
from attachguard.formats.registry import BY_KIND
from tests.formats.every_kind import GOOD
from tests.formats.finding_codes import codes, copied, rebuilt
from tests.formats.pictures_made import LIMITS, copy_of, pixels, saved
from tests.fuzz.copies import KINDS, wrong_copies

# Pillow and others warn about what is broken; in the room nobody hears them.
pytestmark = pytest.mark.filterwarnings("ignore")

MODES = {
    "bmp": ("1", "L", "P", "RGB", "RGBA"),
    "gif": ("L", "P"),
    "jpeg": ("L", "RGB", "CMYK"),
    "png": ("1", "L", "LA", "P", "RGB", "RGBA"),
    "tiff": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK"),
}


@pytest.mark.parametrize("kind", sorted(MODES))
@given(data=st.data(), width=st.integers(1, 9), height=st.integers(1, 9))
@settings(max_examples=30)
def test_copies_of_any_small_picture_are_settled_and_show_the_same(
    kind: str, data: st.DataObject, width: int, height: int
) -> None:
    mode = data.draw(st.sampled_from(MODES[kind]))
    seed = data.draw(st.binary(min_size=width * height * 3, max_size=width * height * 3))
    original = saved(Image.frombytes("RGB", (width, height), seed).convert(mode), kind)
    for method in BY_KIND[kind].KIND.methods:
        assert pixels(copy_of(BY_KIND[kind], original, method=method)) == pixels(original)


@pytest.mark.parametrize("kind", sorted(KINDS))
@given(data=st.data())
@settings(max_examples=60)
def test_copies_of_broken_files_are_right_or_not_believed(kind: str, data: st.DataObject) -> None:
    good = GOOD[kind]
    at = data.draw(st.integers(0, len(good) - 1))
    piece = data.draw(
        st.one_of(st.binary(max_size=4), st.sampled_from([b"\0" * 8, b"\xff" * 8, good[:20], b"<>\"'&;,"]))
    )
    broken = good[:at] + piece + good[at + data.draw(st.integers(0, 6)) :]
    try:
        seen = BY_KIND[kind].inspect(broken, LIMITS).findings
        wrong = list(wrong_copies(kind, broken, seen, LIMITS))
    except (ValueError, SyntaxError):  # the room makes a finding of it
        wrong = []
    assert wrong == []


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)


@given(TEXT, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_no_control_character_survives_in_a_text(text: str, encoding: str) -> None:
    for reader in (txt, csv):
        copy = rebuilt(reader, text.encode(encoding))
        if copy is not None:
            controls = {char for char in copy.decode(encoding if reader is csv else "utf-8") if _acts(char)}
            assert controls == set()
            assert rebuilt(reader, copy) == copy


def _acts(char: str) -> bool:
    if char in "\t\n\r\f":
        return False
    return unicodedata.category(char) == "Cc" or 0x202A <= ord(char) <= 0x202E or 0x2066 <= ord(char) <= 0x2069


CELLS = st.text("abé€1209 -+=@.,;|\t\"'()/:%\n", max_size=12)


@given(st.lists(CELLS, min_size=1, max_size=12), st.sampled_from(",;\t|"), st.sampled_from(["\r\n", "\n", "\r"]))
@settings(max_examples=300)
def test_a_table_in_which_nothing_is_found_is_its_own_copy(cells: list[str], delimiter: str, end: str) -> None:
    rows = [delimiter.join(_quoted(cell) for cell in cells[n : n + 3]) for n in range(0, len(cells), 3)]
    for encoding in ("utf-8", "utf-16", "cp1252"):
        data = (end.join(rows) + end).encode(encoding)
        if codes(csv, data) == []:
            assert rebuilt(csv, data) == data


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if set(cell) & set(',;\t|"\n') else cell


XML_PIECES = [
    "<a>", "</a>", "<b c='d'/>", "text", "&amp;", "<!-- x -->", "<![CDATA[<e>]]>", "<?f g?>", "\n", "é",
    "<s:h xmlns:s='http://www.w3.org/2000/svg'>", "</s:h>", "<i xmlns='urn:i'/>", "<k href='javascript:x'/>",
    "<x:include xmlns:x='http://www.w3.org/2001/XInclude' href='l'/>", "&#9;", "<m n='&#10;'/>",
]  # fmt: skip


@given(st.lists(st.sampled_from(XML_PIECES), max_size=12))
def test_copies_of_any_data_hold(pieces: list[str]) -> None:
    document = f"<?xml version='1.0'?><root>{''.join(pieces)}</root>"
    if "file.malformed" not in codes(xml, document):
        copied(xml, document)


PAGE_PIECES = [
    "<p>", "</p>", "<b>", "</b>", "text", "&amp;", "&nbsp;", "<br/>", "<img src='cid:a' alt='b'/>", "<l/>", "\n",
    "<script>c</script>", "<style>d{color:red}</style>", "<table><tr><td>", "</td></tr></table>", "<!-- e -->",
    "<![CDATA[f]]>", "<?g h?>", "<svg xmlns='http://www.w3.org/2000/svg'><text>i</text></svg>", "<p onclick='j'/>",
    "<pre>\n\nk</pre>", "<a href='javascript:m'>n</a>", "<o:p xmlns:o='urn:o'>q</o:p>", "&lt;r&gt;",
    "<p style='color:red;position:fixed'/>",
]  # fmt: skip


@given(st.lists(st.sampled_from(PAGE_PIECES), max_size=14))
def test_copies_of_any_page_in_xml_are_safe_and_settled(pieces: list[str]) -> None:
    page = (
        f"<html xmlns='http://www.w3.org/1999/xhtml'><head><title>t</title></head><body>{''.join(pieces)}</body></html>"
    )
    copy = rebuilt(xhtml, page)
    assert copy is not None
    assert codes(xhtml, copy) == []
    assert rebuilt(xhtml, copy) == copy
