"""The table of names: what becomes of a file whose name says another kind than its bytes are."""

from pathlib import Path

import pytest

from attachguard.errors import PolicyError
from attachguard.kinds import KINDS
from attachguard.model import Action, Attachment, Mismatch, Observed, Report
from attachguard.policy import Policy, load_policy
from attachguard.reports import add, blank

HEAD = 'name = "small"\nversion = 1\ntitle = "A small policy"\n'
"""Three lines."""

TABLE = HEAD + '[names]\ninert = ["csv"]\n[names.rename]\ndoc = ["rtf", "docx"]\n'

ALIKE = {
    "picture": {"bmp", "gif", "jpeg", "png", "tiff"},
    "letter": {"doc", "docx", "odt", "rtf"},
    "sheet": {"xls", "xlsx", "ods"},
}


def written(folder: Path, text: str) -> str:
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def settled(named: str, found: str, policy: Policy, name: str = "file") -> Report:
    """What is known of a file once the policy has seen that it has another kind's name."""
    attachment = Attachment(
        path=Path("x"), size=1, sha256="", untrusted_name="x", safe_name=f"{name}.{KINDS[named].extension}"
    )
    mismatch = Mismatch(named=KINDS[named], found=KINDS[found], described=f"a {found} file")
    return add(blank(attachment), Observed(kind=KINDS[found], mismatch=mismatch), (), (), policy)


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


def test_a_pair_of_the_table_is_renamed_and_treated_as_what_it_is(tmp_path: Path) -> None:
    report = settled("doc", "rtf", load_policy(written(tmp_path, TABLE)))
    assert codes(report) == ["type.renamed"]
    assert (report.attachment.safe_name, report.attachment.kind) == ("file.rtf", KINDS["rtf"])
    assert report.findings[0].detail == "named file.doc, is a rtf file"


def test_an_inert_kind_in_a_txt_is_treated_as_text_under_its_own_name(tmp_path: Path) -> None:
    report = settled("txt", "csv", load_policy(written(tmp_path, TABLE)))
    assert codes(report) == ["type.inert"]
    assert (report.attachment.safe_name, report.attachment.kind) == ("file.txt", KINDS["txt"])


@pytest.mark.parametrize(("named", "found"), [("rtf", "doc"), ("txt", "html"), ("html", "csv"), ("pdf", "png")])
def test_every_other_pair_is_a_mismatch_and_keeps_its_name(tmp_path: Path, named: str, found: str) -> None:
    report = settled(named, found, load_policy(written(tmp_path, TABLE)))
    assert codes(report) == ["type.mismatch"]
    assert (report.attachment.safe_name, report.attachment.kind) == (f"file.{KINDS[named].extension}", KINDS[found])


def test_a_policy_without_the_table_takes_no_name_for_another(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path, HEAD))
    for named in KINDS:
        for found in set(KINDS) - {named}:
            assert codes(settled(named, found, policy)) == ["type.mismatch"]


def test_a_long_name_stays_within_its_length_when_it_is_renamed(policy: Policy) -> None:
    report = settled("doc", "docx", policy, name="a" * 176)
    assert report.attachment.safe_name == "a" * 175 + ".docx"


def test_marketplace_renames_siblings_and_what_programs_open_anyway(policy: Policy) -> None:
    for group in ALIKE.values():
        for named in group:
            assert group - {named} <= policy.names.rename[named]
    assert policy.names.rename["doc"] >= {"html", "xhtml", "xml", "txt"}
    assert policy.names.rename["xls"] >= {"html", "xhtml", "xml", "csv"}
    assert policy.names.rename["xml"] == {"xhtml"}
    assert policy.names.inert == {"csv", "html", "xhtml", "xml"}


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ("pdf", "png"),
        ("docx", "xlsx"),
        ("doc", "jpeg"),
        ("csv", "html"),
        ("eml", "html"),
        ("doc", "tnef"),
        ("png", "pdf"),
    ],
)
def test_marketplace_rejects_what_deceives(named: str, found: str, policy: Policy) -> None:
    report = settled(named, found, policy)
    assert codes(report) == ["type.mismatch"]
    assert report.action is Action.REJECT


def test_strict_rejects_every_mismatch() -> None:
    strict = load_policy("strict")
    for named in KINDS:
        for found in set(KINDS) - {named}:
            assert settled(named, found, strict).action is Action.REJECT, (named, found)


def test_a_policy_changes_single_rows_of_the_table_it_extends(tmp_path: Path, policy: Policy) -> None:
    text = HEAD + 'extends = "marketplace"\n[names]\ninert = []\n[names.rename]\ndoc = []\npdf = ["png"]\n'
    own = load_policy(written(tmp_path, text)).names
    assert own.inert == frozenset()
    assert own.rename["doc"] == frozenset()
    assert own.rename["pdf"] == {"png"}
    assert own.rename["xls"] == policy.names.rename["xls"]


@pytest.mark.parametrize(
    ("addition", "line", "says"),
    [
        ('[names]\ninert = ["svg"]\n', 5, "must be a list of different kinds"),
        ('[names]\ninert = "csv"\n', 5, "must be a list of different kinds"),
        ('[names]\ninert = ["csv", "csv"]\n', 5, "must be a list of different kinds"),
        ('[names]\ninert = ["txt"]\n', 5, "txt under its own name"),
        ("[names]\nrenames = {}\n", 5, "unknown key 'renames'"),
        ("[names]\nrename = 3\n", 5, "must be a table"),
        ('[names.rename]\nword = ["rtf"]\n', 5, "unknown kind 'word'"),
        ('[names.rename]\n\ndoc = ["doc"]\n', 6, "doc under its own name"),
        ('[names.rename]\ndoc = "rtf"\n', 5, "must be a list of different kinds"),
        ('[names]\nrename = { doc = ["svg"] }\n', 5, "must be a list of different kinds"),
        ('[names]\ninert = ["html"]\n[names.rename]\ntxt = ["html"]\n', 5, "html can't be inert and renamed too"),
    ],
)
def test_a_mistake_in_the_table_names_the_line(tmp_path: Path, addition: str, line: int, says: str) -> None:
    path = written(tmp_path, HEAD + addition)
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    assert str(caught.value).startswith(f"{path}, line {line}: ")
    assert says in str(caught.value)
