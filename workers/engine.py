"""The service of a worker: opened in the main process before the pool is forked, closed when the worker ends.

Opened there, its parts are shared by all children: one scanner with one set of signatures in memory, not one each.
Every part knows what to do after a fork.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from celery import Celery
from celery.signals import worker_init, worker_ready, worker_shutdown
from celery.worker import WorkController
from celery.worker.consumer import Consumer

from attachguard.adapters.celery_queues import dead_letters, is_amqp
from attachguard.service import Service


class Engine:
    """Gives the service to tasks."""

    def __init__(self, opens: Callable[[], AbstractContextManager[Service]]) -> None:
        self._opens = opens
        self._stack = ExitStack()
        self._service: Service | None = None
        self._owner = 0

    def follow(self, app: Celery) -> None:
        """Open and close with the worker of this application."""

        def opened(sender: WorkController, **_: object) -> None:
            if sender.app is not app:
                return
            for check in self.service.kit.scanner.probe():  # starts a private scanner before the pool is forked
                if check.required and not check.ok:
                    app.log.get_default_logger().warning("scanner: %s: %s", check.name, check.detail)

        def closed(sender: WorkController, **_: object) -> None:
            if sender.app is app and self._service is not None and self._owner == os.getpid():
                self._stack.close()

        def ready(sender: Consumer, **_: object) -> None:
            if sender.app is app and is_amqp(str(app.conf.broker_url)):
                with app.connection_for_write() as connection:
                    dead_letters()(connection.default_channel).declare()

        worker_ready.connect(ready, weak=False)
        worker_init.connect(opened, weak=False)
        worker_shutdown.connect(closed, weak=False)

    @property
    def service(self) -> Service:
        """The service, opened once."""
        if self._service is None:
            self._service = self._stack.enter_context(self._opens())
            self._owner = os.getpid()
        return self._service
