"""Real files, where there are some: every one gets a verdict, none slips through as what it is not."""

from collections import Counter
from functools import cache

import pytest

from attachguard.adapters.memory import MemoryLedger, MemoryStore
from attachguard.kinds import KINDS
from attachguard.model import Outcome, Verdict
from attachguard.pipeline import guard
from attachguard.policy import Policy
from attachguard.ports import Kit, Sandbox, Scanner
from attachguard.uploads import upload_from_path
from tests.corpus import CorpusFile, corpus, needs_corpus

pytestmark = [needs_corpus, pytest.mark.corpus]

TEXT = frozenset({"txt", "csv"})
"""Whatever is text may be delivered as text, inert: no detector can tell a program's source from a note."""

DELIVERED = frozenset({Outcome.ACCEPTED, Outcome.NORMALIZED})


@pytest.fixture(scope="module")
def judged(scanner: Scanner, sandbox: Sandbox, policy: Policy) -> dict[CorpusFile, Verdict]:
    kit = Kit(scanner=scanner, sandbox=sandbox, store=MemoryStore(), ledger=MemoryLedger())

    @cache
    def judge(path: str) -> Verdict:
        return guard(upload_from_path(path), policy, kit)

    return {file: judge(str(file.path)) for file in (*corpus("types.csv"), *corpus("pdf.csv"))}


def kind_of(verdict: Verdict) -> str:
    return verdict.attachment.kind.name if verdict.attachment.kind else "-"


def test_every_file_gets_a_verdict(judged: dict[CorpusFile, Verdict]) -> None:
    assert [str(f.path) for f, v in judged.items() if v.outcome is Outcome.UNDETERMINED] == []


def test_no_reader_crashes_or_breaks_out(judged: dict[CorpusFile, Verdict]) -> None:
    bad = {"sandbox.crashed", "sandbox.violation", "sandbox.timeout", "sandbox.memory", "sandbox.output"}
    hit = Counter(
        (finding.code, file.path.name)
        for file, verdict in judged.items()
        for finding in (*verdict.original.findings, *verdict.reasons)
        if finding.code in bad
    )
    assert hit == Counter()


def test_what_is_not_accepted_is_delivered_as_plain_text_at_most(judged: dict[CorpusFile, Verdict]) -> None:
    slipped = [
        f"{file.path.name} as {kind_of(verdict)}"
        for file, verdict in judged.items()
        if file.true_type == "other" and verdict.outcome in DELIVERED and kind_of(verdict) not in TEXT
    ]
    assert slipped == []


def test_good_files_are_found_to_be_what_they_are(judged: dict[CorpusFile, Verdict]) -> None:
    good = {f: v for f, v in judged.items() if f.set in {"good", "edge_good"} and f.true_type in KINDS}
    wrong = [f"{f.path.name}: {f.true_type} found as {kind_of(v)}" for f, v in good.items() if not _same(f, v)]
    assert len(wrong) <= 0.02 * len(good), wrong


def _same(file: CorpusFile, verdict: Verdict) -> bool:
    """A one-column table and a note are told apart by their names only, as are HTML and XHTML in .html files."""
    alike = ({"csv", "txt"}, {"html", "xhtml"})
    found, true = kind_of(verdict), file.true_type
    return found == true or any({found, true} <= pair for pair in alike)
