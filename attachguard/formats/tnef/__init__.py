"""Outlook's winmail.dat: a mail's body and files in a container of their own ([MS-OXTNEF])."""

from collections.abc import Sequence

from attachguard.formats.contract import Order
from attachguard.formats.sniffing import tnef as sniff
from attachguard.formats.tnef.faithful import differences
from attachguard.formats.tnef.inspection import inspect
from attachguard.formats.tnef.rebuild import rebuild
from attachguard.kinds import KINDS
from attachguard.model import Finding, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["tnef"]


def normalize(order: Order) -> Rebuilt:
    """Write a mail: subject, names and time, bodies, delivered copies of the files, a notice for the rest."""
    return rebuild(order)


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Compare subject and words, and count the files: each must be there or be named as removed."""
    return tuple(differences(original, copy, limits))
