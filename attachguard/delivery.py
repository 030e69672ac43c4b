"""From a verdict to the clean store: unique keys, so that no object is ever written twice, and what stands beside it.

A key names submission and claim: `ab/abcd….3.0-….pdf` is the first file delivered under the third claim. Which object
counts is the ledger's to say; the others are orphans.
"""

import contextlib
import itertools
from collections.abc import Mapping
from pathlib import PurePath

from attachguard.errors import StoreUnavailable
from attachguard.jobs import Label
from attachguard.model import Check, Cleared, Delivered
from attachguard.ports import Shelf
from attachguard.version import __version__


class Delivery:
    """The port `Store` for one claim: puts what is cleared on a shelf, and can take it back."""

    def __init__(self, shelf: Shelf, submission: str, fence: int | str = 0) -> None:
        """`fence` keeps one claim's objects apart from those of every other."""
        self._shelf = shelf
        self._claim = f"{submission[:2]}/{submission}.{fence}"
        self._numbers = itertools.count()
        self._keys: list[str] = []

    def put(self, cleared: Cleared) -> Delivered:
        """Store the bytes under a key of their own. Raises StoreUnavailable."""
        extension = PurePath(cleared.name).suffix.lower()
        key = f"{self._claim}.{next(self._numbers)}-{cleared.sha256[:16]}{extension}"
        self._keys.append(key)
        location = self._shelf.put(key, cleared.path, label(cleared))
        return Delivered(
            name=cleared.name,
            media_type=cleared.media_type,
            size=cleared.size,
            sha256=cleared.sha256,
            location=location,
        )

    def take_back(self) -> None:
        """Delete what was put: its verdict was not recorded. What can't be deleted now is swept later."""
        while self._keys:
            with contextlib.suppress(StoreUnavailable):
                self._shelf.delete(self._keys.pop())

    def probe(self) -> tuple[Check, ...]:
        """Ask the shelf."""
        return tuple(self._shelf.probe())


def label(cleared: Cleared) -> Label:
    """Say what stands beside a delivered object."""
    return Label(
        sha256=cleared.sha256,
        size=cleared.size,
        media_type=cleared.media_type,
        name=cleared.name,
        tags=_tags(cleared),
    )


def _tags(cleared: Cleared) -> Mapping[str, str]:
    """Tags for others to read (a bucket policy, a lifecycle rule); never read by attachguard itself."""
    tags = {"ag-verdict": cleared.outcome.value, "ag-policy": cleared.policy, "ag-build": __version__}
    if cleared.scan is not None:
        tags["ag-scanned-at"] = cleared.scan.at.strftime("%Y-%m-%dT%H:%M:%SZ")
        tags["ag-signatures"] = cleared.scan.signatures
    return tags
