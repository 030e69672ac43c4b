"""An engine for tests: real ledger, real shelves, real `guard`, and a room that does what a file's first line says."""

import dataclasses
import io
import itertools
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from attachguard.adapters.memory import MemoryStore
from attachguard.adapters.memory_scanner import MemoryScanner
from attachguard.adapters.processes import is_gone
from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.adapters.wakeups import NoWakeup
from attachguard.bootstrap import clean, quarantine, terms
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
    Upload,
    Verification,
)
from attachguard.policy import load_policy
from attachguard.ports import Kit, Sandbox, Scanner, Wakeup
from attachguard.service import Service
from attachguard.settings import Settings


class SteeredSandbox:
    """Does what the file says: `crash`, `hang`, `sleep 2`, `hold 2 PATH`, `reject`, `bug`; all else is fine text."""

    def identify(self, attachment: Attachment, limits: Limits) -> Identification:
        word, _, rest = attachment.path.read_bytes()[:1000].decode("latin-1").partition("\n")[0].partition(" ")
        if word == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if word == "hang":
            sum(itertools.repeat(1))  # in C, holding the interpreter's lock: no signal, no thread gets through
        if word == "sleep":
            time.sleep(float(rest))
        if word == "hold":
            hold(*rest.split(" ", 1))
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


def hold(seconds: str, path: str) -> None:
    """Take that long the first time only: who is killed meanwhile makes way for somebody quick."""
    try:
        Path(path).touch(exist_ok=False)
    except FileExistsError:
        return
    time.sleep(float(seconds))


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
) -> Iterator[Service]:
    """A service of real parts, but for the room and the scanner."""
    book = ledger or SqlLedger(chosen.ledger_url)
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
        )
    finally:
        book.close()
