"""The ledger as callers know it: their keys, their webhooks, and the way to those."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from attachguard.access import Key, UploadLink
from attachguard.webhooks import Answer, Happening, Message, Webhook


class Keyring(Protocol):
    """The ledger as it knows callers. All methods raise LedgerUnavailable."""

    def add_key(self, key: Key) -> None:
        """Keep a new key."""
        ...

    def find_key(self, key: str) -> Key | None:
        """Find a key by its id, revoked or not."""
        ...

    def keys(self, tenant: str | None = None) -> Sequence[Key]:
        """List keys, oldest first; of one tenant, or all."""
        ...

    def has_keys(self) -> bool:
        """Tell whether a key was ever made: from then on everybody needs one."""
        ...

    def revoke_key(self, key: str) -> bool:
        """End a key, and every link it signed; False: there is none that is still good."""
        ...

    def spend(self, key: Key, submissions: int, size: int) -> bool:
        """Count against what a key may use in a day; False: it is used up, and nothing was counted."""
        ...

    def used(self, key: str) -> tuple[int, int]:
        """Tell how many submissions and bytes a key has used today (UTC)."""
        ...

    def use_link(self, link: UploadLink) -> bool:
        """Count one submission by a link; False: it made all it may."""
        ...

    def forget_links(self) -> int:
        """Forget the uses of links that are over."""
        ...


class Outbox(Protocol):
    """The ledger as it tells webhooks what happened. All methods raise LedgerUnavailable."""

    def add_webhook(self, webhook: Webhook) -> None:
        """Keep a new webhook; it is told what happens from now on."""
        ...

    def webhooks(self, tenant: str | None = None) -> Sequence[Webhook]:
        """List webhooks, oldest first; of one tenant, or all."""
        ...

    def remove_webhook(self, webhook: str) -> bool:
        """Take a webhook away with everything it was still to be told; False: there is none."""
        ...

    def tell(self, happening: Happening) -> int:
        """Write down something to be told that no transaction of the ledger tells by itself; gives to how many."""
        ...

    def take_messages(self, lease: timedelta, most: int, each: int) -> Sequence[Message]:
        """Claim messages that are due: at most so many, and at most `each` to one webhook.

        They are due again when the lease is over: a relay that died loses none.
        """
        ...

    def answered(self, message: Message, answer: Answer) -> None:
        """Write down what became of an attempt: delivered, to be tried again, given up, or its webhook disabled."""
        ...

    def backlog(self) -> Mapping[str, int]:
        """Count the messages that wait, by webhook."""
        ...

    def forget_messages(self, age: timedelta) -> int:
        """Forget messages that ended so long ago."""
        ...

    def part_is(self, name: str, ok: bool, detail: str) -> bool:
        """Write down how a part of the engine is, and tell of it when that changed; gives whether it did."""
        ...


class Post(Protocol):
    """Sends messages."""

    def send(self, message: Message) -> Answer:
        """Send once; never raises."""
        ...
