"""Names: what a sender's name becomes, and what is said about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attachguard.kinds import KINDS, named
from attachguard.names import BIDI, DANGEROUS, FORBIDDEN, RESERVED, UNNAMED, clean, retitle

LENGTH = 180


def codes(name: str) -> set[str]:
    return {finding.code for finding in clean(name, LENGTH).findings}


@pytest.mark.parametrize(
    "name",
    [
        "report.pdf",
        "résumé.docx",
        "日本語.xlsx",
        "a.pdf;b.txt",
        "%2e%2e%2fx.txt",
        "x.jpg.html",
        "desktop.ini.txt",
        "😀.png",
        "winmail.dat",
    ],
)
def test_an_ordinary_name_stays_and_says_nothing(name: str) -> None:
    cleaned = clean(name, LENGTH)
    assert (cleaned.name, cleaned.findings) == (name, ())


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        ("UPPER.PDF", "UPPER.pdf"),
        ("re\u0301sume\u0301.docx", "résumé.docx"),
        ("report.pdf ", "report.pdf"),
        ("  two   words .pdf", "two words.pdf"),
        ("a..pdf", "a.pdf"),
        ("x.htm\u3000", "x.htm"),
        ("x.\uff50\uff44\uff46", "x.pdf"),
        ("WINMAIL.DAT", "winmail.dat"),
    ],
)
def test_the_same_name_written_tidily_says_nothing(name: str, tidy: str) -> None:
    cleaned = clean(name, LENGTH)
    assert (cleaned.name, cleaned.findings) == (tidy, ())


@pytest.mark.parametrize("name", ["..\\..\\x.pdf", "../../etc/x.pdf", "/etc/x.pdf", "C:\\Users\\x.pdf", "a/b\\x.pdf"])
def test_a_path_is_taken_away_and_told(name: str) -> None:
    assert clean(name, LENGTH).name == "x.pdf"
    assert codes(name) == {"name.path"}


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a<b>.html", "a_b_.html"),
        ('a"b?c*|.txt', "a_b_c__.txt"),
        ("C:x.pdf", "C_x.pdf"),
        ("report.pdf.", "report.pdf"),
        ("report.pdf. . ", "report.pdf"),
        (".htaccess.txt", "htaccess.txt"),
        ("-rf.txt", "_rf.txt"),
        ("=cmd.csv", "_cmd.csv"),
        ("+1.csv", "_1.csv"),
        ("@x.csv", "_x.csv"),
        ("~$lock.docx", "_$lock.docx"),
        ("x\uff0epdf", "x.pdf"),
        ("a\uff0fb.pdf", "a_b.pdf"),
        ("a\uff1ab.pdf", "a_b.pdf"),
    ],
)
def test_what_is_not_fit_for_a_name_is_replaced_and_told(name: str, safe: str) -> None:
    assert clean(name, LENGTH).name == safe
    assert codes(name) == {"name.cleaned"}


@pytest.mark.parametrize(
    "name", ["re\u200bport.pdf", "re\nport.pdf", "report\t.pdf", "\ufeffreport.pdf", "re\u2028port.pdf"]
)
def test_what_is_not_shown_is_taken_away_and_told(name: str) -> None:
    assert clean(name, LENGTH).name == "report.pdf"
    assert codes(name) == {"name.control"}


def test_a_lone_surrogate_leaves_a_trace() -> None:
    assert clean("\ud83d\udc00"[0] + ".png", LENGTH).name == "_.png"
    assert codes("\ud800.png") == {"name.control"}


@pytest.mark.parametrize("control", sorted(BIDI))
def test_reversed_reading_is_undone_and_told(control: str) -> None:
    assert clean(f"annual{control}fdp.docx", LENGTH).name == "annualfdp.docx"
    assert codes(f"annual{control}fdp.docx") == {"name.bidi"}
    assert codes(f"annual{control}fdp.exe") == {"name.bidi", "name.extension"}


@pytest.mark.parametrize(
    "name",
    [
        "invoice.pdf.exe",
        "invoice.pdf     .exe",
        "x.docm",
        "x.svg",
        "noext",
        "data.dat",
        ".pdf",
        "file.txt::$DATA",
        "x.",
        "x.pdf~",
    ],
)
def test_only_the_last_extension_counts_and_must_be_accepted(name: str) -> None:
    assert "name.extension" in codes(name)
    assert named(clean(name, LENGTH).name) is None


def test_nothing_after_a_nul_counts_and_no_such_name_is_accepted() -> None:
    assert clean("a.exe\0.pdf", LENGTH).name == "a.exe"
    assert codes("a.pdf\0.exe") == {"name.control", "name.extension"}


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("invoice.exe.pdf", "invoice_exe.pdf"),
        ("photo.jpg.JS.txt", "photo_jpg_JS.txt"),
        ("com1.tar.txt", "com1_tar.txt"),
        ("a.exe .pdf", "a_exe.pdf"),
    ],
)
def test_a_dangerous_extension_inside_is_disarmed_and_told(name: str, safe: str) -> None:
    assert clean(name, LENGTH).name == safe
    assert codes(name) == {"name.double_extension"}


def test_no_accepted_extension_is_called_dangerous() -> None:
    assert DANGEROUS.isdisjoint(extension for kind in KINDS.values() for extension in kind.extensions)


@pytest.mark.parametrize("stem", sorted(RESERVED))
def test_a_device_of_windows_is_disarmed_and_told(stem: str) -> None:
    assert clean(f"{stem.upper()}.pdf", LENGTH).name == f"_{stem.upper()}.pdf"
    assert codes(f"{stem}.pdf") == {"name.reserved"}


@pytest.mark.parametrize("name", ["", "   ", "...", "\u200b", "/", "a/", "\0"])
def test_a_name_with_nothing_usable_is_missing(name: str) -> None:
    assert clean(name, LENGTH).name == UNNAMED
    assert {"name.missing", "name.extension"} <= codes(name)


@pytest.mark.parametrize("letter", ["a", "文", "😀"])
def test_a_long_name_is_cut_at_a_whole_character_and_keeps_its_extension(letter: str) -> None:
    name = clean(letter * 300 + ".docx", LENGTH).name
    assert name.endswith(letter + ".docx")
    assert LENGTH - 4 < len(name.encode()) <= LENGTH
    assert codes(letter * 300 + ".docx") == {"name.too_long"}


def test_an_endless_name_is_read_from_its_end_only() -> None:
    assert clean("a\u0301" * 1_000_000 + ".pdf", LENGTH).name.endswith(".pdf")


def test_a_renamed_file_gets_the_extension_of_what_it_is() -> None:
    assert retitle("letter.doc", KINDS["rtf"], LENGTH) == "letter.rtf"
    assert retitle("a.b.jpg", KINDS["png"], LENGTH) == "a.b.png"
    assert retitle("winmail.dat", KINDS["tnef"], LENGTH) == "winmail.tnef"
    assert len(retitle("a" * 176 + ".doc", KINDS["docx"], LENGTH)) == LENGTH


@given(st.text(alphabet=st.characters() | st.sampled_from("./\\:\0 \u202e\uff0e\uff0f-=CON"), max_size=60))
def test_any_name_becomes_a_harmless_one(name: str) -> None:
    safe = clean(name, LENGTH).name
    stem = safe.partition(".")[0]
    assert safe.isprintable() or " " in safe
    assert 0 < len(safe.encode()) <= LENGTH
    assert FORBIDDEN.union("/\\\0\r\n").isdisjoint(safe)
    assert not safe.startswith((".", "-", "=", "+", "@", "~", " "))
    assert not safe.endswith((".", " "))
    assert stem.lower() not in RESERVED


@given(st.text(alphabet=st.characters() | st.sampled_from("./\\:\0 \u202e\uff0e\uff0f-=CON"), max_size=60))
def test_a_name_that_was_cleaned_stays_as_it_is(name: str) -> None:
    safe = clean(name, LENGTH).name
    again = clean(safe, LENGTH)
    assert again.name == safe
    assert {finding.code for finding in again.findings} <= {"name.extension"}
