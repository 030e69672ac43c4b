"""Rooms with hostile readers, and attachments whose bytes say what the readers do."""

import hashlib
import os
from pathlib import Path

from attachguard.kinds import KINDS
from attachguard.model import Attachment
from attachguard.sandbox.room import Room
from attachguard.sandbox.settings import RoomSettings
from attachguard.sandbox.wire import Level
from tests.rooms.den import ALL, MIB, command


def hostile_room(
    *,
    layers: str = ALL,
    user: int = 0,
    require: Level = Level.FULL,
    wall: float = 5.0,
    jobs: int = 4,
    recycle_jobs: int = 10**6,
    recycle_crashes: int = 10**6,
    prove_every: float = 300.0,
) -> Room:
    settings = RoomSettings(
        wall=wall,
        cpu=1,
        output=4 * MIB,
        jobs=jobs,
        recycle_jobs=recycle_jobs,
        recycle_crashes=recycle_crashes,
        prove_every=prove_every,
        command=command(layers, user),
        porter=command(layers, user),
    )
    return Room(settings, require=require)


def attachment(folder: Path, *words: str, method: str = "", name: str = "a.pdf") -> Attachment:
    """A file whose lines are an order to a hostile reader."""
    return attachment_of(folder, "\n".join(words).encode(), method=method, name=name)


def attachment_of(folder: Path, data: bytes, *, method: str = "", name: str = "a.pdf") -> Attachment:
    digest = hashlib.sha256(data).hexdigest()
    path = folder / digest
    path.write_bytes(data)
    return Attachment(
        path=path,
        size=len(data),
        sha256=digest,
        untrusted_name=name,
        safe_name=name,
        kind=KINDS["pdf"],
        method=method,
    )


def descendants() -> list[int]:
    """The living children of this process, and of its children."""
    found, queue = [], [os.getpid()]
    while queue:
        pid = queue.pop()
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            continue
        found += [int(child) for child in children]
        queue += [int(child) for child in children]
    return found
