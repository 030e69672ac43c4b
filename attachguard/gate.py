"""The gate: who may come in, how often, and how much. Every door that others reach asks it first.

Rates are counted in the memory of each process, quotas in the ledger. A rate protects the process it is counted in, and
counting it in the ledger would cost every request a write that waits for the disk (5 to 7 ms, measured); with several
processes a key has its rate in each. A quota is what was agreed with a tenant, and is the same wherever it asks.
"""

import ipaddress
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from attachguard.access import (
    EVERYTHING,
    LINK_PREFIX,
    Admitted,
    Key,
    Scope,
    UploadLink,
    allows,
    is_signed,
    key_id,
    matches,
    read_link,
)
from attachguard.errors import NotAllowed, NotAuthenticated, TooMany, UsageError
from attachguard.ports import Keyring

ANYBODY = Admitted(tenant="", key_id="", scopes=EVERYTHING)
"""Whoever asks a service that has no keys: it is bound to loopback."""

BY_LINK = frozenset({Scope.SUBMIT, Scope.READ})
"""What a browser with a link may do: send, and read what came of it. Routes hold it to its conversation."""

_DAY = 24 * 3600


class Gate:
    """Lets callers in. Safe for threads; holds no key and no connection of its own."""

    def __init__(
        self,
        keyring: Keyring,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` tells when links expire; `ticks` counts the seconds of rates."""
        self._keyring = keyring
        self._clock = clock
        self._rates = Rates(ticks)

    def admit(self, shown: str | None, *, local: bool = False) -> Admitted:
        """Let somebody in who shows a key or a link; without either, only from this machine and while no key exists.

        Raises NotAuthenticated without telling what was wrong, TooMany, LedgerUnavailable.
        """
        if not shown:
            if local and not self._keyring.has_keys():
                return ANYBODY
            raise NotAuthenticated("a key is needed: Authorization: Bearer agk_...")
        admitted, key = self._by_link(shown) if shown.startswith(LINK_PREFIX) else self._by_key(shown)
        self._rates.take(key.id, key.allowance.per_minute)
        return admitted

    def require(self, admitted: Admitted, wanted: Scope) -> None:
        """Hold somebody to their scopes. Raises NotAllowed."""
        if not allows(admitted.scopes, wanted):
            raise NotAllowed(f"this key is not for that: it needs the scope {wanted}")

    def spend(self, admitted: Admitted, submissions: int, size: int) -> None:
        """Count submissions and bytes against the quota of the key, also of one that signed a link.

        Raises TooMany until midnight (UTC), LedgerUnavailable. A key without a quota costs nothing here.
        """
        key = self._keyring.find_key(admitted.key_id) if admitted.key_id else None
        if key is None or not (key.allowance.submissions_per_day or key.allowance.bytes_per_day):
            return
        if not self._keyring.spend(key, submissions, size):
            raise TooMany("the quota of this key is used up for today (UTC)", self._until_midnight())

    def use(self, link: UploadLink) -> None:
        """Count one submission by a link. Raises NotAllowed when it made all it may, LedgerUnavailable."""
        if not self._keyring.use_link(link):
            raise NotAllowed("this link has made all the submissions it may")

    def _by_key(self, shown: str) -> tuple[Admitted, Key]:
        identity = key_id(shown)
        key = self._keyring.find_key(identity) if identity else None
        if not matches(shown, key) or key is None or key.revoked_at is not None:
            raise NotAuthenticated("this key is not good here")
        return Admitted(tenant=key.tenant, key_id=key.id, scopes=key.scopes), key

    def _by_link(self, shown: str) -> tuple[Admitted, Key]:
        link = read_link(shown)
        key = self._keyring.find_key(link.key_id)
        good = is_signed(shown, key) and key is not None and key.revoked_at is None
        if not good or key is None or not allows(key.scopes, Scope.SUBMIT) or link.expires_at <= self._clock():
            raise NotAuthenticated("this link is not good, or no longer")
        return Admitted(tenant=key.tenant, key_id=key.id, scopes=BY_LINK, link=link), key

    def _until_midnight(self) -> int:
        now = self._clock().astimezone(UTC)
        return _DAY - (now.hour * 3600 + now.minute * 60 + now.second)


class Rates:
    """A bucket of tokens for every key: full, it holds a minute's worth; it fills while time goes by."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, key: str, per_minute: int) -> None:
        """Take one token. Raises TooMany with the seconds until there is one; 0 per minute is no limit."""
        if not per_minute:
            return
        now = self._ticks()
        with self._lock:
            left, since = self._buckets.get(key, (float(per_minute), now))
            left = min(float(per_minute), left + (now - since) * per_minute / 60)
            self._buckets[key] = (left - 1 if left >= 1 else left, now)
        if left < 1:
            wait = (1 - left) * 60 / per_minute
            raise TooMany(f"more than {per_minute} requests in a minute", int(wait) + 1)


def is_loopback(host: str) -> bool:
    """Tell whether an address or name is this machine and nothing else: 127.0.0.0/8, ::1, localhost (RFC 6761, 6.3)."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_binding(host: str, keyring: Keyring) -> None:
    """Refuse to listen to others while nobody needs a key. Raises UsageError, LedgerUnavailable."""
    if not is_loopback(host) and not keyring.has_keys():
        raise UsageError(
            f"without keys the service only listens on loopback, and {host} is not: "
            "make one with `attachguard keys create`, or leave --host out"
        )
