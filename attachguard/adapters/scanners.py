"""Which scanner: the clamd that is named, the one that runs on this machine, or a private one."""

import ipaddress
import stat
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from attachguard.adapters.clamd import Clamd, ClamdSource, RunningClamd
from attachguard.adapters.clamd_child import ClamdChild
from attachguard.adapters.clamd_conf import ClamdSettings
from attachguard.adapters.clamd_control import configured_socket
from attachguard.adapters.clamd_live import Live, prove_all
from attachguard.adapters.clamd_wire import Address, Deadline, TcpAddress, UnixAddress
from attachguard.adapters.forks import renew_after_fork
from attachguard.adapters.signatures import choose_set
from attachguard.errors import ScannerUnavailable, UsageError
from attachguard.model import Check, Limits, SignatureRules

USUAL_SOCKETS = (
    Path("/run/clamav/clamd.ctl"),  # Debian, Ubuntu, Arch
    Path("/run/clamav/clamd.sock"),  # Alpine
    Path("/run/clamd.scan/clamd.sock"),  # Fedora
)

_PROBE_SECONDS = 5.0
"""How long the system's clamd may take to pass its probes before it is left alone."""


def open_scanner(
    url: str | None,
    signatures: Path | None,
    *,
    limits: Limits | None = None,
    rules: SignatureRules | None = None,
) -> Clamd:
    """Make the scanner that the settings ask for. Nothing is started before the first scan or probe.

    `url`: `unix:///path` or `tcp://127.0.0.1:3310`; another machine only as `tcp://host:3310?remote=allow`,
    because nothing on that way is encrypted or signed. Without a url: the system's clamd where it answers on its
    usual socket and passes the probes, else a private one. `signatures`: the folder the private one loads; naming
    it means that the private one is wanted. `limits` and `rules` are the policy's: how large files may be, how old
    signatures. Raises UsageError for a url that makes no sense.
    """
    limits = limits or Limits()

    def clamd(source: ClamdSource) -> Clamd:
        return Clamd(source, limits=limits, rules=rules)

    if url is not None:
        return clamd(RunningClamd(parse_address(url)))
    private = ClamdChild(choose_set(signatures), settings=ClamdSettings.above(limits))
    if signatures is not None:
        return clamd(private)
    return clamd(FoundOrPrivate(usual_addresses(), private, limits))


def parse_address(url: str) -> Address:
    """Read ATTACHGUARD_CLAMD_URL. Raises UsageError that says what to write instead."""
    form = "write unix:///run/clamav/clamd.ctl or tcp://127.0.0.1:3310"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"the address of clamd, {url!r}, can't be read ({error}); {form}") from error
    if parts.scheme == "unix" and not parts.netloc and parts.path.startswith("/"):
        return UnixAddress(Path(parts.path))
    if parts.scheme != "tcp" or not host or parts.path not in {"", "/"}:
        raise UsageError(f"the address of clamd, {url!r}, can't be read; {form}")
    if not _is_loopback(host) and parse_qs(parts.query).get("remote") != ["allow"]:
        raise UsageError(
            f"clamd at {host} is on another machine, and what is sent there is neither encrypted nor signed; "
            f"add ?remote=allow to the address if the network in between is yours"
        )
    return TcpAddress(host, port or 3310)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def usual_addresses() -> tuple[UnixAddress, ...]:
    """Where the system's clamd may be: what clamd.conf says, then the usual places."""
    configured = configured_socket()
    named = (configured,) if configured else ()
    return tuple(dict.fromkeys(named + tuple(UnixAddress(path) for path in USUAL_SOCKETS)))


class FoundOrPrivate:
    """A running clamd that passes the probes, else a private one; decided at the first question, once."""

    def __init__(self, addresses: Iterable[UnixAddress], private: ClamdChild, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._addresses = tuple(addresses)
        self._private = private
        self._chosen: ClamdSource | None = None
        self._passed_over: tuple[Check, ...] = ()
        self._lock = threading.Lock()
        renew_after_fork(self)

    @property
    def slots(self) -> int:
        """The same for both."""
        return ClamdSettings().slots

    def live(self, deadline: Deadline) -> Live:
        """Ask the chosen clamd. Raises ScannerUnavailable."""
        return self._choose(deadline).live(deadline)

    def doubt(self, live: Live) -> None:
        """Hand on to the one that was chosen."""
        if self._chosen is not None:
            self._chosen.doubt(live)

    def checks(self, live: Live, deadline: Deadline) -> Sequence[Check]:
        """Those of the chosen one, and why a running one was passed over."""
        return (*self._choose(deadline).checks(live, deadline), *self._passed_over)

    def close(self) -> None:
        """End the private one."""
        self._private.close()

    def after_fork(self) -> None:
        """In a forked process: a fresh lock."""
        self._lock = threading.Lock()

    def _choose(self, deadline: Deadline) -> ClamdSource:
        if self._chosen is not None:
            return self._chosen
        if not self._lock.acquire(timeout=deadline.left()):
            raise ScannerUnavailable("clamd did not answer in time")
        try:
            self._chosen = self._chosen or self._found(deadline) or self._private
            return self._chosen
        finally:
            self._lock.release()

    def _found(self, deadline: Deadline) -> ClamdSource | None:
        passed_over = []
        for address in self._addresses:
            if not _is_trustworthy_socket(address.path):
                continue
            running = RunningClamd(address)
            hurry = deadline.sooner(_PROBE_SECONDS)
            try:
                prove_all(running.live(hurry), self._limits, hurry)
            except ScannerUnavailable as error:
                deadline.left()
                detail = f"{address} is not used: {error}"
                passed_over.append(Check(name="system's clamd", ok=False, detail=detail, required=False))
            else:
                return running
        self._passed_over = tuple(passed_over)
        return None


def _is_trustworthy_socket(path: Path) -> bool:
    """Tell whether it is a socket in a folder where not just anybody can put one."""
    try:
        return stat.S_ISSOCK(path.stat().st_mode) and not path.parent.stat().st_mode & stat.S_IWOTH
    except OSError:
        return False
