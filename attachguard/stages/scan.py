"""Scan: ask the virus scanner about the bytes, and say what it found in our own words."""

from attachguard.model import Attachment, Finding, Limits, Observed
from attachguard.ports import Kit

CODES: tuple[tuple[str, str], ...] = (
    # prefix of the scanner's name, finding; the names are libclamav's (heuristics are no malware by themselves)
    ("Heuristics.Limits.Exceeded", "scanner.limits_exceeded"),
    ("Heuristics.Encrypted.", "file.encrypted"),
    ("Heuristics.OLE2.ContainsMacros", "scanner.macros"),
    ("Heuristics.Broken.", "scanner.broken"),
    # names written #4a#61... for no good reason: a sign, no signature; what they hide is found by inspection
    ("Heuristics.PDF.ObfuscatedNameObject", "pdf.obfuscated"),
    ("PUA.", "malware.unwanted"),
)
"""First match wins; a name that is not here is malware."""


def scan(attachment: Attachment, limits: Limits, kit: Kit) -> Observed:
    """Have the whole file scanned: no finding means the scanner looked and knows nothing against it.

    Raises ScannerUnavailable when the scanner gives no believable answer.
    """
    del limits  # the scanner's own are above these, and meeting one of them is a hit
    result = kit.scanner.scan(attachment.path)
    findings = () if result.hit is None else (Finding(_code(result.hit), detail=result.hit),)
    return Observed(findings=findings, scan=result.identity)


def _code(hit: str) -> str:
    return next((code for prefix, code in CODES if hit.startswith(prefix)), "malware.signature")
