"""A client without manners: bytes over a socket, as slow, as false and as many as a test wants."""

import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from tests.doors.http.server import Server

BOUNDARY = "XYZ"


def connect(server: Server, seconds: float = 30) -> socket.socket:
    parts = urlsplit(server.url)
    assert parts.hostname
    assert parts.port
    return socket.create_connection((parts.hostname, parts.port), timeout=seconds)


def head(length: int | str | None, kind: str = f"multipart/form-data; boundary={BOUNDARY}", *more: str) -> bytes:
    lines = ["POST /v1/submissions HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {kind}", *more]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def part(name: str = "a.txt", data: bytes = b"hello\n", *more: str) -> bytes:
    lines = [f"--{BOUNDARY}", f'Content-Disposition: form-data; name="files"; filename="{name}"', *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def exchange(server: Server, *pieces: bytes, shut: bool = False) -> tuple[int, bytes]:
    """Send, and read the answer to its end; the status is 0 where there is none."""
    with connect(server) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
            if shut:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return answer(connection)


def answer(connection: socket.socket) -> tuple[int, bytes]:
    received = b""
    try:
        while b"\r\n\r\n" not in received or not _whole(received):
            piece = connection.recv(65536)
            if not piece:
                break
            received += piece
    except (ConnectionResetError, TimeoutError):
        pass
    status = int(received.split(b" ", 2)[1]) if received.startswith(b"HTTP/1.1 ") else 0
    return status, received.partition(b"\r\n\r\n")[2]


def _whole(received: bytes) -> bool:
    front, _, body = received.partition(b"\r\n\r\n")
    for line in front.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.partition(b":")[2])
    return False


def body(*parts: bytes, end: bytes = END) -> bytes:
    return b"".join(parts) + end


def joined(pieces: Iterable[bytes]) -> bytes:
    return b"".join(pieces)
