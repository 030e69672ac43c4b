"""One clamd of our own, from its fresh directory to its end.

It runs without privileges, out of reach of our terminal (Ctrl-C is for us), on a socket nobody else can
open, and dies with the process that started it. It counts as started when it answers PING *and* the probes, among
them a signature made up for this very process: that one shows that the database in use is the one laid out here.
"""

import os
import secrets
import subprocess
import weakref
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from attachguard.adapters import clamd_probes
from attachguard.adapters.clamd_conf import (
    ClamdSettings,
    clamd_conf,
    configuration_digest,
    database_folder,
    socket_path,
    temporary_folder,
)
from attachguard.adapters.clamd_control import ping, version
from attachguard.adapters.clamd_home import ClamdHome, apparmor_advice, sweep
from attachguard.adapters.clamd_live import Live, signature_identity
from attachguard.adapters.clamd_program import ClamdProgram
from attachguard.adapters.clamd_wire import Deadline, InMemory, UnixAddress, ask
from attachguard.adapters.signatures import CANARY, SignatureSet, Stamp
from attachguard.errors import ScannerUnavailable
from attachguard.model import printable

_STOP_SECONDS = 10.0
"""How long the kernel may take to end a killed process."""

_LINES = 50
"""Lines of clamd's own words that are kept, to say why it did not start."""


class ClamdProcess:
    """A started, probed clamd. `close()` or the garbage collector or the interpreter's end remove it."""

    live: Live
    """Who it turned out to be."""
    stamp: Stamp
    """The signature files it was given, as they were on disk."""

    def __init__(
        self,
        program: ClamdProgram,
        signatures: SignatureSet,
        settings: ClamdSettings,
        deadline: Deadline,
        cancelled: Event | None = None,
    ) -> None:
        """Start one; returns when it answers and is believed.

        Raises ScannerUnavailable when that fails, takes too long or is cancelled; then nothing is left behind.
        """
        sweep()
        self._home = ClamdHome(program.uid, program.gid)
        self._unpacks_in = str(temporary_folder(self._home.path))
        self._keeper: _Keeper | None = None
        self._cancelled = cancelled or Event()
        self.stamp = ()
        try:
            self._start(program, signatures, settings, deadline)
        except (ScannerUnavailable, OSError) as error:
            self.close()
            advice = apparmor_advice(self.home)
            raise ScannerUnavailable(f"clamd can't be started: {error}{advice}") from error
        except BaseException:
            self.close()
            raise

    def _start(
        self, program: ClamdProgram, signatures: SignatureSet, settings: ClamdSettings, deadline: Deadline
    ) -> None:
        home = self._home.path
        self.address = UnixAddress(socket_path(home))
        self.stamp = signatures.stamp()
        laid_out = signatures.lay_out(database_folder(home))
        before = laid_out.stamp()
        canary = secrets.token_bytes(16)
        _write(database_folder(home) / CANARY, f"AttachGuard.Canary:0:*:{canary.hex()}\n")
        conf = _write(home / "clamd.conf", clamd_conf(home, program.number, settings))
        keeper = self._keeper = _Keeper(program.command(str(conf)), home)
        self._finalizer = weakref.finalize(self, _end, os.getpid(), keeper, self._home)
        fingerprint = laid_out.fingerprint()  # a large set takes a second: done while clamd is loading it
        _until_answered(keeper, self.address, deadline, self._cancelled)
        self._prove(canary, deadline)
        if laid_out.stamp() != before:
            raise ScannerUnavailable("the signature files changed while they were being loaded")
        told = version(self.address, deadline)
        self.live = Live(
            address=self.address,
            version=told,
            signatures=signature_identity(told, fingerprint),
            fingerprint=fingerprint,
            configuration=configuration_digest(program.number, settings),
            demo=signatures.demo,
            stream_length=settings.stream_length,
            private=True,
        )

    def _prove(self, canary: bytes, deadline: Deadline) -> None:
        def scan(data: bytes) -> str | None:
            return ask(self.address, InMemory(data), len(data), deadline)

        clamd_probes.prove(scan, clamd_probes.ESSENTIAL)
        if not (scan(canary) or "").startswith("AttachGuard.Canary"):
            raise ScannerUnavailable("clamd uses another signature database than the one it was given")

    @property
    def home(self) -> Path:
        """Its directory."""
        return self._home.path

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._keeper is not None
        return self._keeper.pid

    @property
    def complaints(self) -> tuple[str, ...]:
        """What it said against its signatures while it loaded them all the same: a rule it can't read is left out."""
        assert self._keeper is not None
        return self._keeper.complaints()

    @property
    def alive(self) -> bool:
        """Whether the process runs and still has the folder it unpacks into."""
        keeper = self._keeper
        return keeper is not None and not keeper.ended.is_set() and os.path.isdir(self._unpacks_in)

    def close(self) -> None:
        """End it and remove its directory. Does nothing in a forked process, which only borrows it."""
        if self._keeper is not None:
            self._finalizer()
        else:
            self._home.remove()


def _write(path: Path, text: str) -> Path:
    """Write a file that clamd's own user can read; the directory keeps everybody else out."""
    path.write_text(text, "utf-8")
    path.chmod(0o644)
    return path


def _end(owner: int, keeper: "_Keeper", home: ClamdHome) -> None:
    if os.getpid() != owner:
        return
    keeper.stop()
    home.remove()


def _until_answered(keeper: "_Keeper", address: UnixAddress, deadline: Deadline, cancelled: Event) -> None:
    """Wait for PONG: clamd opens its socket when its signatures are loaded."""
    pause = 0.002
    while True:
        if keeper.ended.is_set():
            raise ScannerUnavailable(keeper.last_words())
        if cancelled.is_set():
            raise ScannerUnavailable("the scanner was closed")
        if address.path.exists():
            try:
                return ping(address, deadline.sooner(5.0))
            except ScannerUnavailable:
                deadline.left()
        keeper.ended.wait(min(pause, deadline.left()))
        pause = min(pause * 1.5, 0.1)


class _Keeper:
    """The thread that starts clamd, listens to it and waits for its end.

    A thread of its own, because the kernel ends clamd with the *thread* that started it (PR_SET_PDEATHSIG,
    prctl(2)): a worker thread that happened to need the scanner first would take it along when it ends.
    """

    def __init__(self, command: list[str], home: Path) -> None:
        self.ended = Event()
        self._started = Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._error: OSError | None = None
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._thread = Thread(target=self._keep, args=(command, home), name="attachguard-clamd", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            raise self._error

    def _keep(self, command: list[str], home: Path) -> None:
        try:
            process = subprocess.Popen(  # noqa: S603 - a command we put together, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=home,
                env={"TZ": "UTC", "LC_ALL": "C", "PATH": "/usr/bin:/bin", "TMPDIR": str(temporary_folder(home))},
                start_new_session=True,
            )
        except OSError as error:
            self._error = error
            self.ended.set()
            self._started.set()
            return
        self._process = process
        self._started.set()
        assert process.stdout is not None
        with process.stdout as words:
            for line in iter(_reader(words.readline), b""):
                self._lines.append(printable(line.decode("latin-1").strip(), 200))
        process.wait()
        self.ended.set()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def last_words(self) -> str:
        """Why it ended: its last line that names an error, or its last line, or its exit status."""
        said = list(self._lines)
        errors = [line for line in said if "ERROR" in line or "Error" in line]
        status = self._process.returncode if self._process else None
        return (errors or said or [f"it ended with status {status}"])[-1]

    def complaints(self) -> tuple[str, ...]:
        return tuple(line for line in list(self._lines) if line.startswith("LibClamAV Error"))

    def stop(self) -> None:
        """End it; returns when it is gone and waited for.

        Killed, not asked: whoever waits for an answer was waited for before (Clamd.close), its directory is
        removed anyway, and a clamd that hangs would not listen.
        """
        if self._process is not None:
            self._process.kill()
        self._thread.join(_STOP_SECONDS)


def _reader(readline: Callable[[int], bytes]) -> Callable[[], bytes]:
    return lambda: readline(4096)
