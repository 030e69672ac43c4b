"""What beat sends, and how often. Each entry expires: while no worker listens, nothing piles up."""

from collections.abc import Mapping

from attachguard.adapters.celery_queues import CARE
from attachguard.jobs import Queue

TEND_SECONDS = 2.0
"""Lost workers, overdue jobs and jobs nobody was told of: within lease + 2 s everything moves on."""

ERRANDS_SECONDS = 2.0
"""Messages to webhooks."""

PROBE_SECONDS = 60.0
SIGNATURES_SECONDS = 3600.0
SWEEP_SECONDS = 3600.0
SCHEDULE_SECONDS = 60.0
RESCAN_SECONDS = 1.0
"""One message a second invites whoever is idle to work on a batch for a while; without a batch it costs nothing."""

RESCAN = Queue.RESCAN.value


def schedule() -> Mapping[str, Mapping[str, object]]:
    """Give the schedule as beat wants it."""
    return {
        name: {
            "task": f"attachguard.{name}",
            "schedule": seconds,
            "options": {"queue": queue, "expires": seconds, "ignore_result": True},
        }
        for name, seconds, queue in (
            ("tend", TEND_SECONDS, CARE),
            ("probe", PROBE_SECONDS, CARE),
            ("signatures", SIGNATURES_SECONDS, CARE),
            ("sweep", SWEEP_SECONDS, CARE),
            ("rescan", RESCAN_SECONDS, RESCAN),
            ("rescan_schedule", SCHEDULE_SECONDS, CARE),
            ("errands", ERRANDS_SECONDS, CARE),
        )
    }
