"""How Celery is set, and why. The ledger is the truth: all of this is about speed, and about not losing hints."""

import os
from collections.abc import Mapping
from pathlib import Path

from celery import Celery

from attachguard.adapters.celery_queues import is_amqp, queues
from attachguard.settings import Settings, state_folder

from .schedule import schedule

HARD_AFTER_SOFT = 10
"""Seconds between the limit that raises in Python and the one that kills: enough to give a job back."""


def configure(app: Celery, settings: Settings, broker: str) -> None:
    """Set everything."""
    hard = settings.job_seconds + HARD_AFTER_SOFT
    app.conf.update(
        broker_url=broker,
        # -- what travels: a job's id, readable by anything, executable by nothing
        task_serializer="json",
        accept_content=["json"],
        # -- no results: the verdict is in the ledger, and a result backend would be a second truth
        task_ignore_result=True,
        # -- a message is acknowledged when its work is done, and comes back when its worker dies
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        # -- one message in hand: a small file never waits behind a large one while another worker idles
        worker_prefetch_multiplier=1,
        # -- queues by cost; declared by senders too, so that nothing is sent into the void
        task_queues=queues(broker),
        task_default_queue="scan",
        task_create_missing_queues=False,
        # -- limits: the soft one raises and the job is given back; a loop in C never sees it, the hard one kills.
        # Then the heartbeat stops, the lease ends, and the job is tried again, three times in all.
        task_soft_time_limit=settings.job_seconds,
        task_time_limit=hard,
        # -- a fresh child now and then: what libraries leak is given back
        worker_max_tasks_per_child=100,
        # -- SIGTERM finishes what is in hand; SIGQUIT gives it this long, then it is redelivered
        worker_soft_shutdown_timeout=30,
        # -- a broker that is away is waited for, always: submissions collect in the ledger meanwhile
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # -- and outlived: see there
        worker_consumer=f"{__package__}.consumer:LastingConsumer",
        # -- a job in hand is finished while the broker is away; its message comes again and finds it done
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_heartbeat=10 if is_amqp(broker) else 0,
        broker_transport_options=_transport(broker, hard),
        # -- seen by flower and `celery events`
        worker_send_task_events=True,
        # -- our own log lines go where Celery's go
        worker_redirect_stdouts=False,
        beat_schedule=schedule(),
        beat_schedule_filename=str(_state() / "celerybeat-schedule"),
        # -- beat looks often enough for a relay that runs every two seconds
        beat_max_loop_interval=1,
        timezone="UTC",
    )


def _transport(broker: str, hard: int) -> Mapping[str, float | int | bool]:
    if is_amqp(broker):
        return {"confirm_publish": True}  # the broker has it, not just the network
    if broker.startswith(("redis:", "rediss:")):
        return {
            # A message that was not acknowledged for so long goes to another worker. Shorter than a job may take, it
            # would start jobs twice; the relay is quicker anyway (lease + 2 s).
            "visibility_timeout": 2 * hard,
            # How often lost messages are looked for. By default every 10th of 10 s rounds: 100 s.
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            # A connection that hangs must not hold a worker for ever.
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 10,
        }
    return {}


def _state() -> Path:
    folder = state_folder(os.environ)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
