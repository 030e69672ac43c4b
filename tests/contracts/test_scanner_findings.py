"""What the scanner names becomes a finding of our own, one for each kind of name."""

import hashlib
from pathlib import Path

import pytest

from attachguard.adapters.clamd_probes import eicar
from attachguard.adapters.clamd_wire import TOO_LARGE
from attachguard.adapters.memory import MemoryLedger, MemoryStore
from attachguard.adapters.memory_scanner import MemoryScanner
from attachguard.errors import ScannerUnavailable
from attachguard.model import Attachment, Finding, Limits
from attachguard.ports import Kit, Sandbox
from attachguard.stages.scan import scan


def attachment(folder: Path, data: bytes) -> Attachment:
    path = folder / "bytes"
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    return Attachment(path=path, size=len(data), sha256=digest, untrusted_name="a.txt", safe_name="a.txt")


def kit(scanner: MemoryScanner, sandbox: Sandbox) -> Kit:
    return Kit(scanner=scanner, sandbox=sandbox, store=MemoryStore(), ledger=MemoryLedger())


@pytest.mark.parametrize(
    ("hit", "code"),
    [
        ("Win.Test.EICAR_HDB-1", "malware.signature"),
        ("AttachGuard.Demo.Eicar.UNOFFICIAL", "malware.signature"),
        ("Heuristics.Phishing.Email.SpoofedDomain", "malware.signature"),
        ("Something.PUA.Inside", "malware.signature"),
        ("PUA.Win.Packer.Upx-49", "malware.unwanted"),
        ("Heuristics.Limits.Exceeded.MaxScanTime", "scanner.limits_exceeded"),
        ("Heuristics.Limits.Exceeded", "scanner.limits_exceeded"),
        (TOO_LARGE, "scanner.limits_exceeded"),
        ("Heuristics.Encrypted.Zip", "file.encrypted"),
        ("Heuristics.Encrypted.PDF", "file.encrypted"),
        ("Heuristics.OLE2.ContainsMacros.VBA", "scanner.macros"),
        ("Heuristics.Broken.Media.JPEG", "scanner.broken"),
        ("Heuristics.Broken.Executable", "scanner.broken"),
    ],
)
def test_each_name_has_its_finding_and_stands_in_its_detail(
    tmp_path: Path, sandbox: Sandbox, hit: str, code: str
) -> None:
    sample = attachment(tmp_path, b"sample")
    scanner = MemoryScanner(test_double=True, known={sample.sha256: hit})
    observed = scan(sample, Limits(), kit(scanner, sandbox))
    assert observed.findings == (Finding(code, detail=hit),)
    assert observed.scan is not None
    assert observed.scan.engine == "MemoryScanner (test double)"


def test_nothing_found_is_no_finding_but_says_who_looked(tmp_path: Path, sandbox: Sandbox) -> None:
    observed = scan(attachment(tmp_path, b"sample"), Limits(), kit(MemoryScanner(test_double=True), sandbox))
    assert observed.findings == ()
    assert observed.scan is not None


def test_no_answer_is_never_a_finding(tmp_path: Path, sandbox: Sandbox) -> None:
    scanner = MemoryScanner(test_double=True)
    scanner.down = "gone"
    with pytest.raises(ScannerUnavailable):
        scan(attachment(tmp_path, eicar()), Limits(), kit(scanner, sandbox))
