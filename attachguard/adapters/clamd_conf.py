"""The settings of a private clamd, written for the version that will read them.

The figures belong together: the limits of the policy (model.Limits) stay below clamd's, so that clamd never
stops looking at something attachguard would deliver, and every limit that clamd meets is an alert. Where a
reason is not given, clamd.conf(5) gives it.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from attachguard.errors import ScannerUnavailable
from attachguard.model import Limits

OLDEST_ENGINE = (1, 0)
"""Older ones do not know every option below; an option that clamd does not know stops its start."""

MIB = 1024 * 1024

MOST_BYTES = 2**31 - 1
"""The largest size that every version reads (libclamav counts some of them in 31 bits)."""
MOST_RECURSION = 100
"""Deeper than anybody nests files, and than clamd's stack of files in files should be made."""


def _cores() -> int:
    return max(2, len(os.sched_getaffinity(0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClamdSettings:
    """The figures of a private clamd."""

    stream_length: int = 11 * MIB
    """Bytes of the largest file it takes: above Limits.file_size."""
    file_size: int = 64 * MIB
    """Bytes of the largest thing inside a file it looks at: above Limits.member_size."""
    scan_size: int = 256 * MIB
    """Bytes it looks at in one file, all inflated things together: above Limits.inflated_size."""
    files: int = 2000
    """Things inside one file: above Limits.members."""
    recursion: int = 10
    """How deep it looks: above Limits.depth."""
    scan_seconds: int = 20
    """How long it looks at one file before it gives up, with an alert."""
    threads: int = 0
    """Files looked at side by side; 0: one per core, at least two. More only doubles the wait (measured)."""

    @property
    def slots(self) -> int:
        """How many files are looked at side by side."""
        return self.threads or _cores()

    @classmethod
    def above(cls, limits: Limits) -> "ClamdSettings":
        """Give the figures for a policy: each above its limit, and none below the usual one.

        A limit beyond what clamd can do is met by clamd first: such a file has a hit of its own and is never clean.
        """
        usual = cls()
        stream_length = min(MOST_BYTES, max(usual.stream_length, limits.file_size + MIB))
        file_size = min(MOST_BYTES, max(usual.file_size, limits.member_size * 5 // 4, stream_length))
        return cls(
            stream_length=stream_length,
            file_size=file_size,
            scan_size=min(MOST_BYTES, max(usual.scan_size, limits.inflated_size * 5 // 4, file_size)),
            files=max(usual.files, 2 * limits.members),
            recursion=min(MOST_RECURSION, max(usual.recursion, limits.depth + 5)),
        )


_ALERTS = (
    # An end of looking that is not an alert reads "OK": each of these turns one into an answer.
    ("AlertExceedsMax", "yes"),
    ("AlertEncrypted", "yes"),
    ("AlertEncryptedArchive", "yes"),
    ("AlertEncryptedDoc", "yes"),
    ("AlertOLE2Macros", "yes"),
    ("AlertBrokenExecutables", "yes"),
    ("AlertBrokenMedia", "yes"),
    ("AlertPartitionIntersection", "yes"),
    ("HeuristicScanPrecedence", "no"),  # a real name goes before a heuristic one
    ("DetectPUA", "yes"),  # the policy says what it means
    ("StructuredDataDetection", "no"),  # card numbers are no malware
)

_PROCESS = (
    ("Foreground", "yes"),  # the process we start is the process we end
    ("FixStaleSocket", "yes"),
    ("LocalSocketMode", "600"),  # any peer could shut it down: no other user, and no TCPSocket at all
    ("DisableCache", "yes"),  # up to 1.4 "seen before and clean" is remembered by MD5
    ("Bytecode", "yes"),
    ("MaxQueue", "100"),  # a full queue blocks PING too
    ("CommandReadTimeout", "10"),
    ("ReadTimeout", "30"),
    ("SelfCheck", "0"),  # its database does not change: a new one gets a new clamd, probed before it is used
    ("ExitOnOOM", "yes"),
)

_SINCE = (
    # version, option, value
    ((1, 5), "EnableShutdownCommand", "no"),
    ((1, 5), "EnableReloadCommand", "no"),
)


def clamd_conf(home: Path, engine: tuple[int, ...], settings: ClamdSettings) -> str:
    """Write clamd.conf for a clamd that lives in `home`. Raises ScannerUnavailable for one too old."""
    if engine < OLDEST_ENGINE:
        shown = ".".join(map(str, engine))
        raise ScannerUnavailable(f"clamd {shown} is too old: 1.0 or later is needed")
    figures = (
        ("LocalSocket", str(socket_path(home))),
        ("DatabaseDirectory", str(database_folder(home))),
        ("TemporaryDirectory", str(temporary_folder(home))),
        ("StreamMaxLength", str(settings.stream_length)),
        ("MaxFileSize", str(settings.file_size)),
        ("MaxScanSize", str(settings.scan_size)),
        ("MaxFiles", str(settings.files)),
        ("MaxRecursion", str(settings.recursion)),
        ("MaxScanTime", str(settings.scan_seconds * 1000)),
        ("MaxThreads", str(settings.slots)),
    )
    newer = tuple((name, value) for since, name, value in _SINCE if engine >= since)
    return "".join(f"{name} {value}\n" for name, value in figures + _ALERTS + _PROCESS + newer)


def foreign_clamd_advice(settings: ClamdSettings | None = None) -> str:
    """Tell what a clamd that attachguard did not start needs in its clamd.conf to pass the probes."""
    own = settings or ClamdSettings()
    figures = (
        f"StreamMaxLength {-(-own.stream_length // MIB)}M, MaxFileSize {-(-own.file_size // MIB)}M, "
        f"MaxScanSize {-(-own.scan_size // MIB)}M, MaxFiles {own.files}, MaxRecursion {own.recursion}"
    )
    return f"{figures}, AlertExceedsMax yes, AlertEncrypted yes"


def configuration_digest(engine: tuple[int, ...], settings: ClamdSettings) -> str:
    """Compute the SHA-256 over everything in clamd.conf that is not the place where it lies."""
    return hashlib.sha256(clamd_conf(Path("/"), engine, settings).encode()).hexdigest()


def socket_path(home: Path) -> Path:
    """Where that clamd listens."""
    return home / "clamd.sock"


def database_folder(home: Path) -> Path:
    """Where its signatures lie."""
    return home / "db"


def temporary_folder(home: Path) -> Path:
    """Where it unpacks."""
    return home / "tmp"
