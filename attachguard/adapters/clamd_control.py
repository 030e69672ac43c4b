"""clamd's small talk (PING, VERSION, STATS, RELOAD, where is your socket?), spoken by pyclamd.

pyclamd knows the commands and the places of clamd.conf. Its two socket methods are replaced here: as they come
they wait five times the timeout, have no deadline, leave sockets open after an error and take half a reply for
a whole one. Its scan methods are not used at all: they say "clean" when clamd dies (see clamd_wire.py).
"""

import re
import socket  # noqa: TC003 - one import block for all, as elsewhere
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyclamd

from attachguard.adapters.clamd_wire import Address, Deadline, NoAnswerInTime, UnixAddress, connect
from attachguard.errors import ScannerUnavailable
from attachguard.model import printable

_REPLY_LENGTH = 64 * 1024
"""STATS of a clamd with every thread at work stays far below this many bytes."""

_VERSION = re.compile(
    r"(?P<engine>ClamAV (?P<number>\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)[!-.0-~]{0,40})"  # ClamAV 1.4.6, 1.5.0-rc
    r"(?:/(?P<daily>\d{1,9})"  # the version of daily.cvd, absent when none is loaded
    r"/[A-Z][a-z]{2} (?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2}) (?P<time>\d\d:\d\d:\d\d) (?P<year>\d{4}))?"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_QUEUE = re.compile(r"QUEUE: (\d{1,9}) items")
_THREADS = re.compile(r"THREADS: live (\d{1,6}) {1,4}idle (\d{1,6}) max (\d{1,6})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What VERSION says."""

    engine: str
    """`ClamAV 1.4.6`"""
    number: tuple[int, ...]
    """`(1, 4, 6)`"""
    daily: int | None
    """Version of the official daily database; None when none is loaded."""
    built: datetime | None
    """When that database was built. clamd gives its local time without a zone; it is taken as UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What STATS says, as far as it tells busy from dead."""

    queued: int
    busy: int
    threads: int


class _Talk(pyclamd.ClamdUnixSocket):  # type: ignore[misc]  # pyclamd ships no annotations
    """pyclamd's commands over a connection of ours: any address, one deadline, whole replies."""

    def __init__(self, address: Address, deadline: Deadline) -> None:
        # Not super().__init__: it opens a connection only to close it.
        self._address = address
        self._deadline = deadline
        self.clamd_socket: socket.socket | None = None

    def _init_socket(self) -> None:
        self.clamd_socket = connect(self._address, self._deadline)

    def _recv_response(self) -> str:
        """Read all that clamd says until it hangs up; empty when it has said it."""
        assert self.clamd_socket is not None
        reply = b""
        while len(reply) <= _REPLY_LENGTH:
            self.clamd_socket.settimeout(self._deadline.left())
            try:
                part = self.clamd_socket.recv(4096)
            except TimeoutError as error:
                raise NoAnswerInTime("clamd did not answer in time") from error
            if not part:
                break
            reply += part
        if reply and not reply.endswith(b"\n"):
            raise ScannerUnavailable(f"clamd broke off: {printable(reply.decode('latin-1'), 80)}")
        return reply.decode("latin-1").strip()

    def hang_up(self) -> None:
        if self.clamd_socket is not None:
            self.clamd_socket.close()


class _Configured(pyclamd.ClamdUnixSocket):  # type: ignore[misc]  # pyclamd ships no annotations
    """pyclamd's search for the socket in clamd.conf, without its trial connection."""

    def _init_socket(self) -> None:
        """Look only."""

    def _close_socket(self) -> None:
        """Nothing was opened."""


@contextmanager
def _talk(address: Address, deadline: Deadline) -> Iterator[_Talk]:
    talk = _Talk(address, deadline)
    try:
        yield talk
    except OSError as error:  # pyclamd's own ConnectionError is one too
        raise ScannerUnavailable(f"clamd at {address} does not answer: {error}") from error
    finally:
        talk.hang_up()


def ping(address: Address, deadline: Deadline) -> None:
    """Return when clamd says PONG; raises ScannerUnavailable."""
    with _talk(address, deadline) as talk:
        talk.ping()


def version(address: Address, deadline: Deadline) -> Version:
    """Ask for engine and database; raises ScannerUnavailable, also for an answer that is not clamd's."""
    with _talk(address, deadline) as talk:
        text: str = talk.version()
    return parse_version(text)


def stats(address: Address, deadline: Deadline) -> Stats:
    """Ask how much work is waiting; raises ScannerUnavailable."""
    with _talk(address, deadline) as talk:
        text: str = talk.stats()
    queue = _QUEUE.search(text)
    threads = _THREADS.search(text)
    if queue is None or threads is None:
        raise ScannerUnavailable(f"clamd's STATS can't be read: {printable(text, 80)}")
    live, idle, most = (int(number) for number in threads.groups())
    return Stats(queued=int(queue[1]), busy=max(0, live - idle), threads=most)


def reload(address: Address, deadline: Deadline) -> None:
    """Tell clamd to load its database again. It answers at once; only a probe shows what came of it."""
    with _talk(address, deadline) as talk:
        text: str = talk.reload()
    if text != "RELOADING":
        raise ScannerUnavailable(f"clamd did not take RELOAD: {printable(text, 80)}")


def parse_version(text: str) -> Version:
    """Read `ClamAV 1.4.6/27830/Tue Jun 22 18:58:22 2021`, or without the database. Raises ScannerUnavailable."""
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        raise ScannerUnavailable(f"this is no clamd's version: {printable(text, 80)}")
    return Version(
        engine=match["engine"],
        number=tuple(int(part) for part in match["number"].split(".")),
        daily=int(match["daily"]) if match["daily"] else None,
        built=_built(match) if match["daily"] else None,
    )


def _built(match: re.Match[str]) -> datetime | None:
    """Read the build time; None where it is no date. Month names are clamd's, in any locale of ours."""
    if match["month"] not in _MONTHS:
        return None
    month = _MONTHS.index(match["month"]) + 1
    try:
        return datetime.fromisoformat(f"{match['year']}-{month:02}-{int(match['day']):02}T{match['time']}").replace(
            tzinfo=UTC
        )
    except ValueError:
        return None


def configured_socket() -> UnixAddress | None:
    """Where the system's clamd.conf says the socket is; None without a clamd.conf that says so."""
    try:
        return UnixAddress(Path(_Configured().unix_socket))
    except (OSError, ValueError):  # no file, no permission, no such line; not text
        return None
