"""What the command line and the HTTP service say, as JSON, about files that were not delivered."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from attachguard.jobs import Event, Held


class EventDocument(msgspec.Struct, frozen=True):
    """One line of the audit."""

    at: datetime
    what: str
    actor: str
    detail: str


class HeldDocument(msgspec.Struct, frozen=True):
    """One file in quarantine."""

    attachment: str
    submission: str
    name: str
    size: int
    sha256: str
    verdict: str | None
    reasons: tuple[str, ...]
    policy: str
    state: str
    bytes: str
    at: datetime
    events: tuple[EventDocument, ...] = ()


def held_document(held: Held, events: Sequence[Event] = ()) -> HeldDocument:
    """Say what is held; with `events`, also everything that happened to its submission."""
    return HeldDocument(
        attachment=held.attachment,
        submission=held.submission,
        name=held.file.untrusted_name.encode("utf-8", "backslashreplace").decode(),
        size=held.file.size,
        sha256=held.file.sha256,
        verdict=held.outcome.value if held.outcome else None,
        reasons=held.reasons,
        policy=held.policy,
        state=held.state.value,
        bytes=held.bytes.value,
        at=held.at,
        events=tuple(EventDocument(event.at, event.what, event.actor, event.detail) for event in events),
    )
