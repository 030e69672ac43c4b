"""A server that speaks clamd's protocol and misbehaves on cue, on a Unix socket and on a loopback port at once."""

import contextlib
import shutil
import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from attachguard.adapters import clamd_probes
from attachguard.adapters.clamd_wire import TcpAddress, UnixAddress

Behaviour = Callable[[socket.socket], None]
"""What is done with a connection once `zINSTREAM` was read from it; afterwards it is closed."""

PROBES: Mapping[bytes, bytes] = {
    clamd_probes.eicar(): b"stream: Eicar FOUND\0",
    clamd_probes.eicar_zip(): b"stream: Eicar FOUND\0",
    clamd_probes.clean(): b"stream: OK\0",
    clamd_probes.encrypted_zip(): b"stream: Heuristics.Encrypted.Zip FOUND\0",
    clamd_probes.deep_zip(): b"stream: Heuristics.Limits.Exceeded.MaxRecursion FOUND\0",
    clamd_probes.large_member(): b"stream: OK\0",
}
STATS = b"POOLS: 1\n\nSTATE: VALID PRIMARY\nTHREADS: live 1  idle 0 max 2 idle-timeout 30\nQUEUE: 0 items\nEND\n"


class ScriptedClamd:
    """Answers small talk properly, and streams as `behaviour` says."""

    def __init__(self, folder: Path) -> None:
        self.behaviour: Behaviour = properly
        self.version = b"ClamAV 1.4.6"
        self.replies: dict[bytes, bytes] = {}
        """Instead of the proper ones, per command."""
        self._unix = socket.socket(socket.AF_UNIX)
        self._unix.bind(str(folder / "clamd.sock"))
        self._tcp = socket.socket()
        self._tcp.bind(("127.0.0.1", 0))
        self.unix = UnixAddress(folder / "clamd.sock")
        self.tcp = TcpAddress("127.0.0.1", self._tcp.getsockname()[1])
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        for listener in (self._unix, self._tcp):
            listener.listen(200)
            thread = threading.Thread(target=self._accept, args=(listener,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        self._ended.set()
        for listener in (self._unix, self._tcp):
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._unix.close()
        self._tcp.close()

    def _accept(self, listener: socket.socket) -> None:
        while not self._ended.is_set():
            try:
                link, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        link.settimeout(10)
        with link, contextlib.suppress(OSError, EOFError):
            command = _until(link, b"\0\n")
            if command == b"zINSTREAM\0":
                self.behaviour(link)
            else:
                proper = {b"nPING\n": b"PONG\n", b"nVERSION\n": self.version + b"\n", b"nSTATS\n": STATS}
                link.sendall(self.replies.get(command) or proper[command])


@contextmanager
def scripted_clamd() -> Iterator[ScriptedClamd]:
    """Run one, in a folder with a name short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="scripted-"))
    server = ScriptedClamd(folder)
    try:
        yield server
    finally:
        server.close()
        shutil.rmtree(folder)


def _until(link: socket.socket, ends: bytes) -> bytes:
    command = b""
    while not command or command[-1] not in ends:
        if not (byte := link.recv(1)):
            raise EOFError
        command += byte
    return command


def _exactly(link: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        if not (part := link.recv(count - len(data))):
            raise EOFError
        data += part
    return data


def read_stream(link: socket.socket) -> bytes:
    """Read chunks up to the end mark."""
    data = b""
    while size := struct.unpack("!I", _exactly(link, 4))[0]:
        data += _exactly(link, size)
    return data


def properly(link: socket.socket) -> None:
    """Give the right answer to the probes; everything else is clean."""
    link.sendall(PROBES.get(read_stream(link), b"stream: OK\0"))


def except_for_probes(then: Behaviour) -> Behaviour:
    """Answer the probes, so as to be believed, and misbehave about everything else, having read it."""

    def behave(link: socket.socket) -> None:
        known = PROBES.get(read_stream(link))
        if known is not None:
            link.sendall(known)
        else:
            then(link)

    return behave


def saying(reply: bytes) -> Behaviour:
    """Read all, say this, hang up."""

    def behave(link: socket.socket) -> None:
        read_stream(link)
        link.sendall(reply)

    return behave


def saying_with_reset(reply: bytes) -> Behaviour:
    """Read all, say this, and reset the connection instead of closing it."""

    def behave(link: socket.socket) -> None:
        read_stream(link)
        link.sendall(reply)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return behave


def saying_without_listening(reply: bytes, after: int = 0) -> Behaviour:
    """Read `after` bytes of the stream, say this, hang up."""

    def behave(link: socket.socket) -> None:
        _exactly(link, after)
        link.sendall(reply)

    return behave
