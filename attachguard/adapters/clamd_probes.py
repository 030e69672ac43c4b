"""Harmless questions whose answers show whether a clamd's "OK" means anything.

clamd says OK without having looked when its database is empty, its temporary folder is gone, a limit was met
without an alert, or a file is encrypted; PING notices none of these. So it is asked about files whose answer is
known. The EICAR test file is put together at run time and stands in no file.
"""

import io
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from attachguard.adapters.clamd_wire import TOO_LARGE
from attachguard.errors import ScannerUnavailable
from attachguard.model import Check, Limits

Ask = Callable[[bytes], str | None]
"""Has bytes scanned: the name of the hit, None for clean; raises ScannerUnavailable."""

MIB = 1024 * 1024
NESTED = 20
"""Zips in zips: more than any sensible MaxRecursion."""
LARGEST_MEMBER = Limits().member_size
LARGEST_ASKED = 256 * MIB
"""Bytes of the largest file a probe makes: doctor must not need the memory of the largest policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A file whose answer is known."""

    name: str
    payload: Callable[[], bytes]
    passes: Callable[[str | None], bool]
    wrong: str
    """What another answer means, for whoever runs the machine."""


@cache
def eicar() -> bytes:
    """Put together the EICAR test file (eicar.org): 68 bytes that every scanner reports and that do nothing."""
    return b"".join((rb"X5O!P%@AP[4\PZX54(P^)", b"7CC)7}$EICAR", b"-STANDARD-ANTIVIRUS", b"-TEST-FILE!$H+H*"))


def _zip(name: str, data: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return packed.getvalue()


@cache
def eicar_zip() -> bytes:
    """Put EICAR into a zip, deflated: to find it clamd has to unpack."""
    return _zip("eicar.com", eicar())


@cache
def encrypted_zip() -> bytes:
    """Make a zip whose only member says that it is encrypted (APPNOTE 4.4.4, general purpose bit 0)."""
    packed = bytearray(_zip("secret.txt", b"not really encrypted, but who could tell", zipfile.ZIP_STORED))
    packed[6] |= 1  # local file header, 4.3.7
    packed[packed.rfind(b"PK\1\2") + 8] |= 1  # central directory header, 4.3.12
    return bytes(packed)


@cache
def deep_zip() -> bytes:
    """Put EICAR into a zip in a zip, deflated each time."""
    data = eicar_zip()
    for _ in range(NESTED):
        data = _zip("inner.zip", data)
    return data


@cache
def large_member(size: int = LARGEST_MEMBER) -> bytes:
    """Make the start of a tar (POSIX.1-1988 ustar) whose only member says that it has so many bytes.

    clamd looks at the size before the bytes: too large is an alert at once, and what is missing is not missed.
    """
    member = tarfile.TarInfo("large.bin")
    member.size = size
    return member.tobuf(tarfile.USTAR_FORMAT) + bytes(512)


def clean() -> bytes:
    """Make a file with nothing in it to report."""
    return b"attachguard asks whether its virus scanner is awake.\n"


def _is_malware(hit: str | None) -> bool:
    return hit is not None and not hit.startswith("Heuristics.")


ESSENTIAL = (
    Probe(
        name="eicar",
        payload=eicar,
        passes=_is_malware,
        wrong="the EICAR test file is not found: its signature database is empty or is not the one meant",
    ),
    Probe(
        name="eicar in a zip",
        payload=eicar_zip,
        passes=_is_malware,
        wrong="the EICAR test file is not found inside a zip: it can't unpack, look at its temporary folder",
    ),
    Probe(
        name="clean file",
        payload=clean,
        passes=lambda hit: hit is None,
        wrong="a harmless text is reported",
    ),
)
"""What every clamd has to show before its word counts, and again every minute."""

STILL_AWAKE = ESSENTIAL[1]
"""The one that shows most: signatures, engine and temporary folder at once."""

_ALERTING = (
    Probe(
        name="encrypted zip",
        payload=encrypted_zip,
        passes=lambda hit: hit is not None,
        wrong="an encrypted zip passes as clean",
    ),
    Probe(
        name="deep zip",
        payload=deep_zip,
        passes=lambda hit: hit is not None,
        wrong=f"what lies {NESTED} zips deep passes as clean, without being looked at",
    ),
)


def hardened(limits: Limits) -> tuple[Probe, ...]:
    """List what shows that a limit or a password is an alert; a clamd that others configured must show it too."""
    size = limits.member_size
    large = Probe(
        # A zip's member above MaxFileSize is cut short in silence (ClamAV 1.4), so the limit itself has to be known.
        name="large member",
        payload=lambda: large_member(size),
        passes=lambda hit: hit is None,
        wrong=f"what unpacks to {size // MIB} MiB is not looked at to its end (MaxFileSize)",
    )
    return (*_ALERTING, large)


def roomy(limits: Limits) -> Probe:
    """Ask what takes too long to ask each time: whether the largest file of the policy is taken."""
    size = min(limits.file_size, LARGEST_ASKED)
    return Probe(
        name="size limit",
        payload=lambda: bytes(size),
        passes=lambda hit: hit is None,
        wrong=f"a file of {size // MIB} MiB is more than it takes (StreamMaxLength, MaxFileSize)",
    )


def prove(ask: Ask, probes: Sequence[Probe]) -> None:
    """Return when every probe gets its answer; raises ScannerUnavailable that says which did not."""
    for probe in probes:
        if not probe.passes(ask(probe.payload())):
            raise ScannerUnavailable(f"clamd is not believed: {probe.wrong}")


def check(ask: Ask, probe: Probe) -> Check:
    """One line for doctor; never raises."""
    try:
        hit = ask(probe.payload())
    except ScannerUnavailable as error:
        return Check(name=probe.name, ok=False, detail=str(error))
    if not probe.passes(hit):
        return Check(name=probe.name, ok=False, detail=probe.wrong)
    return Check(name=probe.name, ok=True, detail=hit or "clean")


def too_large_check(ask: Ask, limit: int) -> Check:
    """One line for doctor: a file above the limit gets an answer of its own; never raises."""
    name = "over the size limit"
    try:
        hit = ask(bytes(limit + 1))
    except ScannerUnavailable as error:
        return Check(name=name, ok=False, detail=str(error))
    return Check(name=name, ok=hit == TOO_LARGE, detail=hit or "passes as clean, without being looked at")
