"""Webhooks: what happened, who is told, and what a message looks like. Values and pure functions only.

Bodies are CloudEvents 1.0 in structured JSON, signatures those of Standard Webhooks 1.0 (`v1`: HMAC-SHA256). A message
has the same `webhook-id` however often it is sent, so that a receiver can tell a repetition.
"""

import enum
import random
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from urllib.parse import urlsplit

from attachguard.access import TENANT
from attachguard.errors import UsageError

SECRET_PREFIX = "whsec_"  # noqa: S105 - what such a secret begins with, by the specification
SECRET_BYTES = 32
"""Standard Webhooks, "Signature scheme": 24 to 64 bytes."""

EVENTS: Mapping[str, str] = MappingProxyType(
    {
        "attachment.accepted": "A file was judged and is delivered as it was sent.",
        "attachment.normalized": "A file was judged and a safe copy of it is delivered.",
        "attachment.rejected": "A file was judged and is not delivered.",
        "attachment.infected": "A file is malware and is not delivered.",
        "attachment.undetermined": "No verdict could be given on a file; it is not delivered and can be tried again.",
        "attachment.reclassified": "A file that was judged before has another verdict now.",
        "quarantine.released": "A reviewer had a file in quarantine judged again.",
        "quarantine.deleted": "A reviewer deleted a file from quarantine.",
        "quarantine.expired": "The time of a file in quarantine is over, and it was deleted.",
        "rescan.started": "A re-scan of what was delivered began.",
        "rescan.finished": "A re-scan of what was delivered came to its end.",
        "rescan.cancelled": "A re-scan of what was delivered was cancelled.",
        "engine.degraded": "A part of the engine stopped working.",
        "engine.recovered": "A part of the engine works again.",
    }
)
"""Everything a webhook can be told. `rescan.*` and `engine.*` are for the operator: webhooks without a tenant."""

TEST = "webhook.test"
"""What `webhooks test` sends; to one webhook, and whatever that one wants."""

OPERATOR = ""
"""The tenant of who runs the engine."""

SCHEDULE = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 21600, 28800, 7200))
"""The pauses after each attempt that failed: 23.7 hours in all."""

JITTER = 0.2
"""Each pause is up to so much shorter or longer: what failed together does not come back together."""

KEPT = timedelta(days=7)
"""How long the ledger remembers a message that was sent or given up."""


class MessageState(enum.StrEnum):
    """Where a message is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given up"
    """Every attempt of a day failed."""
    DROPPED = "dropped"
    """Its webhook was disabled first."""


class Targets(enum.StrEnum):
    """Which addresses messages may go to."""

    PUBLIC = "public"
    """Public addresses, by https."""
    ANY = "any"
    """Any, also this machine and its neighbours, also by http: for tests, and for receivers of one's own network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Somebody who is told."""

    id: str
    tenant: str
    url: str
    secret: str = field(repr=False)
    wanted: tuple[str, ...]
    """Types, or families such as `attachment.*`; `*` is all."""
    created_at: datetime
    disabled_at: datetime | None = None
    disabled_why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that is told to whoever wants to know."""

    type: str
    tenant: str
    source: str
    """CloudEvents `source`: a reference to what it happened to, such as `/v1/submissions/…`."""
    subject: str
    """CloudEvents `subject`: the attachment, batch or part."""
    data: Mapping[str, object]
    """Ids, codes and figures; no content, and no name that a stranger chose."""
    trace: str = ""
    """W3C traceparent of the request it came of; empty: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One event on its way to one webhook, claimed by a relay."""

    number: int
    event: str
    """Its id, the same at every attempt."""
    type: str
    body: str
    attempts: int
    """This one included."""
    webhook: Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one attempt."""

    status: int | None
    """HTTP status; None: there was no answer."""
    trouble: str = ""
    """What went wrong, in a line."""

    @property
    def good(self) -> bool:
        """Tell whether the message arrived (Standard Webhooks: any 2xx)."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Tell whether the receiver wants no more (Standard Webhooks: 410 disables)."""
        return self.status == 410


def new_webhook(tenant: str, url: str, wanted: Sequence[str], targets: Targets, at: datetime) -> Webhook:
    """Make a webhook with a secret of its own. Raises UsageError for an address or a type that makes no sense."""
    check_url(url, targets)
    if tenant != OPERATOR and not TENANT.fullmatch(tenant):
        raise UsageError(f"{tenant!r} is no name of a tenant")
    for one in wanted or ("*",):
        if not any(_covers(one, event) for event in EVENTS):
            raise UsageError(f"there is no event {one!r}: {', '.join(EVENTS)}, families such as attachment.*, or *")
    return Webhook(
        id=secrets.token_hex(8),
        tenant=tenant,
        url=url,
        secret=SECRET_PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode(),
        wanted=tuple(wanted) or ("*",),
        created_at=at,
    )


def check_url(url: str, targets: Targets) -> None:
    """Hold an address to its form; where it leads is looked at whenever something is sent. Raises UsageError."""
    schemes = {"https"} if targets is Targets.PUBLIC else {"https", "http"}
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{url!r} is no URL: {error}") from error
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        raise UsageError(f"{url!r}: a webhook is reached by {' or '.join(sorted(schemes))}://host/path")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise UsageError("a webhook's URL has no user, no password and no fragment")
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > 2000:
        raise UsageError("a webhook's URL is ASCII without spaces, at most 2000 characters (RFC 3986)")


def wants(webhook: Webhook, event: str) -> bool:
    """Tell whether a webhook is to be told of a type."""
    return webhook.disabled_at is None and any(_covers(one, event) for one in webhook.wanted)


def _covers(wanted: str, event: str) -> bool:
    return wanted in {"*", event} or (wanted.endswith(".*") and event.startswith(wanted[:-1]))


def pause(attempts: int, chance: float | None = None) -> timedelta | None:
    """Tell how long to wait after so many attempts that failed; None: it was the last one.

    `chance` is a number from 0 to 1, drawn when there is none.
    """
    if attempts > len(SCHEDULE):
        return None
    drawn = random.random() if chance is None else chance  # noqa: S311 - spreads load, keeps no secret
    return SCHEDULE[attempts - 1] * (1 - JITTER + 2 * JITTER * drawn)


def cloud_event(event: str, happening: Happening, at: datetime) -> str:
    """Write a CloudEvents 1.0 document, structured JSON."""
    from cloudevents.core.formats.json import JSONFormat  # noqa: PLC0415 - nobody who sends nothing loads it
    from cloudevents.core.v1.event import CloudEvent  # noqa: PLC0415

    attributes: dict[str, object] = {
        "id": event,
        "source": happening.source,
        "type": happening.type,
        "subject": happening.subject,
        "time": at.astimezone(UTC),
        "datacontenttype": "application/json",
    }
    if happening.trace:
        attributes["traceparent"] = happening.trace  # CloudEvents, "Distributed Tracing" extension
    return JSONFormat().write(CloudEvent(attributes, dict(happening.data))).decode()


def headers(message: Message, at: datetime) -> dict[str, str]:
    """Give the headers of a message, signed for this moment (Standard Webhooks, "Webhook headers")."""
    from standardwebhooks import Webhook as Signer  # noqa: PLC0415 - nobody who sends nothing loads it

    moment = at.astimezone(UTC)
    return {
        "content-type": "application/cloudevents+json; charset=utf-8",
        "webhook-id": message.event,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Signer(message.webhook.secret).sign(message.event, moment, message.body),
    }
