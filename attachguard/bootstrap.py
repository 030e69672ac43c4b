"""Settings -> Kit and Service: the only file that names the real adapters."""

import functools
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from sqlalchemy.exc import ArgumentError

from attachguard.adapters.clamd import Clamd
from attachguard.adapters.disk_shelf import DiskShelf
from attachguard.adapters.disk_store import DiskStore
from attachguard.adapters.foreign_folder import ForeignFolder
from attachguard.adapters.processes import is_gone
from attachguard.adapters.scan_cache import CachedScanner
from attachguard.adapters.scanners import open_scanner
from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.adapters.wakeups import NoWakeup
from attachguard.delivery import Delivery
from attachguard.errors import UsageError
from attachguard.jobs import Terms
from attachguard.policy import Policy, load_policy
from attachguard.ports import Keyring, Kit, Outbox, Post, Shelf, Store, Wakeup
from attachguard.relay import Errands, Relay
from attachguard.sandbox.room import Room
from attachguard.sandbox.wire import Level
from attachguard.service import Service
from attachguard.settings import VARIABLES, Secret, Settings

_ADOPTED = "place to adopt"
"""What complaints call a URL that is no setting."""


@contextmanager
def open_kit(settings: Settings, policy: Policy) -> Iterator[Kit]:
    """Put the parts together and let go of them at the end; each starts when it is first needed.

    Raises UsageError for a setting that makes no sense. What can't start shows when it is used, as Unavailable.
    """
    with ExitStack() as stack:
        scanner = _scanner(settings, policy)
        stack.callback(scanner.close)
        sandbox = stack.enter_context(Room(require=Level(policy.require)))
        ledger = stack.enter_context(closing(_ledger(settings.ledger_url)))
        yield Kit(scanner=scanner, sandbox=sandbox, store=_store(settings), ledger=ledger)


def _scanner(settings: Settings, policy: Policy) -> CachedScanner | Clamd:
    """Make a clamd that takes what the policy lets in; its answers are used again for as long as the policy says."""
    rules = policy.signatures
    clamd = open_scanner(settings.clamd_url, settings.signatures, limits=policy.limits, rules=rules)
    return CachedScanner(clamd, hours=rules.reuse_hours) if rules.reuse_hours else clamd


@contextmanager
def open_service(settings: Settings, wakeup: Wakeup | None = None) -> Iterator[Service]:
    """Put the engine together and let go of it at the end; each part starts when it is first needed.

    `wakeup`: what wakes the workers of this very process; a broker in the settings comes first.

    Raises UsageError and PolicyError for settings that make no sense.
    """
    policy = load_policy(settings.policy)
    with ExitStack() as stack:
        scanner = _scanner(settings, policy)
        stack.callback(scanner.close)
        sandbox = stack.enter_context(Room(require=Level(policy.require)))
        ledger = stack.enter_context(closing(_ledger(settings.ledger_url)))
        yield Service(
            kit=Kit(scanner=scanner, sandbox=sandbox, store=_store(settings), ledger=ledger),
            ledger=ledger,
            quarantine=quarantine(settings),
            clean=clean(settings),
            wakeup=wakeup if wakeup and settings.broker_url is None else _wakeup(settings.broker_url),
            policies=_policies(policy),
            default_policy=settings.policy,
            terms=terms(settings),
            is_gone=is_gone,
            foreign=functools.partial(foreign, settings),
            drawer=sandbox,
        )


@contextmanager
def open_keyring(settings: Settings) -> Iterator[Keyring]:
    """Open what knows callers, and nothing else. Raises UsageError."""
    with closing(_ledger(settings.ledger_url)) as ledger:
        yield ledger


@contextmanager
def open_outbox(settings: Settings) -> Iterator[Outbox]:
    """Open what knows webhooks, and nothing else. Raises UsageError."""
    with closing(_ledger(settings.ledger_url)) as ledger:
        yield ledger


def open_post(settings: Settings) -> Post:
    """Make what sends to webhooks."""
    from attachguard.adapters.webhook_post import WebhookPost  # noqa: PLC0415 - takes a while to load

    return WebhookPost(settings.webhook_targets)


def errands(settings: Settings, service: Service) -> Errands:
    """Make what a process beside the workers does: send to webhooks, watch the parts, tidy up."""
    return Errands(Relay(service.ledger, open_post(settings)), service.parts)


def terms(settings: Settings) -> Terms:
    """Read how long things may take."""
    return Terms(
        lease=timedelta(seconds=settings.job_lease),
        seconds=settings.job_seconds,
        deadline=timedelta(seconds=settings.job_deadline),
        grace=timedelta(seconds=settings.sweep_grace),
        retention=timedelta(days=settings.quarantine_days),
    )


def quarantine(settings: Settings) -> Shelf:
    """Make the shelf where files wait, with credentials of its own. Raises UsageError."""
    return _shelf(
        settings.quarantine_url,
        VARIABLES["quarantine_url"],
        settings.quarantine_access_key,
        settings.quarantine_secret_key,
    )


def clean(settings: Settings) -> Shelf:
    """Make the shelf where delivered files lie, with credentials of its own. Raises UsageError."""
    return _shelf(settings.store_url, VARIABLES["store_url"], settings.store_access_key, settings.store_secret_key)


def foreign(settings: Settings, url: str) -> Shelf:
    """Make the shelf of a place that attachguard did not fill, with credentials of its own. Raises UsageError."""
    if not url.startswith("s3:"):
        return ForeignFolder(_folder(url, _ADOPTED))
    return _shelf(url, _ADOPTED, settings.adopt_access_key, settings.adopt_secret_key)


def _policies(default: Policy) -> "functools._lru_cache_wrapper[Policy]":
    """Load policies once each; one that asks for more walls than the room was opened with is refused."""

    @functools.lru_cache(maxsize=64)
    def load(name: str) -> Policy:
        policy = load_policy(name)
        if policy.require == Level.FULL and default.require != Level.FULL:
            raise UsageError(f"policy {policy.label} needs a room of level {policy.require}: set ATTACHGUARD_POLICY")
        return policy

    return load


def _store(settings: Settings) -> Store:
    """Make the store of a synchronous check: a folder is addressed by content, a bucket by keys of their own."""
    if settings.store_url.startswith("file:"):
        return DiskStore(_folder(settings.store_url, VARIABLES["store_url"]))
    return Delivery(clean(settings), uuid4().hex)


def _shelf(url: str, variable: str, access_key: str | None, secret_key: Secret | None) -> Shelf:
    if not url.startswith("s3:"):
        return DiskShelf(_folder(url, variable))
    from attachguard.adapters.s3_shelf import Credentials, S3Shelf  # noqa: PLC0415 - boto3 takes a while to load
    from attachguard.adapters.s3_url import parse_place  # noqa: PLC0415

    if bool(access_key) != bool(secret_key):
        raise UsageError(f"{variable}: an access key and a secret key go together")
    credentials = Credentials(access_key=access_key, secret_key=secret_key.value) if access_key and secret_key else None
    return S3Shelf(parse_place(url, variable), credentials)


def _folder(url: str, variable: str) -> Path:
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return Path(unquote(parts.path))
    raise UsageError(f"{variable}={url!r}: must be file:///an/absolute/folder or s3://bucket/prefix")


def _ledger(url: str) -> SqlLedger:
    try:
        return SqlLedger(url)
    except ArgumentError as error:
        raise UsageError(f"{VARIABLES['ledger_url']}={url!r}: must be a URL such as sqlite:////a/file") from error


def _wakeup(url: str | None) -> Wakeup:
    if url is None:
        return NoWakeup()
    from attachguard.adapters.celery_wakeup import CeleryWakeup  # noqa: PLC0415 - Celery takes a while to load

    return CeleryWakeup(url)
