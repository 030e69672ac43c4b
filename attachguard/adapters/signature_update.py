"""Brings a signature folder up to date without ever leaving it worse than it was.

freshclam works on a copy. What it brought is loaded by a clamd of its own, which has to pass the probes; only then are
the new files exchanged for the old ones, each in one step. Broken, empty or older ones never reach the folder, and
whoever scans with it goes on with what there was.
"""

import enum
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from attachguard.adapters.clamd_child import START_SECONDS
from attachguard.adapters.clamd_conf import ClamdSettings
from attachguard.adapters.clamd_process import ClamdProcess
from attachguard.adapters.clamd_program import ClamdProgram, find_program
from attachguard.adapters.clamd_wire import Deadline
from attachguard.adapters.freshclam import FETCH_SECONDS, Answer, Fetch, Upstream, fetch
from attachguard.adapters.signatures import DATABASE_SUFFIXES, SignatureSet, demo_set
from attachguard.adapters.signatures.contents import SIGNED, contents, daily
from attachguard.errors import ScannerUnavailable, UsageError

PREFIX = ".attachguard-update-"
LAST_SUCCESS = "attachguard.updated"
"""A file whose time tells when the folder was last known to be up to date; clamd does not load it."""
FRESHCLAM_STATE = "freshclam.dat"
"""freshclam's own notes, among them how long a mirror asked it to wait."""


class Outcome(enum.StrEnum):
    """What came of an update."""

    UPDATED = "updated"
    CURRENT = "current"
    REFUSED = "refused"
    """What was fetched is no good; what there was stays in use."""
    UNREACHABLE = "unreachable"
    """Nothing could be fetched; what there was stays in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What came of an update, and which files were exchanged. One bad source does not stop the others."""

    outcome: Outcome
    detail: str
    changed: tuple[str, ...] = ()


def update(folder: Path, upstream: Upstream, *, seconds: float = FETCH_SECONDS) -> Update:
    """Bring `folder` up to date; it is made when it is missing.

    Loads the new signatures once to prove them: the official ones take 7 to 22 s and some 1.6 GB for that. Raises
    UsageError for a folder that can't be written to, ScannerUnavailable when clamd or freshclam can't be run or
    another update is under way.
    """
    program = find_program()
    _prepare(folder)
    with _locked(folder), _staging(folder, program) as staging:
        before = _digests(folder)
        fetches = fetch(program, staging, upstream, seconds=seconds)
        emptied = _put_back_emptied(staging, folder, before)
        after = _digests(staging)
        failed = next((fetch for fetch in fetches if fetch.answer is not Answer.DONE), emptied)
        if after == before:
            return _ended(folder, failed, changed=())
        try:
            _prove(program, staging, folder)
        except ScannerUnavailable as error:
            return Update(outcome=Outcome.REFUSED, detail=str(error))
        return _ended(folder, failed, changed=_exchange(staging, folder, before, after))


def last_success(folder: Path) -> datetime | None:
    """Tell when an update of ours last found or made the folder up to date; None: never."""
    try:
        return datetime.fromtimestamp((folder / LAST_SUCCESS).stat().st_mtime, UTC)
    except OSError:
        return None


def _prepare(folder: Path) -> None:
    if folder.resolve() == demo_set().folder.resolve():
        raise UsageError("the demo's signatures are not updated: name a folder of your own in ATTACHGUARD_SIGNATURES")
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"the signature folder can't be made: {error}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(
            f"{folder} can't be written to by this user: run this as root or as the user of clamd, "
            f"or name a folder of your own in ATTACHGUARD_SIGNATURES"
        )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep a second update out, and clear away what one that was killed left behind."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise ScannerUnavailable(f"another update of {folder} is under way") from error
    try:
        for left in folder.glob(PREFIX + "*"):
            shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        os.close(handle)


@contextmanager
def _staging(folder: Path, program: ClamdProgram) -> Iterator[Path]:
    """Copy what there is into a folder beside it, on the same file system, that freshclam may write to."""
    try:
        staging = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
    except OSError as error:
        raise ScannerUnavailable(f"no room for new signatures: {error}") from error
    try:
        for path in _files(folder):
            shutil.copy2(path, staging / path.name)  # with its time: freshclam asks for what is newer
        for path in (staging, *staging.iterdir()):
            if os.geteuid() == 0:
                os.chown(path, program.uid, program.gid)
        yield staging
    except OSError as error:
        raise ScannerUnavailable(f"the signatures can't be exchanged: {error}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _files(folder: Path) -> list[Path]:
    """List the database files and freshclam's notes."""
    return sorted(
        path
        for path in folder.iterdir()
        if (path.suffix.lower() in DATABASE_SUFFIXES or path.name == FRESHCLAM_STATE)
        and not path.name.startswith(".")
        and path.is_file()
    )


def _digests(folder: Path) -> Mapping[str, str]:
    found = {}
    for path in _files(folder):
        if path.name != FRESHCLAM_STATE:
            with path.open("rb") as file:
                found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _put_back_emptied(staging: Path, folder: Path, before: Mapping[str, str]) -> Fetch | None:
    """Keep the old file where the new one has no signature: clamd loads such a file without a word."""
    emptied = [path.name for path in _files(staging) if path.suffix.lower() not in SIGNED and _is_empty(path)]
    fetched = [name for name in emptied if name not in before or not _is_empty(folder / name)]
    for name in fetched:
        (staging / name).unlink()
        if name in before:
            shutil.copy2(folder / name, staging / name)
    if not fetched:
        return None
    return Fetch(answer=Answer.REFUSED, detail=f"there is no signature in {fetched[0]}")


def _is_empty(path: Path) -> bool:
    """Tell whether there is nothing but blank lines and comments in a database of lines."""
    with path.open("rb") as lines:
        return not any(line.strip() and not line.startswith(b"#") for line in iter(lambda: lines.readline(65536), b""))


def _prove(program: ClamdProgram, staging: Path, folder: Path) -> None:
    """Return when a clamd that loads the new files passes the probes, and nothing became older."""
    new, old = (_daily_version(place) for place in (staging, folder))
    if old is not None and (new is None or new < old):
        raise ScannerUnavailable(f"the daily database would go back from version {old} to {new or 'none'}")
    process = ClamdProcess(program, SignatureSet(folder=staging), ClamdSettings(), Deadline.after(START_SECONDS))
    try:
        if complaints := process.complaints:
            raise ScannerUnavailable(f"clamd leaves out what it can't read: {complaints[0]}")
    finally:
        process.close()


def _daily_version(folder: Path) -> int | None:
    if not any(path.name != FRESHCLAM_STATE for path in _files(folder)):
        return None
    found = daily(contents(SignatureSet(folder=folder)))
    return None if found is None else found.version


def _exchange(staging: Path, folder: Path, before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Put each new file in place in one step, then remove those that have no successor."""
    new = [name for name, digest in after.items() if before.get(name) != digest]
    for name in [*new, *([FRESHCLAM_STATE] if (staging / FRESHCLAM_STATE).exists() else [])]:
        (staging / name).chmod(0o644)
        with (staging / name).open("rb") as file:
            os.fsync(file.fileno())
        (staging / name).replace(folder / name)
    gone = [name for name in before if name not in after]
    for name in gone:
        (folder / name).unlink()
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return tuple(sorted((*new, *gone)))


def _ended(folder: Path, failed: Fetch | None, *, changed: tuple[str, ...]) -> Update:
    if failed is not None:
        outcome = Outcome.REFUSED if failed.answer is Answer.REFUSED else Outcome.UNREACHABLE
        return Update(outcome=outcome, detail=failed.detail, changed=changed)
    (folder / LAST_SUCCESS).touch()
    os.utime(folder / LAST_SUCCESS)
    if changed:
        return Update(outcome=Outcome.UPDATED, detail=f"new: {', '.join(changed)}", changed=changed)
    return Update(outcome=Outcome.CURRENT, detail="nothing newer to be had")
