"""Real office files and mail, where there are some: what people made is delivered."""

from collections import Counter
from dataclasses import replace

import pytest

from attachguard.adapters.memory import MemoryLedger, MemoryStore
from attachguard.kinds import KINDS
from attachguard.model import Outcome, Upload, Verdict
from attachguard.pipeline import guard
from attachguard.policy import Policy
from attachguard.ports import Kit, Sandbox, Scanner
from attachguard.uploads import upload_from_path
from tests.corpus import CorpusFile, corpus, needs_corpus

pytestmark = [needs_corpus, pytest.mark.corpus]

CHECKED = frozenset({"docx", "xlsx", "odt", "ods", "doc", "xls", "rtf", "eml", "tnef"})
DELIVERED = frozenset({Outcome.ACCEPTED, Outcome.NORMALIZED})

TRULY_BAD = frozenset({"file.encrypted", "malware.signature", "malware.part", "ole.xlm", "ole.dde", "ole.formula"})
"""Reasons for which a file is refused as it should be, also where it stands among good ones: passwords, malware, and
what acts in the main stream of a document of 1997."""

SHARE = 0.99


@pytest.fixture(scope="module")
def judged(scanner: Scanner, sandbox: Sandbox, policy: Policy) -> dict[CorpusFile, Verdict]:
    kit = Kit(scanner=scanner, sandbox=sandbox, store=MemoryStore(), ledger=MemoryLedger())
    good = [file for file in corpus("types.csv") if file.set == "good" and file.true_type in CHECKED]
    return {file: guard(named(file), policy, kit) for file in good}


def named(file: CorpusFile) -> Upload:
    """Send a file under a name of its kind: in the corpus some have none that would be accepted."""
    name = "winmail.dat" if file.true_type == "tnef" else f"{file.path.stem}.{KINDS[file.true_type].extension}"
    return replace(upload_from_path(str(file.path)), untrusted_name=name)


def test_good_office_files_and_mail_are_delivered(judged: dict[CorpusFile, Verdict]) -> None:
    refused = {file: verdict for file, verdict in judged.items() if verdict.outcome not in DELIVERED}
    wrongly = {
        file.path.name: sorted({finding.code for finding in verdict.reasons})
        for file, verdict in refused.items()
        if not TRULY_BAD & {finding.code for finding in verdict.reasons}
    }
    assert judged
    assert len(wrongly) <= (1 - SHARE) * len(judged), wrongly


def test_no_copy_is_thrown_away_for_what_it_shows(judged: dict[CorpusFile, Verdict]) -> None:
    doubted = Counter(
        (file.path.name, finding.code)
        for file, verdict in judged.items()
        for finding in verdict.reasons
        if finding.code in {"copy.unfaithful", "copy.unsafe", "copy.failed"}
    )
    assert doubted == Counter()
