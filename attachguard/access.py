"""Who may do what: keys of tenants, their scopes, and the links that a key signs for a browser. Values only.

A key is `agk_<id>_<secret>`: the id finds its row, the secret is 256 random bits. The ledger keeps the SHA-256 of all
of it. A fast hash is right here: slow ones (scrypt, Argon2) make it dear to guess what a person chose, and nobody
guesses 256 random bits; they would only give strangers a way to keep the service busy.

An upload link is `agl_<claims>.<HMAC-SHA256>`, signed with a key of its own that is derived from the API key. So the
backend that holds the API key can sign links without asking, and revoking the key ends every link it signed.
"""

import base64
import binascii
import enum
import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from attachguard.errors import NotAuthenticated, UsageError

KEY_PREFIX = "agk"
LINK_PREFIX = "agl_"

SECRET_BYTES = 32
"""RFC 4086, section 8: more than 128 bits are beyond any search; these are 256."""

LINK_SECONDS = 24 * 3600
"""The longest that a link may live: it is for one conversation in one browser."""

LINK_COUNT = 100
"""The most submissions that one link may make."""

_KEY = re.compile(r"agk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_LINK_LENGTH = 2000
_LINK_CONTEXT = b"attachguard upload links 1"

TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""What a tenant may be called: it stands in logs, in tables and in addresses."""


class Scope(enum.StrEnum):
    """What a key is for."""

    SUBMIT = "submit"
    """Send files, and sign upload links."""
    READ = "read"
    """Read verdicts and reports, fetch what was delivered."""
    QUARANTINE = "quarantine"
    """Review what was not delivered: list, have judged again, delete."""
    ADMIN = "admin"
    """Everything, the state of the engine included."""


EVERYTHING = frozenset(Scope)


def allows(scopes: Collection[Scope], wanted: Scope) -> bool:
    """Tell whether these scopes include the wanted one; `admin` includes all."""
    return wanted in scopes or Scope.ADMIN in scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How much a key may do; 0 means: as much as it likes."""

    per_minute: int = 600
    """Requests, with a burst of the same size."""
    submissions_per_day: int = 0
    """Submissions in one day (UTC)."""
    bytes_per_day: int = 0
    """Bytes of files in one day (UTC)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key as the ledger keeps it: not the key itself."""

    id: str
    tenant: str
    name: str
    """What a person called it."""
    scopes: frozenset[Scope]
    allowance: Allowance
    digest: str
    """SHA-256 of the whole key, in hex."""
    link_key: bytes
    """What its upload links are signed with."""
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLink:
    """What a browser may do with a link: so many submissions to one conversation, under one policy, for a while."""

    id: str
    key_id: str
    conversation: str
    """What the backend calls the conversation; everything sent by the link belongs to it."""
    policy: str | None
    """The policy that judges; None: the service's own."""
    count: int
    """How many submissions it may make."""
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Somebody who showed a key or a link, and what that lets them do."""

    tenant: str
    key_id: str
    """Empty: no key is needed here, because none exists and the service is bound to loopback."""
    scopes: frozenset[Scope]
    link: UploadLink | None = None
    """Set: a browser with a link. It may submit to its conversation, and read what came of that."""


class _Claims(msgspec.Struct, array_like=True, frozen=True):
    id: str
    key_id: str
    conversation: str
    policy: str | None
    count: int
    expires: int


def new_key(tenant: str, name: str, scopes: Collection[Scope], allowance: Allowance, at: datetime) -> tuple[Key, str]:
    """Make a key; the second value is the key itself, which is kept nowhere. Raises UsageError."""
    if not TENANT.fullmatch(tenant):
        raise UsageError(f"{tenant!r} is no name for a tenant: letters, digits, dot, dash, underscore, at most 100")
    if not scopes:
        raise UsageError("a key has at least one scope")
    identity = secrets.token_hex(8)
    shown = f"{KEY_PREFIX}_{identity}_{secrets.token_urlsafe(SECRET_BYTES)}"
    key = Key(
        id=identity,
        tenant=tenant,
        name=name[:100],
        scopes=frozenset(scopes),
        allowance=allowance,
        digest=digest(shown),
        link_key=link_key(shown),
        created_at=at,
    )
    return key, shown


def digest(shown: str) -> str:
    """Give what the ledger keeps of a key."""
    return hashlib.sha256(shown.encode("utf-8", "surrogatepass")).hexdigest()


def link_key(shown: str) -> bytes:
    """Derive what upload links are signed with: from it, nobody gets back to the key."""
    return hmac.digest(shown.encode("utf-8", "surrogatepass"), _LINK_CONTEXT, "sha256")


def key_id(shown: str) -> str | None:
    """Read the id out of a key; None: that is no key."""
    match = _KEY.fullmatch(shown)
    return match[1] if match else None


def matches(shown: str, key: Key | None) -> bool:
    """Compare a key with what the ledger keeps, in the same time whether there is such a row or not."""
    kept = key.digest if key else "0" * 64
    return hmac.compare_digest(digest(shown), kept) and key is not None


# -- links -----------------------------------------------------------------------------------------------------


def sign_link(
    signing: bytes,
    *,
    key_id: str,
    conversation: str,
    policy: str | None = None,
    count: int = 1,
    seconds: int = 900,
    at: datetime | None = None,
) -> str:
    """Sign an upload link, with `Key.link_key` or `link_key(...)` of the key itself. Raises UsageError."""
    if not 1 <= seconds <= LINK_SECONDS or not 1 <= count <= LINK_COUNT:
        raise UsageError(f"a link lives 1 to {LINK_SECONDS} seconds and makes 1 to {LINK_COUNT} submissions")
    if not conversation or len(conversation) > 200 or not conversation.isprintable():
        raise UsageError("a link names its conversation in 1 to 200 printable characters")
    expires = (at or datetime.now(UTC)) + timedelta(seconds=seconds)
    claims = _Claims(secrets.token_hex(16), key_id, conversation, policy, count, int(expires.timestamp()))
    body = _b64(msgspec.json.encode(claims))
    return f"{LINK_PREFIX}{body}.{_b64(_signature(signing, body))}"


def read_link(shown: str) -> UploadLink:
    """Read what a link claims; nothing is believed before `is_signed`. Raises NotAuthenticated."""
    body, dot, _ = shown.removeprefix(LINK_PREFIX).partition(".")
    if not shown.startswith(LINK_PREFIX) or not dot or len(shown) > _LINK_LENGTH:
        raise NotAuthenticated("that is no upload link")
    try:
        claims = msgspec.json.decode(_unb64(body), type=_Claims)
        expires_at = datetime.fromtimestamp(claims.expires, UTC)
    except (msgspec.MsgspecError, binascii.Error, ValueError, OverflowError, OSError) as error:
        raise NotAuthenticated("that is no upload link") from error
    if not all(0 < len(one) <= 200 and one.isprintable() for one in (claims.id, claims.key_id, claims.conversation)):
        raise NotAuthenticated("that is no upload link")
    return UploadLink(
        id=claims.id,
        key_id=claims.key_id,
        conversation=claims.conversation,
        policy=claims.policy,
        count=claims.count,
        expires_at=expires_at,
    )


def is_signed(shown: str, key: Key | None) -> bool:
    """Tell whether a link bears the signature of a key, in the same time for every wrong one."""
    body, _, tail = shown.removeprefix(LINK_PREFIX).partition(".")
    expected = _b64(_signature(key.link_key if key else b"\0" * 32, body))
    return hmac.compare_digest(expected.encode(), tail.encode("utf-8", "surrogatepass")) and key is not None


def _signature(signing: bytes, body: str) -> bytes:
    return hmac.digest(signing, body.encode("utf-8", "surrogatepass"), "sha256")


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
