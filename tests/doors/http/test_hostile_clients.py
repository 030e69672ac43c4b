"""Clients that lie, stop, trickle and shout: each gets its answer or its end, and the server goes on."""

import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.doors.http.made import send, text
from tests.doors.http.raw import BOUNDARY, answer, body, connect, exchange, head, part
from tests.doors.http.server import Server
from tests.servers.process import wait_until


@pytest.fixture(autouse=True)
def _goes_on(client: httpx.Client) -> Iterator[None]:
    yield
    assert send(client, ("after.txt", text("still here"))).status_code == 201


def test_a_whole_body_by_hand_is_taken(server: Server) -> None:
    whole = body(part())
    assert exchange(server, head(len(whole)), whole)[0] == 202


def test_a_body_that_is_cut_off_is_no_submission(server: Server) -> None:
    whole = body(part(data=b"x" * 5000))
    status, _ = exchange(server, head(len(whole)), whole[:2000], shut=True)
    assert status in {0, 400}
    assert [line for line in server.events() if '"bytes": 5000' in line] == []


def test_a_length_that_is_too_small_ends_the_body_early(server: Server) -> None:
    whole = body(part(data=b"x" * 5000))
    assert exchange(server, head(1000), whole)[0] == 400


def test_a_length_that_is_too_large_is_answered_when_nothing_more_comes(server: Server) -> None:
    whole = body(part())
    assert exchange(server, head(len(whole) + 500), whole, shut=True)[0] in {0, 400}


@pytest.mark.parametrize("length", ["-5", "x", "1, 2", "99999999999999999999"])
def test_a_length_that_is_none_is_refused(server: Server, length: str) -> None:
    assert exchange(server, head(length), body(part()))[0] in {400, 413}


def test_too_much_announced_is_refused_before_a_byte_is_sent(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(head(10**9, f"multipart/form-data; boundary={BOUNDARY}", "Expect: 100-continue"))
        status, problem = answer(connection)
    assert status == 413
    assert b"limit.total_size" in problem


def test_too_much_unannounced_is_refused_at_the_first_byte_too_many(server: Server) -> None:
    chunk = b"x" * 65536
    with connect(server) as connection:
        connection.sendall(head(None, f"multipart/form-data; boundary={BOUNDARY}", "Transfer-Encoding: chunked"))
        pieces = [part(data=b"")[:-2], *[chunk] * 200]
        sent = 0
        for piece in pieces:
            try:
                connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            except (BrokenPipeError, ConnectionResetError):
                break
            sent += len(piece)
        status, problem = answer(connection)
    assert status == 413  # and not a reset: the answer is read whole although we never stopped speaking
    assert b"limit.file_size" in problem


def test_a_client_that_reads_only_after_it_has_sent_everything_gets_its_413(server: Server) -> None:
    whole = body(part(data=b"x" * 14_000_000))
    status, problem = exchange(server, head(len(whole)), whole)
    assert status == 413
    assert b"limit.file_size" in problem


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "b" * 300,
        'multipart/form-data; boundary="',
        "multipart/form-data; boundary=other",
    ],
)
def test_a_missing_or_wrong_boundary_is_400(server: Server, kind: str) -> None:
    whole = body(part())
    assert exchange(server, head(len(whole), kind), whole)[0] == 400


@pytest.mark.parametrize("kind", ["application/json", "multipart/mixed; boundary=XYZ", "", "text/plain"])
def test_another_type_of_body_is_415(server: Server, kind: str) -> None:
    whole = body(part())
    assert exchange(server, head(len(whole), kind), whole)[0] == 415


def test_ten_thousand_parts_are_too_many(server: Server) -> None:
    one = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n'.encode()
    whole = body(one * 10_000)
    assert exchange(server, head(len(whole)), whole)[0] == 413
    files = body(part(data=b"") * 10_000)
    assert exchange(server, head(len(files)), files)[0] == 413


def test_a_multipart_inside_a_multipart_is_a_file_like_any_other(server: Server) -> None:
    inner = b'--ABC\r\nContent-Disposition: file; filename="b.txt"\r\n\r\ninner\r\n--ABC--\r\n'
    whole = body(part("a.txt", inner, "Content-Type: multipart/mixed; boundary=ABC"))
    assert exchange(server, head(len(whole)), whole)[0] == 202


@pytest.mark.parametrize(
    "more",
    [
        ["X-Bomb: " + "a" * 200_000],
        [f"X-{number}: a" for number in range(5000)],
    ],
    ids=["one long line", "many lines"],
)
def test_a_bomb_of_headers_is_refused(server: Server, more: list[str]) -> None:
    assert exchange(server, head(10, "multipart/form-data; boundary=XYZ", *more), b"0123456789")[0] in {0, 400, 431}


def test_a_bomb_of_headers_in_a_part_is_refused(server: Server) -> None:
    for more in (["X: " + "a" * 100_000], [f"X-{number}: a" for number in range(1000)]):
        whole = body(part("a.txt", b"x", *more))
        assert exchange(server, head(len(whole)), whole)[0] == 400


def test_a_part_that_says_it_is_encoded_is_refused(server: Server) -> None:
    whole = body(part("a.txt", b"aGVsbG8=", "Content-Transfer-Encoding: base64"))
    assert exchange(server, head(len(whole)), whole)[0] == 400


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "C:\\Windows\\system32\\a.txt",
        "a\x00b.txt",
        "\xff\xfe.txt",
        "nul.txt",
        "a" * 3000 + ".txt",
        "",
        "\u202etxt.exe",
    ],
)
def test_a_name_that_is_a_path_or_worse_harms_nobody(server: Server, name: str) -> None:
    whole = body(part(name))
    assert exchange(server, head(len(whole)), whole)[0] in {202, 400}


def test_names_in_another_encoding_are_kept_as_they_can_be_read(server: Server) -> None:
    raw = body(part("NAME.txt").replace(b"NAME", "Größe".encode("latin-1")))
    assert exchange(server, head(len(raw)), raw)[0] == 202


def test_a_body_that_trickles_is_cut_off_and_keeps_no_thread(server: Server, client: httpx.Client) -> None:
    slow = [connect(server) for _ in range(60)]  # more than there are threads
    try:
        for connection in slow:
            connection.sendall(head(100_000) + part()[:40])
        began = time.monotonic()
        assert send(client, ("a.txt", text("beside the slow ones"))).status_code == 201
        assert time.monotonic() - began < 60
    finally:
        for connection in slow:
            connection.close()


@pytest.mark.slow
def test_a_head_or_a_body_that_never_comes_is_given_up(server: Server) -> None:
    with connect(server, 60) as no_head, connect(server, 60) as no_body:
        no_head.sendall(b"POST /v1/submissions HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        no_body.sendall(head(100_000) + part()[:40])
        assert no_head.recv(100) == b""  # after ten seconds
        assert answer(no_body)[0] == 408  # after twenty


def workrooms() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("attachguard-work-*"))


def test_a_client_that_hangs_up_leaves_nothing_behind(server: Server) -> None:
    before = workrooms()
    for _ in range(20):
        with connect(server) as connection:
            connection.sendall(head(1_000_000) + part(data=b"x" * 3000))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    wait_until(lambda: workrooms() <= before, 30, "what the server made for them is gone")
