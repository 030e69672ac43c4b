"""An engine for tests: real ledger, real shelves, real `guard`, and a room that does what a file's first line says."""

import ctypes
import dataclasses
import functools
import hashlib
import io
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attachguard.adapters.memory import MemoryStore
from attachguard.adapters.memory_scanner import MemoryScanner
from attachguard.adapters.processes import is_gone
from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.adapters.wakeups import NoWakeup
from attachguard.bootstrap import clean, foreign, quarantine, terms
from attachguard.jobs import Terms
from attachguard.model import (
    Attachment,
    Check,
    Finding,
    Identification,
    Inspection,
    JudgedPart,
    Limits,
    Rebuilt,
    ScanResult,
    Upload,
    Verification,
)
from attachguard.policy import load_policy
from attachguard.ports import Kit, Sandbox, Scanner, Wakeup
from attachguard.service import Service
from attachguard.settings import VARIABLES, Secret, Settings


class SteeredSandbox:
    """Does what the file says: `crash`, `hang`, `sleep 2`, `hold PATH`, `reject`, `bug`; all else is fine text."""

    def identify(self, attachment: Attachment, limits: Limits) -> Identification:
        word, _, rest = attachment.path.read_bytes()[:1000].decode("latin-1").partition("\n")[0].partition(" ")
        if word == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if word == "hang":
            hang()
        if word == "sleep":
            time.sleep(float(rest))
        if word == "hold":
            hold(Path(rest))
        if word == "bug":
            raise ZeroDivisionError("a bug of ours")
        findings = (Finding("type.unknown"),) if word == "reject" else ()
        return Identification(kind="txt", described="text", magic="text/plain", findings=findings)

    def inspect(self, attachment: Attachment, limits: Limits) -> Inspection:
        return Inspection()

    def normalize(self, attachment: Attachment, method: str, parts: Sequence[JudgedPart], limits: Limits) -> Rebuilt:
        raise AssertionError("nothing here is normalized")

    def unlock(self, attachment: Attachment, password: str, limits: Limits) -> Rebuilt:
        raise AssertionError("nothing here is locked")

    def verify(self, original: Attachment, copy: Attachment, limits: Limits) -> Verification:
        return Verification()

    def probe(self) -> Sequence[Check]:
        return ()


def hang() -> None:
    """Wait in C for a lock that nobody gives back, holding the interpreter's: no signal, no thread gets through."""
    mutex = ctypes.create_string_buffer(64)
    lock = ctypes.PyDLL(None).pthread_mutex_lock
    lock(mutex)
    lock(mutex)


def hold(mark: Path) -> None:
    """Be held until somebody opens, the first time only: who comes later passes at once. `mark` tells who is held."""
    new = mark.with_suffix(f".{os.getpid()}")
    new.write_text(str(os.getpid()))
    try:
        os.link(new, mark)  # whole, and one only
    except FileExistsError:
        return
    while not mark.with_suffix(".open").exists():
        time.sleep(0.02)
    mark.with_suffix(".passed").touch()


class NotingScanner:
    """A scanner that notes in a folder what it found clean: what else is delivered was not scanned."""

    def __init__(self, scanner: Scanner, folder: Path) -> None:
        self._scanner, self._folder = scanner, folder
        folder.mkdir(parents=True, exist_ok=True)

    def scan(self, path: Path) -> ScanResult:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        result = self._scanner.scan(path)
        if result.hit is None:
            (self._folder / digest).touch()
        return result

    def probe(self) -> Sequence[Check]:
        return self._scanner.probe()


def upload(text: str | bytes, name: str = "note.txt") -> Upload:
    data = text.encode() if isinstance(text, str) else text
    return Upload(untrusted_name=name, open=lambda: io.BytesIO(data))


def settings(folder: Path, **changes: object) -> Settings:
    """Settings of an engine that lives in a folder."""
    made = Settings(
        store_url=f"file://{folder}/clean",
        quarantine_url=f"file://{folder}/quarantine",
        ledger_url=f"sqlite:///{folder}/ledger.sqlite3",
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]  # a test names fields


def timing(chosen: Settings) -> Terms:
    """Terms of a test: no pause between attempts, no grace for orphans, stale intents at once."""
    return dataclasses.replace(
        terms(chosen),
        backoff=timedelta(seconds=0.1),
        grace=timedelta(0),
        abandon=timedelta(0),
        announce=timedelta(seconds=5),
    )


@contextmanager
def engine(
    chosen: Settings,
    *,
    scanner: Scanner | None = None,
    sandbox: Sandbox | None = None,
    wakeup: Wakeup | None = None,
    terms_of: Terms | None = None,
    ledger: SqlLedger | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Service]:
    """A service of real parts, but for the room and the scanner."""
    book = ledger or SqlLedger(chosen.ledger_url, clock)
    policy = load_policy("marketplace")
    try:
        yield Service(
            kit=Kit(
                scanner=scanner or MemoryScanner(test_double=True),
                sandbox=sandbox or SteeredSandbox(),
                store=MemoryStore(),
                ledger=book,
            ),
            ledger=book,
            quarantine=quarantine(chosen),
            clean=clean(chosen),
            wakeup=wakeup or NoWakeup(),
            policies=lambda name: policy if name == "marketplace" else load_policy(name),
            default_policy="marketplace",
            terms=terms_of or terms(chosen),
            is_gone=is_gone,
            foreign=functools.partial(foreign, chosen),
            clock=clock,
        )
    finally:
        book.close()


def variables_of(settings: Settings) -> dict[str, str]:
    """Say settings as the environment of another process."""
    found = {}
    for field, variable in VARIABLES.items():
        value = getattr(settings, field)
        if isinstance(value, tuple):
            found[variable] = " ".join(value)
        elif value is not None:
            found[variable] = value.value if isinstance(value, Secret) else str(value)
    return found
