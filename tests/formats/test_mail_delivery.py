"""Mail through the whole road: what becomes of the mail around a bad file is the policy's word."""

from email import message_from_bytes
from pathlib import Path

import pytest

from attachguard.adapters.disk_store import DiskStore
from attachguard.adapters.memory import MemoryLedger
from attachguard.model import Outcome, Verdict
from attachguard.pipeline import guard
from attachguard.policy import Policy, load_policy
from attachguard.ports import Kit, Sandbox, Scanner
from attachguard.uploads import upload_from_path
from samples.makers import mail, malware, pictures, tnef

DOCS = Path(__file__).resolve().parents[2] / "docs" / "mail.md"


@pytest.fixture
def kit(scanner: Scanner, sandbox: Sandbox, tmp_path: Path) -> Kit:
    return Kit(scanner=scanner, sandbox=sandbox, store=DiskStore(tmp_path / "clean"), ledger=MemoryLedger())


@pytest.fixture
def removing(tmp_path: Path) -> Policy:
    """The policy that the documentation shows."""
    shown = DOCS.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    path = tmp_path / "remove-and-deliver.toml"
    path.write_text(shown, encoding="utf-8")
    return load_policy(str(path))


def judged(data: bytes, name: str, policy: Policy, kit: Kit, folder: Path) -> Verdict:
    path = folder / name
    path.write_bytes(data)
    return guard(upload_from_path(str(path)), policy, kit)


def two_files(first: bytes, name: str) -> bytes:
    return mail.with_two_files(first, name, pictures.png(), "tas.png")


def test_malware_in_a_mail_makes_the_mail_infected(policy: Policy, kit: Kit, tmp_path: Path) -> None:
    verdict = judged(two_files(malware.eicar(), "notitie.txt"), "a.eml", policy, kit, tmp_path)
    assert (verdict.outcome, verdict.delivered) == (Outcome.INFECTED, None)


@pytest.mark.parametrize("name", ["a.eml", "winmail.dat"])
def test_a_policy_may_remove_malware_and_deliver_the_rest(
    removing: Policy, kit: Kit, tmp_path: Path, name: str
) -> None:
    infected = malware.eicar()
    made = two_files(infected, "notitie.txt") if name == "a.eml" else tnef.winmail(infected, "notitie.txt")
    verdict = judged(made, name, removing, kit, tmp_path)
    assert verdict.outcome is Outcome.NORMALIZED
    assert "malware.part" in {finding.code for finding in verdict.reasons}
    assert Outcome.INFECTED in {child.outcome for child in verdict.original.children}
    assert verdict.delivered is not None
    delivered = Path(verdict.delivered.location).read_bytes()
    assert infected not in delivered
    texts = [part.get_payload(decode=True) for part in message_from_bytes(delivered).walk() if not part.is_multipart()]
    assert any(b"notitie.txt (malware)" in text for text in texts if isinstance(text, bytes))


def test_under_such_a_policy_a_file_that_is_malware_itself_is_infected_all_the_same(
    removing: Policy, kit: Kit, tmp_path: Path
) -> None:
    verdict = judged(malware.eicar(), "notitie.txt", removing, kit, tmp_path)
    assert (verdict.outcome, verdict.delivered) == (Outcome.INFECTED, None)


def test_a_bad_file_does_not_make_the_mail_vanish_and_the_tree_tells_all(
    policy: Policy, kit: Kit, tmp_path: Path
) -> None:
    verdict = judged(two_files(malware.program(), "setup.exe"), "a.eml", policy, kit, tmp_path)
    assert verdict.outcome is Outcome.NORMALIZED
    tree = {child.attachment.safe_name: child for child in verdict.original.children}
    assert {name: child.outcome for name, child in tree.items()} == {
        "setup.exe": Outcome.REJECTED,
        "tas.png": Outcome.ACCEPTED,
    }
    assert all(child.reasons for child in tree.values() if child.outcome is Outcome.REJECTED)
    assert verdict.delivered is not None
    delivered = message_from_bytes(Path(verdict.delivered.location).read_bytes())
    assert [part.get_filename() for part in delivered.walk() if part.get_filename()] == ["tas.png"]


def test_a_mail_in_a_mail_has_a_tree_of_its_own(policy: Policy, kit: Kit, tmp_path: Path) -> None:
    inner = two_files(malware.program(), "setup.exe")
    outer = mail.with_file(inner, "inner.eml", "application/octet-stream")
    verdict = judged(outer, "a.eml", policy, kit, tmp_path)
    (child,) = verdict.original.children
    assert (verdict.outcome, child.outcome) == (Outcome.NORMALIZED, Outcome.NORMALIZED)
    assert {one.outcome for one in child.original.children} == {Outcome.ACCEPTED, Outcome.REJECTED}
