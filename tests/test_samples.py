"""Every sample gets the whole verdict that its expected.toml demands, through the real pipeline."""

import io
import tomllib
from pathlib import Path

import pytest
from rich.console import Console

from attachguard.adapters.disk_store import DiskStore
from attachguard.adapters.memory import MemoryLedger
from attachguard.findings import FINDINGS
from attachguard.kinds import BY_EXTENSION
from attachguard.policy import load_policy
from attachguard.ports import Kit, Sandbox, Scanner
from samples.build import bytes_of
from samples.cases import HERE, Case, CaseError, load_case, load_cases
from samples.compare import differences
from samples.demo import Judged, summary, table
from samples.judge import judge

CASES = load_cases()


@pytest.fixture(scope="module")
def kit(scanner: Scanner, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Kit:
    store = DiskStore(tmp_path_factory.mktemp("clean"))
    return Kit(scanner=scanner, sandbox=sandbox, store=store, ledger=MemoryLedger())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_sample_gets_the_whole_verdict_it_demands(case: Case, kit: Kit, tmp_path: Path) -> None:
    for file in case.files:
        (tmp_path / file.stored_as).write_bytes(bytes_of(case, file))
    verdict = judge(case, tmp_path, load_policy(case.policy), kit)
    assert "\n".join(differences(case, verdict, tmp_path)) == ""


def test_every_accepted_extension_has_a_good_sample() -> None:
    delivered = {
        file.name.rpartition(".")[2].lower()
        for case in CASES
        for file in case.files
        if file.delivered and file.delivered.identical
    }
    # A winmail.dat is always delivered as the mail it holds: nobody but Outlook could open it.
    assert set(BY_EXTENSION) - delivered == {"tnef"}


def test_every_finding_about_office_files_packages_and_mail_has_a_sample() -> None:
    seen = {code for case in CASES for file in case.files for code in (*file.findings, *file.reasons)}
    families = ("ooxml.", "odf.", "ole.", "rtf.", "mail.", "tnef.", "zip.")
    assert sorted(code for code in FINDINGS if code.startswith(families) and code not in seen) == []


def test_there_are_no_files_in_the_samples_but_text() -> None:
    suffixes = {path.suffix for path in HERE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert suffixes == {".py", ".toml", ".md"}


GOOD = """
title = "A case"
[submission]
verdict = "rejected"
reasons = ["limit.file_count"]
[[file]]
name = "a.pdf"
make = "pdf_carriers.with_file"
with = { attached = { make = "text.letter", with = { language = "de" } }, name = "a.txt", media_type = "text/plain" }
verdict = "normalized"
kind = "pdf"
findings = ["pdf.embedded_file"]
reasons = ["pdf.embedded_file"]
delivered = { kind = "pdf", identical = false }
children = [{ verdict = "accepted", kind = "txt" }]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "expected.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_case_says_what_its_expected_toml_says(tmp_path: Path) -> None:
    case = load_case(written(tmp_path, GOOD))
    assert (case.title, case.verdict, case.policy) == ("A case", "rejected", "marketplace")
    (file,) = case.files
    assert file.recipe.maker == "pdf_carriers.with_file"
    assert file.delivered is not None
    assert (file.delivered.name, file.delivered.identical) == ("a.pdf", False)
    assert bytes_of(case, file).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('title = "A case"', "", "title is missing"),
        ('title = "A case"', 'title = "A case"\ncolour = "red"', "nobody knows colour"),
        ('kind = "pdf"\nf', 'kinds = "pdf"\nf', "nobody knows kinds"),
        ('kind = "pdf"\nf', 'kind = "docm"\nf', "'docm' is no kind"),
        ('verdict = "normalized"', 'verdict = "flattened"', "'flattened' is no verdict"),
        ('["pdf.embedded_file"]\nr', '["pdf.attachment"]\nr', "pdf.attachment"),
        ("identical = false", 'identical = "no"', "true or false"),
        ('make = "text.letter"', 'make = "text.poem"', "no maker 'text.poem'"),
        ('children = [{ verdict = "accepted",', 'children = [{ verdict = "accepted", name = "x",', "nobody knows name"),
    ],
)
def test_a_wrong_case_is_named_and_refused(tmp_path: Path, before: str, after: str, complaint: str) -> None:
    assert before in GOOD
    path = written(tmp_path, GOOD.replace(before, after))
    with pytest.raises(CaseError, match=r"expected\.toml") as caught:
        load_case(path)
    assert complaint in str(caught.value)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    file = GOOD[GOOD.index("[[file]]") :]
    with pytest.raises(CaseError, match="two files have one name"):
        load_case(written(tmp_path, GOOD + file))


def test_parameters_a_maker_does_not_have_are_refused(tmp_path: Path) -> None:
    case = load_case(written(tmp_path, GOOD.replace('language = "de"', 'dialect = "de"')))
    with pytest.raises(CaseError, match="dialect"):
        bytes_of(case, case.files[0])


def test_differences_are_told_one_line_each(kit: Kit, tmp_path: Path) -> None:
    case = load_case(written(tmp_path, GOOD))
    (tmp_path / "a.pdf").write_bytes(b"")
    told = differences(case, judge(case, tmp_path, load_policy(), kit), tmp_path)
    assert any(line.endswith("reasons: expected pdf.embedded_file, got limit.empty") for line in told)
    assert any("delivered: expected something, got nothing" in line for line in told)


def test_the_demo_shows_what_each_file_got_and_counts_it(kit: Kit, tmp_path: Path) -> None:
    case = load_case(HERE / "gif_named_png" / "expected.toml")
    (file,) = case.files
    (tmp_path / file.stored_as).write_bytes(bytes_of(case, file))
    verdict = judge(case, tmp_path, load_policy(), kit)
    judged = (Judged(case=case, built=tmp_path, verdict=verdict, differences=()),)
    console = Console(file=io.StringIO(), width=160)
    console.print(table(judged), summary(judged, 1.5))
    shown = console.file.getvalue() if isinstance(console.file, io.StringIO) else ""
    assert all(word in shown for word in ("losse-draad.png", "gif", "accepted", "as sent: losse-draad.gif"))
    assert "1 files in 1 cases: 1 accepted; all as demanded, in 1.5 seconds." in shown


def test_titles_are_one_sentence_each() -> None:
    titles = [
        tomllib.loads((HERE / case.name / "expected.toml").read_text(encoding="utf-8"))["title"] for case in CASES
    ]
    assert [title for title in titles if not title.endswith(".")] == []
    assert len(set(titles)) == len(titles)
