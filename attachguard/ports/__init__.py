"""What the pipeline and the engine ask of the outside, as small Protocols; adapters are named by technology.

Every port that can be away answers `probe()`: a list of Checks that `doctor` and health show. A probe does the real
thing on a harmless input; it never raises.
"""

from typing import Protocol

from attachguard.ports.callers import Keyring, Outbox, Post
from attachguard.ports.engine import Caretaker, Desk, Intake, Register, Wakeup
from attachguard.ports.pipeline import Drawer, Kit, Ledger, Sandbox, Scanner, Store
from attachguard.ports.rescans import Rescans
from attachguard.ports.shelf import Shelf

__all__ = [
    "Caretaker",
    "Desk",
    "Drawer",
    "EngineLedger",
    "Intake",
    "Keyring",
    "Kit",
    "Ledger",
    "Outbox",
    "Post",
    "Register",
    "Rescans",
    "Sandbox",
    "Scanner",
    "Shelf",
    "Store",
    "Wakeup",
]


class EngineLedger(Ledger, Intake, Desk, Caretaker, Register, Rescans, Keyring, Outbox, Protocol):
    """The whole ledger, in all its roles."""
