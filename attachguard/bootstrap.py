"""Settings -> Kit: the only file that names the real adapters."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy.exc import ArgumentError

from attachguard.adapters.disk_store import DiskStore
from attachguard.adapters.scanners import open_scanner
from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.errors import UsageError
from attachguard.policy import Policy
from attachguard.ports import Kit, Store
from attachguard.sandbox.room import Room
from attachguard.sandbox.wire import Level
from attachguard.settings import VARIABLES, Settings


@contextmanager
def open_kit(settings: Settings, policy: Policy) -> Iterator[Kit]:
    """Put the parts together and let go of them at the end; each starts when it is first needed.

    Raises UsageError for a setting that makes no sense. What can't start shows when it is used, as Unavailable.
    """
    with ExitStack() as stack:
        scanner = stack.enter_context(open_scanner(settings.clamd_url, settings.signatures))
        sandbox = stack.enter_context(Room(require=Level(policy.require)))
        ledger = stack.enter_context(closing(_ledger(settings.ledger_url)))
        yield Kit(scanner=scanner, sandbox=sandbox, store=_store(settings.store_url), ledger=ledger)


def _store(url: str) -> Store:
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return DiskStore(Path(unquote(parts.path)))
    raise UsageError(f"{VARIABLES['store_url']}={url!r}: must be file:///an/absolute/folder")


def _ledger(url: str) -> SqlLedger:
    try:
        return SqlLedger(url)
    except ArgumentError as error:
        raise UsageError(f"{VARIABLES['ledger_url']}={url!r}: must be a URL such as sqlite:////a/file") from error
