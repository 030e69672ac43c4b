"""A clamd that attachguard did not start: real, with settings and signatures of the test's own."""

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from attachguard.adapters import clamd_control
from attachguard.adapters.clamd_conf import ClamdSettings, clamd_conf, database_folder, socket_path, temporary_folder
from attachguard.adapters.clamd_home import ClamdHome
from attachguard.adapters.clamd_program import find_program
from attachguard.adapters.clamd_wire import Address, Deadline, UnixAddress
from attachguard.adapters.signatures import demo_set
from attachguard.errors import ScannerUnavailable

DEBIAN = {
    # what Debian's clamd.conf says where it differs from ours
    "AlertExceedsMax": "no",
    "AlertEncrypted": "no",
    "AlertEncryptedArchive": "no",
    "AlertEncryptedDoc": "no",
    "MaxFileSize": "25M",
    "MaxScanSize": "100M",
    "MaxRecursion": "16",
    "StreamMaxLength": "25M",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignClamd:
    """A running one."""

    home: Path
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> UnixAddress:
        return UnixAddress(socket_path(self.home))

    @property
    def signatures(self) -> Path:
        """The folder it loads; a test may change it and reload."""
        return database_folder(self.home)

    @property
    def unpacks_in(self) -> Path:
        return temporary_folder(self.home)

    def reload(self) -> None:
        """Load the signatures again, and wait until that was done or given up: the log says so."""
        before = self._reloads()
        clamd_control.reload(self.address, Deadline.after(10))
        _until(lambda: self._reloads() > before)

    def _reloads(self) -> int:
        log = (self.home / "log").read_text()
        return log.count("Database correctly reloaded") + log.count("Database reload failed")


@contextmanager
def foreign_clamd(
    changes: Mapping[str, str] | None = None, *, tcp_port: int | None = None, prefix: Sequence[str] = ()
) -> Iterator[ForeignClamd]:
    """Run one with our settings, except for these changes; `prefix`: a command that runs it."""
    program = find_program()
    home = ClamdHome(program.uid, program.gid)
    try:
        demo_set().lay_out(database_folder(home.path))
        (home.path / "clamd.conf").write_text(_conf(home.path, program.number, changes or {}, tcp_port))
        with (home.path / "log").open("wb") as log:
            command = [*prefix, *program.command(str(home.path / "clamd.conf"))]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=home.path)
        try:
            clamd = ForeignClamd(home=home.path, process=process)
            _until(lambda: answers(clamd.address))
            yield clamd
        finally:
            process.kill()
            process.wait()
    finally:
        home.remove()


def _conf(home: Path, number: tuple[int, ...], changes: Mapping[str, str], tcp_port: int | None) -> str:
    lines = dict(line.split(" ", 1) for line in clamd_conf(home, number, ClamdSettings()).splitlines())
    lines |= changes
    if tcp_port is not None:
        lines |= {"TCPSocket": str(tcp_port), "TCPAddr": "127.0.0.1"}
    return "".join(f"{name} {value}\n" for name, value in lines.items())


def answers(address: Address) -> bool:
    try:
        clamd_control.ping(address, Deadline.after(1))
    except ScannerUnavailable:
        return False
    return True


def _until(done: Callable[[], bool]) -> None:
    limit = time.monotonic() + 10
    while not done():
        assert time.monotonic() < limit, "clamd did not get ready"
        time.sleep(0.005)
