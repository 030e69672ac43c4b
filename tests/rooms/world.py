"""A world worth attacking: a folder that everybody may write to, servers that listen."""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def open_world() -> Iterator[Callable[[str, int], str]]:
    """Yields what fills in the places of a text; a file that the user owns is among them."""
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

        def fill(text: str, user: int) -> str:
            os.chown(owned, user or os.geteuid(), -1)
            for place, value in places.items():
                text = text.replace(place, value)
            return text

        try:
            yield fill
        finally:
            shutil.rmtree(folder)
