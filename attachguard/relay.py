"""The relay: sends what the outbox holds, and watches the parts of the engine. It decides nothing.

Any number of relays may run. Receivers are slow, so a round sends several messages side by side, and few to each
webhook: one that hangs does not keep the others waiting.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from attachguard.model import Check
from attachguard.ports import Outbox, Post
from attachguard.webhooks import KEPT, Answer, Message

SIDE_BY_SIDE = 16
EACH = 4
"""Messages to one webhook in one round."""

WATCH_SECONDS = 60.0
TIDY_SECONDS = 3600.0

ROUNDS = 20
"""Rounds of sending before it is looked at the rest again."""

LEASE = timedelta(seconds=60)
"""Longer than any attempt: who is not back by then has died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed:
    """What one round did."""

    delivered: int = 0
    failed: int = 0


class Relay:
    """Sends messages and writes down what became of them."""

    def __init__(self, outbox: Outbox, post: Post) -> None:
        self._outbox = outbox
        self._post = post

    def send_due(self) -> Relayed:
        """Send what is due, once each. Raises LedgerUnavailable; then what was sent is sent again."""
        messages = self._outbox.take_messages(LEASE, SIDE_BY_SIDE, EACH)
        if not messages:
            return Relayed()
        with ThreadPoolExecutor(max_workers=len(messages), thread_name_prefix="webhook") as pool:
            answers = list(pool.map(self._send, messages))
        good = sum(answer.good for answer in answers)
        return Relayed(delivered=good, failed=len(answers) - good)

    def _send(self, message: Message) -> Answer:
        answer = self._post.send(message)
        self._outbox.answered(message, answer)
        return answer

    def watch(self, parts: Mapping[str, Sequence[Check]]) -> None:
        """Tell the operator's webhooks which parts stopped working, and which work again.

        A part works when everything required of it does. Raises LedgerUnavailable.
        """
        for part, checks in parts.items():
            wrong = [f"{check.name}: {check.detail}" for check in checks if check.required and not check.ok]
            self._outbox.part_is(part, not wrong, "; ".join(wrong))

    def tidy(self) -> int:
        """Forget messages that ended long ago. Raises LedgerUnavailable."""
        return self._outbox.forget_messages(KEPT)


class Errands:
    """What a process does every second beside the workers: sends, and now and then watches and tidies."""

    def __init__(self, relay: Relay, parts: Callable[[], Mapping[str, Sequence[Check]]]) -> None:
        """`parts` asks the parts of the engine how they are."""
        self._relay = relay
        self._parts = parts
        self._watched = self._tidied = 0.0

    def __call__(self) -> None:
        """Do what is due. Raises LedgerUnavailable."""
        now = time.monotonic()
        if now - self._watched >= WATCH_SECONDS:
            self._watched = now
            self._relay.watch(self._parts())
        if now - self._tidied >= TIDY_SECONDS:
            self._tidied = now
            self._relay.tidy()
        for _ in range(ROUNDS):
            if not self._relay.send_due().delivered:
                break  # as long as something arrives there may be more to send
