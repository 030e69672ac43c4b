"""Keeps one zygote for this process: starts it when it is needed, has it proven, replaces it, ends it.

Safe for threads; after a fork the copy begins with none of its own, and the parent's stays the parent's.
"""

import contextlib
import os
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from attachguard.sandbox import channel, endings, wire
from attachguard.sandbox.proof import Proof, prove
from attachguard.sandbox.settings import RoomSettings


@dataclass(slots=True, kw_only=True)
class Tenant:
    """A warm zygote and what is known of it."""

    zygote: channel.Zygote
    proof: Proof
    proven: float
    """When, on the monotonic clock."""
    jobs: int = 0
    crashes: int = 0
    users: int = 0
    retired: bool = False
    """It takes no new job; its last user ends it."""

    def note(self, done: channel.Done) -> None:
        """Count how a job ended."""
        self.jobs += 1
        if isinstance(done.ended, wire.Ended) and endings.crashed(done.ended):
            self.crashes += 1

    def worn(self, settings: RoomSettings) -> bool:
        """Tell whether it is time for a new address layout: every child of one zygote has the same."""
        return self.retired or self.jobs >= settings.recycle_jobs or self.crashes >= settings.recycle_crashes


class Keeper:
    """Lends the zygote, job by job."""

    def __init__(self, settings: RoomSettings, command: Sequence[str]) -> None:
        """`command` starts the zygote."""
        self.settings = settings
        self._command = command
        self._tenant: Tenant | None = None
        self._closed = False
        self._begin()
        _KEEPERS.add(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(self.settings.jobs)
        self._tenant = None
        self._begun = False

    def begin(self) -> None:
        """Start the zygote beside whatever else is done, once, so that its first job finds it ready.

        What goes wrong here goes wrong again for that job, which tells of it.
        """
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._warm, name="attachguard-room", daemon=True).start()

    def _warm(self) -> None:
        with contextlib.suppress(channel.ZygoteLostError, OSError), self.lend():
            pass

    def slot(self) -> threading.BoundedSemaphore:
        """Limit the jobs at one time: hold it (`with`) while one runs."""
        return self._slots

    @contextlib.contextmanager
    def lend(self) -> Iterator[Tenant]:
        """Lend a warm and proven zygote. Raises channel.ZygoteLostError when there is none to be had."""
        tenant = self._enter()
        try:
            yield tenant
        except channel.ZygoteLostError:
            tenant.retired = True
            raise
        finally:
            self._leave(tenant)

    def prove_anew(self) -> None:
        """Have the walls attacked before the next job, whenever that was done last."""
        with self._lock:
            if self._tenant is not None:
                self._tenant.proven = float("-inf")

    def close(self) -> None:
        """End the zygote and every job, for good: a loan after this fails."""
        with self._lock:
            self._closed = True
            tenant, self._tenant = self._tenant, None
        if tenant is not None:
            tenant.zygote.close()

    def _enter(self) -> Tenant:
        with self._lock:
            if self._closed:
                raise channel.ZygoteLostError("the room is closed")
            if self._tenant is None:
                self._tenant = self._start()
            elif time.monotonic() - self._tenant.proven > self.settings.prove_every:
                self._prove(self._tenant)
            self._tenant.users += 1
            return self._tenant

    def _start(self) -> Tenant:
        zygote = channel.Zygote(self._command, self.settings.patience)
        try:
            proof = prove(zygote, self.settings.memory)
        except BaseException:
            zygote.close()
            raise
        return Tenant(zygote=zygote, proof=proof, proven=time.monotonic())

    def _prove(self, tenant: Tenant) -> None:
        try:
            tenant.proof = prove(tenant.zygote, self.settings.memory)
        except channel.ZygoteLostError:
            self._tenant = None
            if tenant.users == 0:
                tenant.zygote.close()
            tenant.retired = True
            raise
        tenant.proven = time.monotonic()

    def _leave(self, tenant: Tenant) -> None:
        with self._lock:
            tenant.users -= 1
            if tenant.worn(self.settings):
                tenant.retired = True
                if self._tenant is tenant:
                    self._tenant = None
            over = tenant.retired and tenant.users == 0
        if over:
            tenant.zygote.close()

    def leave_to_parent(self) -> None:
        """In a forked copy of the service: the zygote is the parent's, and a lock may be held by nobody alive."""
        tenant = self._tenant
        self._begin()
        if tenant is not None:
            tenant.zygote.forget()


_KEEPERS: "weakref.WeakSet[Keeper]" = weakref.WeakSet()


def _leave_all_to_parent() -> None:
    for keeper in list(_KEEPERS):
        keeper.leave_to_parent()


os.register_at_fork(after_in_child=_leave_all_to_parent)
