"""Who answers now: told by the process that looks after a private clamd to the processes that were forked from it.

New signatures get a new clamd, and one that died gets a successor; a forked worker has to hear of both. A page of
memory shared since before the fork says it. A reader that comes while it is being written sees that by the digest.
"""

import hashlib
import mmap
import os
import struct
import time
from pathlib import Path

import msgspec

from attachguard.adapters.clamd_control import Version
from attachguard.adapters.clamd_live import Live
from attachguard.adapters.clamd_wire import UnixAddress

_SIZE = 4096
_TENDED = struct.Struct("=dI")
"""When somebody last looked after it (monotonic clock, one for all processes), and which process."""

_NOTE = struct.Struct("=32sI")
"""Digest and length of what follows."""

_TEXT = _TENDED.size + _NOTE.size

_TRIES = 20


class _Note(msgspec.Struct, frozen=True, kw_only=True):
    """A Live of a private clamd; its address in plain text."""

    path: str
    version: Version
    signatures: str
    fingerprint: str | None
    configuration: str | None
    demo: bool
    stream_length: int | None


_READ = msgspec.msgpack.Decoder(_Note)


class Board:
    """One page, written by one process and read by those it forked."""

    def __init__(self) -> None:
        """Make an empty page, which forked processes will share."""
        self._page = mmap.mmap(-1, _SIZE)
        self._last: Live | None = None
        self._read: tuple[bytes, Live] | None = None

    def write(self, live: Live) -> None:
        """Say who answers, and that it is looked after at this moment."""
        _TENDED.pack_into(self._page, 0, time.monotonic(), os.getpid())
        if live == self._last:
            return
        assert isinstance(live.address, UnixAddress)
        note = msgspec.msgpack.encode(
            _Note(
                path=str(live.address.path),
                version=live.version,
                signatures=live.signatures,
                fingerprint=live.fingerprint,
                configuration=live.configuration,
                demo=live.demo,
                stream_length=live.stream_length,
            )
        )
        _NOTE.pack_into(self._page, _TENDED.size, hashlib.sha256(note).digest(), len(note))
        self._page[_TEXT : _TEXT + len(note)] = note
        self._last = live

    def read(self) -> Live | None:
        """Find out who answers; None: nobody ever did, or it can't be read just now."""
        for _ in range(_TRIES):
            digest, length = _NOTE.unpack_from(self._page, _TENDED.size)
            if self._read is not None and self._read[0] == digest:
                return self._read[1]
            note = self._page[_TEXT : _TEXT + length]
            if length and hashlib.sha256(note).digest() == digest:
                self._read = digest, _live(_READ.decode(note))
                return self._read[1]
            if not length:
                return None
            time.sleep(0.0005)
        return None

    def tended(self, within: float) -> bool:
        """Tell whether somebody who is still there looked after it in the last so many seconds."""
        at, owner = _TENDED.unpack_from(self._page)
        if not owner or owner == os.getpid() or time.monotonic() - at > within:
            return False
        try:
            os.kill(owner, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # it is there, under another user
        return True


def _live(note: _Note) -> Live:
    return Live(
        address=UnixAddress(Path(note.path)),
        version=note.version,
        signatures=note.signatures,
        fingerprint=note.fingerprint,
        configuration=note.configuration,
        demo=note.demo,
        stream_length=note.stream_length,
        private=True,
    )
