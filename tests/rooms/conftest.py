"""Dens, kept for a module each, and a world worth attacking."""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rooms.den import ALL, USERS, Den


@pytest.fixture(scope="module")
def den() -> Iterator[Callable[[str, int], Den]]:
    """Zygotes by their walls and their user; started when first asked for."""
    dens: dict[tuple[str, int], Den] = {}

    def find(layers: str = ALL, user: int = USERS[0]) -> Den:
        if (layers, user) not in dens:
            dens[layers, user] = Den(layers, user)
        return dens[layers, user]

    yield find
    for each in dens.values():
        each.zygote.close()


@pytest.fixture
def world() -> Iterator[Callable[[str], str]]:
    """Fills in the places of a text: a folder that everybody may write to, servers that listen."""
    folder = tempfile.mkdtemp(prefix="attachguard-world-")
    os.chmod(folder, 0o777)
    owned = Path(folder, "owned")
    owned.touch()
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as unix,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        udp.bind(("127.0.0.1", 0))
        unix.bind(f"{folder}/socket")
        unix.listen()
        os.chmod(f"{folder}/socket", 0o777)
        abstract.bind(f"\0{folder}")
        abstract.listen()
        places = {
            "{folder}": folder,
            "{owned}": str(owned),
            "{tcp}": str(tcp.getsockname()[1]),
            "{udp}": str(udp.getsockname()[1]),
            "{unix}": f"{folder}/socket",
            "{abstract}": folder,
        }

        def fill(text: str, user: int = 0) -> str:
            os.chown(owned, user or os.geteuid(), -1)
            for place, value in places.items():
                text = text.replace(place, value)
            return text

        yield fill
    shutil.rmtree(folder)
