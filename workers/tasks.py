"""The tasks: an id in, one call of the service. They decide nothing, and running one twice is harmless."""

import functools
import logging
import os
import time
from collections.abc import Callable, Mapping

from celery import Celery
from celery.utils.log import get_task_logger

from attachguard.adapters.celery_wakeup import TASK
from attachguard.adapters.processes import name_process
from attachguard.errors import Unavailable
from attachguard.jobs import Queue
from attachguard.service import Service

from .engine import Engine

RESCAN_SECONDS = 15.0
"""How long one message keeps a worker at re-scanning: with one message a second, fifteen workers can be at it."""

_logger = get_task_logger("attachguard")


def process(service: Service, job: str) -> None:
    """Judge a job. What goes wrong is in the ledger; the relay announces the job again when its time comes."""
    service.process(job, name_process(os.getpid()))


def rescan(service: Service) -> None:
    """Judge bundles of batches again for a while, as long as no submission waits."""
    owner = name_process(os.getpid())
    until = time.monotonic() + RESCAN_SECONDS
    while time.monotonic() < until and service.rescan.work(owner, tuple(Queue)):
        pass


def rescan_schedule(service: Service) -> None:
    """Begin the batches that are due."""
    for batch in service.rescan.keep_schedule():
        _logger.info("re-scan %s begun by the schedule", batch)


def tend(service: Service) -> None:
    """Return what lost workers held, end what is out of time, announce what waits."""
    service.tend()


def sweep(service: Service) -> None:
    """Clear away what nothing refers to."""
    _logger.info("%s", service.sweep())


def probe(service: Service) -> None:
    """Ask every part, and say what is missing."""
    for part, checks in service.probe().items():
        for check in checks:
            if not check.ok:
                level = logging.ERROR if check.required else logging.WARNING
                _logger.log(level, "%s: %s: %s", part, check.name, check.detail)


def signatures(service: Service) -> None:
    """Say which signatures scan, and whether they are old."""
    for check in service.kit.scanner.probe():
        if check.name == "signatures":
            _logger.log(logging.INFO if check.ok else logging.WARNING, "signatures: %s", check.detail)


ERRANDS = "attachguard.errands"

TASKS: Mapping[str, Callable[..., None]] = {
    TASK: process,
    "attachguard.rescan": rescan,
    "attachguard.rescan_schedule": rescan_schedule,
    "attachguard.tend": tend,
    "attachguard.sweep": sweep,
    "attachguard.probe": probe,
    "attachguard.signatures": signatures,
}
"""Every task by its name: senders know the names only."""


def add_tasks(app: Celery, engine: Engine, errands: Callable[[Service], Callable[[], None]]) -> None:
    """Register every task; each is given the worker's service. `errands` gives what `attachguard.errands` does."""
    for name, does in {**TASKS, ERRANDS: _errands(errands)}.items():
        # shared: every application of the process would get it, in no order, and with it this one's service
        app.task(_bound(does, engine), name=name, shared=False)


def _errands(made: Callable[[Service], Callable[[], None]]) -> Callable[[Service], None]:
    """Send to webhooks, watch and tidy; what is remembered between two rounds is each process's own."""
    once = functools.cache(made)

    def errands(service: Service) -> None:
        once(service)()

    return errands


def _bound(does: Callable[..., None], engine: Engine) -> Callable[..., None]:
    @functools.wraps(does)
    def task(*arguments: str) -> None:
        try:
            does(engine.service, *arguments)
        except Unavailable as error:  # the ledger knows what is left to do; the next round does it
            _logger.warning("%s %s: %s", does.__name__, " ".join(arguments), error)

    del task.__wrapped__  # Celery would ask for the service as an argument
    return task
