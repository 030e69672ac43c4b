"""Waiting for verdicts: one look into the ledger at a time for everybody who waits, however many they are."""

import asyncio
from collections.abc import Callable, Collection, Mapping

from starlette.concurrency import run_in_threadpool

from attachguard.errors import LedgerUnavailable
from attachguard.states import FINAL, SubmissionState

PAUSE = 0.02
"""Seconds between two looks. A verdict takes at least as long."""


class Watcher:
    """Tells when submissions are final. Belongs to one event loop."""

    def __init__(self, progress: Callable[[Collection[str]], Mapping[str, SubmissionState]]) -> None:
        """`progress`: Register.progress of the ledger, called in a thread."""
        self._progress = progress
        self._waiting: dict[str, list[asyncio.Event]] = {}
        self._task: asyncio.Task[None] | None = None

    async def wait(self, submission: str, seconds: float) -> None:
        """Return when a submission is final, or after so many seconds. Never raises: the caller looks for itself."""
        if seconds <= 0:
            return
        event = asyncio.Event()
        self._waiting.setdefault(submission, []).append(event)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            self._forget(submission, event)

    def _forget(self, submission: str, event: asyncio.Event) -> None:
        events = self._waiting.get(submission, [])
        if event in events:
            events.remove(event)
        if not events:
            self._waiting.pop(submission, None)

    async def _watch(self) -> None:
        while self._waiting:
            try:
                found = await run_in_threadpool(self._progress, list(self._waiting))
            except LedgerUnavailable:
                found = {}  # whoever waits finds out when their time is over
            for submission in [one for one, state in found.items() if state in FINAL]:
                for event in self._waiting.pop(submission, []):
                    event.set()
            await asyncio.sleep(PAUSE)
