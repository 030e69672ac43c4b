"""The identify stage: the name and the declared type, held against what the bytes are."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from attachguard.adapters.memory import MemoryLedger, MemoryStore
from attachguard.adapters.memory_scanner import MemoryScanner
from attachguard.kinds import KINDS
from attachguard.model import (
    Attachment,
    Check,
    Finding,
    Identification,
    Inspection,
    JudgedPart,
    Limits,
    Mismatch,
    Observed,
    Rebuilt,
    Verification,
)
from attachguard.names import clean
from attachguard.ports import Kit
from attachguard.stages.identify import identify


class TellingSandbox:
    """A room that says what the test wants the bytes to be, and counts how often it was asked."""

    def __init__(self, kind: str | None, findings: Sequence[Finding] = ()) -> None:
        self.asked = 0
        self._answer = Identification(
            kind=kind, described=f"a {kind} file", magic="x/y", findings=tuple(findings), peak_rss=5
        )

    def identify(self, attachment: Attachment, limits: Limits) -> Identification:
        self.asked += 1
        return self._answer

    def inspect(self, attachment: Attachment, limits: Limits) -> Inspection:
        raise AssertionError("the identify stage inspects nothing")

    def normalize(self, attachment: Attachment, method: str, parts: Sequence[JudgedPart], limits: Limits) -> Rebuilt:
        raise AssertionError("the identify stage makes no copies")

    def unlock(self, attachment: Attachment, password: str, limits: Limits) -> Rebuilt:
        raise AssertionError("the identify stage unlocks nothing")

    def verify(self, original: Attachment, copy: Attachment, limits: Limits) -> Verification:
        raise AssertionError("the identify stage compares nothing")

    def probe(self) -> Sequence[Check]:
        return ()


def look(name: str, sandbox: TellingSandbox, declared: str | None = None) -> Observed:
    cleaned = clean(name, 180)
    attachment = Attachment(
        path=Path("nothing-is-read"),
        size=1,
        sha256="",
        untrusted_name=name,
        safe_name=cleaned.name,
        name_findings=cleaned.findings,
        declared_type=declared,
    )
    kit = Kit(scanner=MemoryScanner(test_double=True), sandbox=sandbox, store=MemoryStore(), ledger=MemoryLedger())
    return identify(attachment, Limits(), kit)


def said(name: str, kind: str | None, declared: str | None = None) -> list[str]:
    return [finding.code for finding in look(name, TellingSandbox(kind), declared).findings]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_true_name_says_nothing_under_any_of_its_extensions(kind: str) -> None:
    for extension in KINDS[kind].extensions:
        observed = look(f"file.{extension}", TellingSandbox(kind))
        assert observed == Observed(kind=KINDS[kind], peak_rss=5)


def test_winmail_dat_is_a_true_name_for_tnef() -> None:
    assert said("winmail.dat", "tnef") == []


@pytest.mark.parametrize("name", ["run.exe", "noext", "a.pdf\0.txt", "data.dat"])
def test_a_name_of_no_accepted_kind_is_told_and_nothing_is_read(name: str) -> None:
    sandbox = TellingSandbox("pdf")
    observed = look(name, sandbox)
    assert "name.extension" in {finding.code for finding in observed.findings}
    assert observed.kind is None
    assert sandbox.asked == 0


def test_a_safe_name_that_came_without_findings_is_still_held_against_the_kinds() -> None:
    attachment = Attachment(path=Path("x"), size=1, sha256="", untrusted_name="x", safe_name="x.exe")
    kit = Kit(
        scanner=MemoryScanner(test_double=True),
        sandbox=TellingSandbox("pdf"),
        store=MemoryStore(),
        ledger=MemoryLedger(),
    )
    assert [finding.code for finding in identify(attachment, Limits(), kit).findings] == ["name.extension"]


def test_what_was_wrong_with_the_name_and_what_the_room_said_are_passed_on() -> None:
    observed = look("../a.pdf", TellingSandbox("pdf", [Finding("type.trailing_data")]))
    assert [finding.code for finding in observed.findings] == ["name.path", "type.trailing_data"]


def test_content_of_no_kind_stays_without_one_and_is_not_held_against_the_name() -> None:
    observed = look("a.pdf", TellingSandbox(None, [Finding("type.not_accepted")]), declared="image/png")
    assert observed.kind is None
    assert [finding.code for finding in observed.findings] == ["type.not_accepted"]


def test_a_name_of_another_kind_is_a_fact_that_the_policy_will_rule_on() -> None:
    for named in KINDS.values():
        for found in KINDS.values():
            observed = look(f"file.{named.extension}", TellingSandbox(found.name))
            expected = None if named == found else Mismatch(named=named, found=found, described=f"a {found.name} file")
            assert observed == Observed(kind=found, mismatch=expected, peak_rss=5)


@pytest.mark.parametrize(
    ("kind", "declared"),
    [
        ("pdf", None),
        ("pdf", "application/octet-stream"),
        ("pdf", "Application/PDF; name=x"),
        ("csv", "application/vnd.ms-excel"),
        ("csv", "text/plain"),
        ("docx", "application/zip"),
        ("jpeg", "image/jpg"),
        ("xml", "text/xml"),
        ("rtf", "application/msword"),
        ("html", "text/plain; charset=utf-8"),
    ],
)
def test_a_declared_type_that_senders_use_says_nothing(kind: str, declared: str | None) -> None:
    assert said(f"file.{KINDS[kind].extension}", kind, declared) == []


@pytest.mark.parametrize(
    ("kind", "declared"),
    [("pdf", "image/png"), ("txt", "application/x-msdownload"), ("png", "text/html"), ("docx", "application/msword")],
)
def test_another_declared_type_is_told_and_decides_nothing(kind: str, declared: str) -> None:
    observed = look(f"file.{KINDS[kind].extension}", TellingSandbox(kind), declared)
    assert [finding.code for finding in observed.findings] == ["type.declared"]
    assert observed.kind == KINDS[kind]


def test_a_file_with_another_kinds_name_may_be_declared_as_what_it_is() -> None:
    assert said("file.doc", "rtf", "application/rtf") == []
