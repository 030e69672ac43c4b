"""Keeping tenants apart in what is remembered between two files.

An answer that is used again is given at once. If it were used across tenants, the time an answer takes would tell one
of them that another had sent the same file before: each has a memory of its own. What clamd itself remembers is
switched off where attachguard starts it (adapters/clamd_conf.py).
"""

import dataclasses
from typing import Protocol, runtime_checkable

from attachguard.ports import Kit, Scanner


@runtime_checkable
class Remembering(Protocol):
    """A scanner that uses answers again."""

    def for_tenant(self, tenant: str) -> Scanner:
        """Give the scanner as one tenant uses it: with answers that this tenant's files got, and no others."""
        ...


def kit_of(kit: Kit, tenant: str) -> Kit:
    """Give the parts as one tenant uses them."""
    if isinstance(kit.scanner, Remembering):
        return dataclasses.replace(kit, scanner=kit.scanner.for_tenant(tenant))
    return kit
