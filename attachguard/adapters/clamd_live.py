"""Who answers: one clamd, its engine and its signatures, as recorded with every verdict."""

from dataclasses import dataclass

from attachguard.adapters import clamd_probes
from attachguard.adapters.clamd_conf import ClamdSettings, foreign_clamd_advice
from attachguard.adapters.clamd_control import Version
from attachguard.adapters.clamd_wire import Address, Deadline, InMemory, NoAnswerInTime, ask
from attachguard.errors import ScannerUnavailable
from attachguard.model import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A clamd that answers. Two of these are equal exactly when nothing about it changed."""

    address: Address
    version: Version
    signatures: str
    """`daily 27830 2026-11-20T09:31:07Z`, or `custom` with the fingerprint of the database files."""
    fingerprint: str | None = None
    """SHA-256 over the database files; None where they can't be read from here."""
    configuration: str | None = None
    """SHA-256 over its settings, where they are ours."""
    demo: bool = False
    """Whether it knows EICAR and nothing else."""
    stream_length: int | None = None
    """The largest file it takes, where we know."""
    private: bool = False
    """Whether it is our own, whose signatures nobody else can change."""


def signature_identity(version: Version, fingerprint: str | None) -> str:
    """Name the database: by the official daily version where one is loaded, else by the files themselves."""
    if version.daily is not None:
        built = version.built.strftime("%Y-%m-%dT%H:%M:%SZ") if version.built else "unknown"
        return f"daily {version.daily} {built}"
    return f"custom {fingerprint[:12]}" if fingerprint else "custom unknown"


def asker(live: Live, deadline: Deadline) -> clamd_probes.Ask:
    """Make the question that probes ask of this clamd."""
    return lambda data: ask(live.address, InMemory(data), len(data), deadline)


def prove_essential(live: Live, deadline: Deadline) -> None:
    """Return when this clamd finds EICAR, plain and zipped, and nothing else; raises ScannerUnavailable."""
    clamd_probes.prove(asker(live, deadline), clamd_probes.ESSENTIAL)


def prove_all(live: Live, limits: Limits, deadline: Deadline) -> None:
    """Return when this clamd has passed every probe that makes its word count; raises ScannerUnavailable."""
    prove_essential(live, deadline)
    try:
        clamd_probes.prove(asker(live, deadline), clamd_probes.hardened(limits))
    except NoAnswerInTime:
        raise
    except ScannerUnavailable as error:
        needed = ClamdSettings.above(limits)
        raise ScannerUnavailable(f"{error}; clamd.conf needs {foreign_clamd_advice(needed)}") from error
