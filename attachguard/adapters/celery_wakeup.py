"""Wakes Celery's workers: one message with the job's id, sent by the task's name. The ledger stays the truth.

This side knows no task: it needs neither the workers' code nor their application.
"""

import threading
from collections.abc import Sequence
from urllib.parse import urlsplit

from celery import Celery
from kombu.exceptions import OperationalError

from attachguard.adapters.celery_queues import queues
from attachguard.adapters.forks import renew_after_fork
from attachguard.jobs import Hint
from attachguard.model import Check

TASK = "attachguard.process"

SECONDS = 2.0
"""How long a broker that does not answer may hold up who submits; the relay tells it later."""


class CeleryWakeup:
    """The port `Wakeup` over Celery's broker."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._app: Celery | None = None
        renew_after_fork(self)

    def after_fork(self) -> None:
        """In a forked process: connections of its own."""
        self._lock = threading.Lock()
        self._app = None

    def hint(self, hint: Hint) -> bool:
        """See ports.Wakeup."""
        try:
            self._connected().send_task(
                TASK,
                args=[hint.job],
                queue=hint.queue.value,
                retry=False,
                ignore_result=True,
            )
        except (OperationalError, OSError):
            return False
        return True

    def probe(self) -> Sequence[Check]:
        """Connect to the broker."""
        shown = _without_password(self._url)
        try:
            with self._connected().connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, timeout=SECONDS)
        except (OperationalError, OSError) as error:
            # Not required: what is submitted meanwhile waits in the ledger.
            return (Check(name="broker", ok=False, detail=f"{shown}: {error}", required=False),)
        return (Check(name="broker", ok=True, detail=f"{shown}: connected", required=False),)

    def _connected(self) -> Celery:
        with self._lock:
            if self._app is None:
                self._app = _sender(self._url)
            return self._app


def _sender(url: str) -> Celery:
    app = Celery("attachguard-sender", broker=url, set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        task_serializer="json",
        task_queues=queues(url),
        task_create_missing_queues=False,
        broker_connection_timeout=SECONDS,
        broker_connection_max_retries=0,
        broker_transport_options={
            "socket_timeout": SECONDS,
            "socket_connect_timeout": SECONDS,
            "max_retries": 0,
            "confirm_publish": True,  # AMQP: the broker has it, not just the network
            "read_timeout": SECONDS,
            "write_timeout": SECONDS,
            "connect_timeout": SECONDS,
        },
    )
    return app


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"
