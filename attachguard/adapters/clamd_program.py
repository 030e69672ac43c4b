"""The installed clamd program: where it is, which version, and as whom it runs."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache

from attachguard.adapters.clamd_control import parse_version
from attachguard.errors import ScannerUnavailable

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Looked through after PATH: an ordinary user's PATH often lacks sbin, where Debian puts clamd."""

USERS = ("clamav", "clamscan", "_clamav", "vscan", "nobody")
"""Who clamd may be, tried in this order when attachguard runs as root; distributions differ in the name."""

HOW_TO_INSTALL = (
    "install it (Debian, Ubuntu: `apt-get install clamav-daemon`; Fedora: `dnf install clamd`; "
    "Alpine: `apk add clamav-daemon`) or name a running one in ATTACHGUARD_CLAMD_URL"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClamdProgram:
    """A clamd that can be started."""

    path: str
    setpriv: str
    """util-linux's setpriv, which takes the privileges away and ties clamd's life to ours."""
    number: tuple[int, ...]
    uid: int
    gid: int

    def command(self, conf: str) -> list[str]:
        """Start clamd, contained."""
        return self.contained(self.path, "--config-file", conf)

    def contained(self, *command: str) -> list[str]:
        """Start a program with no privileges to gain, as somebody who is not root, ended when we end."""
        drop = ["--no-new-privs", "--pdeathsig", "KILL"]
        if os.geteuid() == 0:
            drop += [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups", "--inh-caps=-all"]
        return [self.setpriv, *drop, "--", *command]


def find_program(search: str | None = None) -> ClamdProgram:
    """Find clamd and how to start it; `search` replaces PATH and SEARCH_PATH.

    Raises ScannerUnavailable that says what is missing and how to install it.
    """
    places = search if search is not None else f"{os.environ.get('PATH', '')}:{SEARCH_PATH}"
    path = shutil.which("clamd", path=places)
    if path is None:
        raise ScannerUnavailable(f"the program clamd (ClamAV) is not installed; {HOW_TO_INSTALL}")
    setpriv = shutil.which("setpriv", path=places)
    if setpriv is None:
        raise ScannerUnavailable("the program setpriv is not installed; it is in the package util-linux")
    uid, gid = _unprivileged()
    return ClamdProgram(path=path, setpriv=setpriv, number=_number(path, os.stat(path).st_mtime_ns), uid=uid, gid=gid)


def _unprivileged() -> tuple[int, int]:
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    for name in USERS:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        if user.pw_uid != 0:
            return user.pw_uid, user.pw_gid
    raise ScannerUnavailable(f"clamd must not run as root, and there is no user {' or '.join(USERS)}")


@cache
def _number(path: str, _changed: int) -> tuple[int, ...]:
    """Ask the program for its version, once for as long as the file does not change."""
    try:
        done = subprocess.run(  # noqa: S603 - the program found above, fixed arguments
            [path, "--version", "--config-file", os.devnull],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ScannerUnavailable(f"{path} can't be run: {error}") from error
    return parse_version(done.stdout[:200].decode("latin-1")).number
