"""What a stateless check delivers, for those who fetch it in a second request: kept for a minute."""

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
    folder: Path
    until: float


class Handover:
    """The port `Store` for one stateless check: a private folder that goes with the answer."""

    def __init__(self) -> None:
        try:
            self.folder = Path(tempfile.mkdtemp(prefix="attachguard-parcel-"))
        except OSError as error:
            raise StoreUnavailable(f"no private directory can be made: {error.strerror}") from error
        self._count = 0

    def put(self, cleared: Cleared) -> Delivered:
        """Copy the bytes. Raises StoreUnavailable."""
        self._count += 1
        path = self.folder / str(self._count)
        try:
            shutil.copyfile(cleared.path, path)
        except OSError as error:
            raise StoreUnavailable(f"the parcel took no more bytes: {error.strerror}") from error
        return Delivered(
            name=cleared.name,
            media_type=cleared.media_type,
            size=cleared.size,
            sha256=cleared.sha256,
            location=str(path),
        )

    def probe(self) -> Sequence[Check]:
        """Nothing is kept, so nothing is asked."""
        return ()

    def close(self) -> None:
        """Throw everything away."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Parcels:
    """Parcels by their secret address. In the memory of one process: with several, ask for multipart/mixed instead."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: dict[str, Parcel] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def keep(self, tenant: str, delivered: Delivered) -> str:
        """Keep what was delivered, in a folder of its own; returns its secret name. Raises StoreUnavailable."""
        folder = Path(tempfile.mkdtemp(prefix="attachguard-parcel-"))
        try:
            Path(delivered.location).rename(folder / "0")
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise StoreUnavailable(f"the parcel could not be kept: {error.strerror}") from error
        name = secrets.token_urlsafe(32)
        parcel = Parcel(tenant=tenant, delivered=delivered, folder=folder, until=self._clock() + SECONDS)
        with self._lock:
            self._waiting[name] = parcel
        self._tidy()
        return name

    def take(self, name: str, tenant: str) -> tuple[Delivered, bytes] | None:
        """Give a parcel to its tenant, however often it is asked for; None: there is none."""
        with self._lock:
            parcel = self._waiting.get(name)
        if parcel is None or parcel.tenant != tenant or parcel.until <= self._clock():
            return None
        try:
            return parcel.delivered, (parcel.folder / "0").read_bytes()
        except FileNotFoundError:  # thrown away just now
            return None

    def close(self) -> None:
        """Throw everything away."""
        with self._lock:
            waiting, self._waiting = list(self._waiting.values()), {}
            if self._timer is not None:
                self._timer.cancel()
        for parcel in waiting:
            shutil.rmtree(parcel.folder, ignore_errors=True)

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
            shutil.rmtree(one.folder, ignore_errors=True)

    def _tidy_later(self) -> None:
        with self._lock:
            self._timer = None
        self._tidy()
