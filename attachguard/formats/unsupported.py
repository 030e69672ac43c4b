"""The honest answer of a kind that can't be rebuilt yet: there is no safe copy, and so nothing to compare."""

from collections.abc import Sequence

from attachguard.formats.contract import Order
from attachguard.model import Finding, Limits, Rebuilt


def normalize(order: Order) -> Rebuilt:
    """Make nothing, whatever the order, and say so with `copy.unsupported`."""
    return Rebuilt(data=None, findings=(Finding("copy.unsupported", where=order.method),))


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Believe no copy: a kind that makes none can't compare one either, so this always says so."""
    del original, copy, limits  # the signature is the contract's; nothing here can be compared
    return (Finding("copy.unsupported", detail="there is nothing to compare a copy with"),)
