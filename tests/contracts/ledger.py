"""What every ledger promises; each ledger's tests inherit this."""

from pathlib import Path

import pytest

from attachguard.errors import LedgerUnavailable
from attachguard.model import Action, Attachment, Finding, Outcome, Report, SubmissionVerdict, Verdict
from attachguard.ports import Ledger


def verdict(submission: str = "s1", outcome: Outcome = Outcome.REJECTED) -> SubmissionVerdict:
    attachment = Attachment(
        path=Path("/nonexistent"), size=3, sha256="0" * 64, untrusted_name="a.pdf", safe_name="a.pdf"
    )
    finding = Finding("pdf.launch")
    report = Report(attachment=attachment, findings=(finding,), action=Action.REJECT, deciding=(finding,))
    one = Verdict(outcome=outcome, original=report, rendered=None, policy="marketplace@1", reasons=(finding,))
    return SubmissionVerdict(submission=submission, policy="marketplace@1", verdicts=(one,))


class LedgerContract:
    """A ledger has recorded when `record` returns, once per submission, or raises LedgerUnavailable."""

    @pytest.fixture
    def ledger(self, tmp_path: Path) -> Ledger:
        raise NotImplementedError

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Ledger:
        raise NotImplementedError

    def recorded(self, ledger: Ledger, tmp_path: Path) -> list[tuple[str, str]]:
        """List (submission, verdict), read by another way than the ledger's own."""
        raise NotImplementedError

    def test_a_verdict_is_recorded(self, ledger: Ledger, tmp_path: Path) -> None:
        ledger.record(verdict("s1"))
        ledger.record(verdict("s2", Outcome.INFECTED))
        assert self.recorded(ledger, tmp_path) == [("s1", "rejected"), ("s2", "infected")]

    def test_a_submission_has_one_verdict(self, ledger: Ledger, tmp_path: Path) -> None:
        ledger.record(verdict("s1"))
        with pytest.raises(LedgerUnavailable):
            ledger.record(verdict("s1", Outcome.ACCEPTED))
        assert self.recorded(ledger, tmp_path) == [("s1", "rejected")]

    def test_a_broken_ledger_is_unavailable_not_silent(self, broken: Ledger) -> None:
        with pytest.raises(LedgerUnavailable):
            broken.record(verdict())

    def test_the_probe_tells_a_good_ledger_from_a_broken_one(self, ledger: Ledger, broken: Ledger) -> None:
        assert all(check.ok for check in ledger.probe())
        assert not all(check.ok for check in broken.probe())
