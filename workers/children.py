"""Has a dead child noticed at once, whatever the machine is busy with.

Celery learns of a child's death when its pipe closes, looks once, and otherwise every five seconds. A pipe closes a
moment before its process can be waited for: on a busy machine that one look comes too early (measured: 3 to 4.5 s of
5 s until the job was taken over, against 0.3 s on an idle one). So it looks twice a second.
"""

from celery import Celery, bootsteps
from celery.worker import WorkController
from kombu.asynchronous.hub import Hub

SECONDS = 0.5


class WatchChildren(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery ships no annotations
    """A step of the worker's start, after its pool is there."""

    requires = frozenset({"celery.worker.components:Pool"})

    def register_with_event_loop(self, worker: WorkController, hub: Hub) -> None:
        """Look regularly; pools without processes have nothing to look at."""
        look = getattr(worker.pool, "maintain_pool", None)
        if look is not None:
            hub.call_repeatedly(SECONDS, look)


def watch_children(app: Celery) -> None:
    """Add the step to the workers of an application."""
    app.steps["worker"].add(WatchChildren)
