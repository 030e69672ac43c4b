"""What a stateless check delivers, for those who fetch it in a second request: kept for a minute."""

import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from attachguard.errors import StoreUnavailable
from attachguard.model import Check, Cleared, Delivered

SECONDS = 60.0
"""How long a parcel waits."""

MOST = 200
"""Parcels that wait at once; the oldest goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Delivered bytes that wait for the one who may have them."""

    tenant: str
    delivered: Delivered
    path: Path
    until: float


class Parcels:
    """Parcels by their secret address. In the memory of one process: with several, ask for multipart/mixed instead."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: dict[str, Parcel] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._folder: Path | None = None

    def counter(self) -> "Counter":
        """Open a counter for one check. Raises StoreUnavailable."""
        with self._lock:
            if self._folder is None:
                try:
                    self._folder = Path(tempfile.mkdtemp(prefix="attachguard-parcels-"))
                except OSError as error:
                    raise StoreUnavailable(f"no private directory can be made: {error.strerror}") from error
            return Counter(self, self._folder)

    def keep(self, tenant: str, delivered: Delivered) -> str:
        """Keep what lies in the folder already; returns its secret name."""
        path = Path(delivered.location)
        with self._lock:
            until = self._clock() + SECONDS
            self._waiting[path.name] = Parcel(tenant=tenant, delivered=delivered, path=path, until=until)
        self._tidy()
        return path.name

    def take(self, name: str, tenant: str) -> tuple[Delivered, bytes] | None:
        """Give a parcel to its tenant, however often it is asked for; None: there is none."""
        with self._lock:
            parcel = self._waiting.get(name)
        if parcel is None or parcel.tenant != tenant or parcel.until <= self._clock():
            return None
        try:
            return parcel.delivered, parcel.path.read_bytes()
        except FileNotFoundError:  # thrown away just now
            return None

    def close(self) -> None:
        """Throw everything away."""
        with self._lock:
            self._waiting = {}
            if self._timer is not None:
                self._timer.cancel()
            folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _tidy(self) -> None:
        """Throw away what is late or too much, and see to it that this is done again while anything waits."""
        with self._lock:
            late = [key for key, one in self._waiting.items() if one.until <= self._clock()]
            late += list(self._waiting)[: max(0, len(self._waiting) - len(late) - MOST)]
            dropped = [self._waiting.pop(key) for key in dict.fromkeys(late)]
            if self._waiting and self._timer is None:
                self._timer = threading.Timer(SECONDS / 2, self._tidy_later)
                self._timer.daemon = True
                self._timer.start()
        for one in dropped:
            one.path.unlink(missing_ok=True)

    def _tidy_later(self) -> None:
        with self._lock:
            self._timer = None
        self._tidy()


class Counter:
    """The port `Store` for one stateless check: what is not kept goes with the answer."""

    def __init__(self, parcels: Parcels, folder: Path) -> None:
        self._parcels, self._folder = parcels, folder
        self._laid_out: set[Path] = set()

    def put(self, cleared: Cleared) -> Delivered:
        """Give the bytes a second name, outside of the workroom that goes. Raises StoreUnavailable."""
        path = self._folder / secrets.token_urlsafe(32)
        self._laid_out.add(path)
        try:
            _take_over(cleared.path, path)
        except OSError as error:
            raise StoreUnavailable(f"the parcel took no more bytes: {error.strerror}") from error
        return Delivered(
            name=cleared.name,
            media_type=cleared.media_type,
            size=cleared.size,
            sha256=cleared.sha256,
            location=str(path),
        )

    def keep(self, tenant: str, delivered: Delivered) -> str:
        """Keep something for a minute; returns its secret name."""
        self._laid_out.discard(Path(delivered.location))
        return self._parcels.keep(tenant, delivered)

    def probe(self) -> Sequence[Check]:
        """Nothing is kept, so nothing is asked."""
        return ()

    def close(self) -> None:
        """Throw away what is not kept."""
        for path in self._laid_out:
            path.unlink(missing_ok=True)


def _take_over(path: Path, ours: Path) -> None:
    """Give a file that is written no more a second name, which costs a tenth of a copy; a copy where that can't be."""
    try:
        os.link(path, ours)
    except OSError:
        shutil.copyfile(path, ours)
