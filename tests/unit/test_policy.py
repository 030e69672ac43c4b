"""Policies: what is not ruled on is rejected, and a mistake names its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attachguard.errors import PolicyError
from attachguard.findings import FINDINGS
from attachguard.kinds import KINDS
from attachguard.model import Action, Finding, Flatten, Limits, Links, SignatureRules
from attachguard.policy import Policy, available, lint, load_policy

PDF = KINDS["pdf"]

SMALL = """name = "small"
version = 3
title = "A small policy"

[kinds]
pdf = "keep"

[findings]
"pdf.javascript" = "normalize"
"pdf.signed" = "keep"
"""


def write(folder: Path, text: str) -> str:
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.fixture
def small(tmp_path: Path) -> Policy:
    return load_policy(write(tmp_path, SMALL))


def test_a_clean_file_of_a_named_kind_is_kept(small: Policy) -> None:
    judgement = small.judge(PDF, ())
    assert judgement.action is Action.KEEP
    assert judgement.deciding == ()


def test_the_strictest_ruling_wins_and_decides(small: Policy) -> None:
    kept, made, refused = Finding("pdf.signed"), Finding("pdf.javascript"), Finding("pdf.launch")
    assert small.judge(PDF, (kept, made)).deciding == (made,)
    assert small.judge(PDF, (kept, made, refused)).deciding == (refused,)


def test_a_code_without_a_ruling_is_rejected(small: Policy) -> None:
    assert small.judge(PDF, (Finding("pdf.launch"),)).action is Action.REJECT


def test_a_kind_without_a_ruling_is_rejected_and_says_so(small: Policy) -> None:
    judgement = small.judge(KINDS["png"], ())
    assert judgement.action is Action.REJECT
    assert [finding.code for finding in judgement.deciding] == ["type.not_accepted"]


@given(st.sets(st.sampled_from(sorted(FINDINGS))), st.sampled_from(sorted(KINDS)))
def test_more_findings_never_make_a_verdict_milder(codes: set[str], kind: str) -> None:
    policy = load_policy("marketplace")
    findings = tuple(Finding(code) for code in sorted(codes))
    whole = policy.judge(KINDS[kind], findings).action
    for number in range(len(findings)):
        assert policy.judge(KINDS[kind], findings[:number]).action <= whole


def test_for_copies_nothing_may_be_left_that_would_be_normalized(small: Policy) -> None:
    copies = small.for_normalized()
    assert copies.judge(PDF, (Finding("pdf.javascript"),)).action is Action.REJECT
    assert copies.judge(PDF, (Finding("pdf.signed"),)).action is Action.KEEP


def test_a_copy_is_not_normalized_for_its_kind_alone() -> None:
    strict = load_policy("strict")
    assert strict.judge(PDF, ()).action is Action.NORMALIZE
    assert strict.for_normalized().judge(PDF, ()).action is Action.KEEP


def test_a_policy_lies_over_the_one_it_extends(tmp_path: Path) -> None:
    text = 'name = "x"\nversion = 1\ntitle = "x"\nextends = "marketplace"\n[findings]\n"type.renamed" = "reject"\n'
    policy = load_policy(write(tmp_path, text))
    assert policy.rulings["type.renamed"] is Action.REJECT
    assert policy.rulings["pdf.javascript"] is Action.NORMALIZE
    assert policy.label == "x@1"


def test_sizes_are_written_with_their_unit(tmp_path: Path) -> None:
    policy = load_policy(write(tmp_path, SMALL + '\n[limits]\nfile_size = "3 MiB"\nfile_count = 2\n'))
    assert policy.limits == Limits(file_size=3 * 1024 * 1024, file_count=2)


def test_the_age_of_signatures_is_a_matter_of_the_policy(tmp_path: Path, small: Policy) -> None:
    assert small.signatures == SignatureRules(warn_after_days=3, refuse_after_days=7, reuse_hours=24)
    text = 'name = "x"\nversion = 1\ntitle = "x"\nextends = "marketplace"\n[signatures]\nrefuse_after_days = 5\n'
    policy = load_policy(write(tmp_path, text + "reuse_hours = 0\n"))
    assert policy.signatures == SignatureRules(warn_after_days=3, refuse_after_days=5, reuse_hours=0)
    assert load_policy("marketplace").signatures == SignatureRules()


def test_a_policy_says_how_pages_become_a_copy(tmp_path: Path) -> None:
    assert load_policy().limits.flatten == Flatten()
    text = SMALL + '\n[flatten]\nlinks = "keep_web"\nmethod = "raster"\ndpi = 200\n'
    policy = load_policy(write(tmp_path, text))
    assert policy.limits.flatten == Flatten(links=Links.KEEP_WEB, method="raster", dpi=200)
    assert policy.methods(KINDS["pdf"]) == ("raster",)
    assert policy.methods(KINDS["html"]) == ("rebuild",)
    assert load_policy().methods(KINDS["pdf"]) == ("print", "reprint", "raster")


def test_lint_tells_when_nobody_is_warned_before_signatures_are_refused(tmp_path: Path) -> None:
    assert not any("warn_after_days" in line for line in lint(write(tmp_path, SMALL)))
    lines = lint(write(tmp_path, SMALL + "\n[signatures]\nwarn_after_days = 7\n"))
    assert "signatures are refused before anybody is warned: warn_after_days must be below refuse_after_days" in lines


@pytest.mark.parametrize(
    ("addition", "line", "says"),
    [
        ('"pdf.jvascript" = "reject"\n', 11, "unknown finding code 'pdf.jvascript'"),
        ('"pdf.launch" = "remove"\n', 11, 'must be "keep", "normalize" or "reject"'),
        ('"pdf.launch" = 3\n', 11, 'must be "keep", "normalize" or "reject"'),
        ("\n[kinds.more]\nx = 1\n", 12, "more"),
        ("\n[limits]\nfile_sise = 3\n", 13, "unknown limit 'file_sise'"),
        ('\n[limits]\nfile_size = "10 MB"\n', 13, 'such as "10 MiB"'),
        ("\n[limits]\nfile_size = 0\n", 13, "from 1 on"),
        ("\n[limits]\nfile_size = true\n", 13, "from 1 on"),
        ('\n[sandbox]\nrequire = "none"\n', 13, '"full" or "no-open"'),
        (
            "\n[signatures]\nwarn_after = 3\n",
            13,
            "unknown key 'warn_after'; known here: refuse_after_days, reuse_hours",
        ),
        ("\n[signatures]\nwarn_after_days = 3\nrefuse_after_days = 0\n", 14, "days from 1 to 3650"),
        ("\n[signatures]\nrefuse_after_days = 4000\n", 13, "days from 1 to 3650"),
        ("\n[signatures]\nrefuse_after_days = 2.5\n", 13, "days from 1 to 3650"),
        ("\n[signatures]\nreuse_hours = 25\n", 13, "hours from 0 (never) to 24"),
        ("\n[signatures]\nreuse_hours = true\n", 13, "hours from 0 (never) to 24"),
        ("\n[colours]\nred = 1\n", 12, "unknown key 'colours'"),
        ('\n[flatten]\nlinks = "keep"\n', 13, '"drop" or "keep_web"'),
        ('\n[flatten]\nmethod = "photograph"\n', 13, '"print" or "raster"'),
        ("\n[flatten]\ndpi = 600\n", 13, "from 100 to 300"),
        ("\n[flatten]\ndpi = 99\n", 13, "from 100 to 300"),
        ("\n[flatten]\ncolours = 2\n", 13, "unknown key 'colours'"),
        ("\n[limits]\nflatten = 2\n", 13, "unknown limit 'flatten'"),
    ],
)
def test_a_mistake_names_the_file_and_the_line(tmp_path: Path, addition: str, line: int, says: str) -> None:
    path = write(tmp_path, SMALL + addition)
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    message = str(caught.value)
    assert message.startswith(f"{path}, line {line}: ")
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('name = "x"\nversion = = 1\n', "at line 2"),
        ('version = 1\ntitle = "t"\n', "name is missing"),
        ('name = "x"\ntitle = "t"\n', "version is missing"),
    ],
)
def test_a_policy_that_is_no_policy_says_why(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(PolicyError, match=says):
        load_policy(write(tmp_path, text))


def test_a_policy_that_is_not_text_says_so(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PolicyError, match="not UTF-8"):
        load_policy(str(path))


def test_a_policy_that_is_not_there_says_what_is(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"there is no policy called 'marktplace'.*marketplace, strict"):
        load_policy("marktplace")
    with pytest.raises(PolicyError, match="can't be read"):
        load_policy(str(tmp_path / "none.toml"))


def test_a_policy_that_extends_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(f'name = "x"\nversion = 1\ntitle = "x"\nextends = "{path}"\n')
    with pytest.raises(PolicyError, match="extends itself"):
        load_policy(str(path))


@pytest.mark.parametrize("name", available())
def test_the_shipped_policies_rule_on_every_code_and_kind(name: str) -> None:
    assert lint(name) == ()


def test_strict_makes_a_copy_of_every_kind_it_can() -> None:
    policy = load_policy("strict")
    made = {name for name, action in policy.kinds.items() if action is Action.NORMALIZE}
    assert made == {name for name, kind in KINDS.items() if kind.methods}


def test_strict_is_nowhere_milder_than_marketplace() -> None:
    strict, market = load_policy("strict"), load_policy("marketplace")
    assert all(strict.rulings[code] >= market.rulings[code] for code in FINDINGS)
    assert all(strict.kinds[kind] >= market.kinds[kind] for kind in KINDS)


def test_lint_tells_what_a_policy_leaves_open(tmp_path: Path) -> None:
    lines = lint(write(tmp_path, SMALL))
    assert "no ruling on pdf.launch: it is rejected" in lines
    assert "kind png is not named: it is rejected" in lines
    assert not any("pdf.javascript" in line for line in lines)


def test_the_marketplace_limits_are_those_of_the_marketplace() -> None:
    limits = load_policy().limits
    assert (limits.file_size, limits.file_count, limits.total_size) == (10 * 2**20, 5, 20 * 2**20)


def test_a_policy_may_name_the_one_way_in_which_copies_of_a_kind_are_made(tmp_path: Path) -> None:
    policy = load_policy(write(tmp_path, SMALL + '[copies]\npng = "re-encode"\n'))
    assert policy.methods(KINDS["png"]) == ("re-encode",)
    assert policy.methods(KINDS["gif"]) == KINDS["gif"].methods
    assert policy.for_normalized().methods(KINDS["png"]) == ("re-encode",)


def test_a_way_that_a_kind_does_not_have_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"line 12: png = 'print': must be one of rebuild, re-encode"):
        load_policy(write(tmp_path, SMALL + '[copies]\npng = "print"\n'))
    with pytest.raises(PolicyError, match=r"line 12: how copies of pdf are made is said in \[flatten\]"):
        load_policy(write(tmp_path, SMALL + '[copies]\npdf = "print"\n'))


def test_strict_packs_pictures_anew() -> None:
    strict = load_policy("strict")
    assert [strict.methods(KINDS[kind]) for kind in ("gif", "png")] == [("re-encode",)] * 2
    assert load_policy().methods(KINDS["png"]) == ("rebuild", "re-encode")
