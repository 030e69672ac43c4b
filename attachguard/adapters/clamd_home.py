"""The private directory of one clamd: fresh, closed to others, locked while in use, always removed.

Fresh for each process, because a clamd that is still ending removes the socket of its successor on the same path
(measured). The lock tells the next start which directories nobody needs any more, after a `kill -9` of ours, and
tells systemd-tmpfiles to leave the others alone.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

from attachguard.errors import ScannerUnavailable

PREFIX = "attachguard-clamd-"

SOCKET_PATH_LENGTH = 100
"""A Unix socket's path has at most 107 bytes (unix(7)); the home's must leave room for `/clamd.sock`."""

_APPARMOR = Path("/sys/module/apparmor/parameters/enabled")
_APPARMOR_LOCAL = "/etc/apparmor.d/local/usr.sbin.clamd"

_GRACE = 60
"""Seconds that a directory without a lock is left alone: its owner may be about to lock it."""


class ClamdHome:
    """One directory, mode 0700, from its making to its end."""

    def __init__(self, uid: int, gid: int) -> None:
        """Make it for that user; raises ScannerUnavailable."""
        try:
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_parent()))
        except OSError as error:
            raise ScannerUnavailable(f"no directory for clamd can be made: {error}") from error
        self._owner = os.getpid()
        self._lock = -1
        try:
            self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for name in ("db", "tmp"):
                (self.path / name).mkdir(mode=0o700)
            if (uid, gid) != (os.geteuid(), os.getegid()):
                for place in (self.path, self.path / "db", self.path / "tmp"):
                    os.chown(place, uid, gid)
        except OSError as error:
            self.remove()
            raise ScannerUnavailable(f"no directory for clamd can be made: {error}") from error

    def remove(self) -> None:
        """Remove it with all that is in it. Does nothing the second time, or in a forked process."""
        if os.getpid() != self._owner or self._lock == -2:
            return
        if os.geteuid() != 0:  # root needs no mode; and must not follow what another user may have put there
            with contextlib.suppress(OSError):
                (self.path / "tmp").chmod(0o700)
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -2


def apparmor_advice(home: Path) -> str:
    """Say what to do where AppArmor keeps clamd out of this directory; empty where it does not."""
    try:
        enforced = _APPARMOR.read_text("ascii").startswith("Y")
    except (OSError, ValueError):
        enforced = False
    if not enforced or home.is_relative_to("/tmp"):  # noqa: S108 - the folder that clamd's profile names
        return ""
    return f"; AppArmor lets clamd work in /tmp only: set TMPDIR=/tmp, or allow {home.parent} in {_APPARMOR_LOCAL}"


def sweep() -> None:
    """Remove the directories of processes that were killed before they could."""
    for path in _parent().glob(PREFIX + "*"):
        try:
            _remove_when_abandoned(path)
        except OSError:
            continue  # it went away, or it is somebody else's


def _remove_when_abandoned(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(handle)
        mine = os.geteuid() in (0, found.st_uid)
        private = stat.S_IMODE(found.st_mode) == 0o700
        if mine and private and time.time() - found.st_mtime > _GRACE:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)  # follows no symlinks (rmtree.avoids_symlink_attacks)
    finally:
        os.close(handle)


def _parent() -> Path:
    """Find the temp dir, or /tmp where its name is too long for a socket's path."""
    parent = Path(tempfile.gettempdir())
    longest = parent / (PREFIX + "x" * 8)
    return parent if len(os.fsencode(longest)) + len("/clamd.sock") <= SOCKET_PATH_LENGTH else Path("/tmp")  # noqa: S108 - the last resort, and mkdtemp makes a fresh 0700 directory in it
