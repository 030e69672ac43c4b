"""What beat sends, and how often. Each entry expires: while no worker listens, nothing piles up."""

from collections.abc import Mapping

from attachguard.adapters.celery_queues import CARE

TEND_SECONDS = 2.0
"""Lost workers, overdue jobs and jobs nobody was told of: within lease + 2 s everything moves on."""

PROBE_SECONDS = 60.0
SIGNATURES_SECONDS = 3600.0
SWEEP_SECONDS = 3600.0


def schedule() -> Mapping[str, Mapping[str, object]]:
    """Give the schedule as beat wants it."""
    return {
        name: {
            "task": f"attachguard.{name}",
            "schedule": seconds,
            "options": {"queue": CARE, "expires": seconds, "ignore_result": True},
        }
        for name, seconds in (
            ("tend", TEND_SECONDS),
            ("probe", PROBE_SECONDS),
            ("signatures", SIGNATURES_SECONDS),
            ("sweep", SWEEP_SECONDS),
        )
    }
