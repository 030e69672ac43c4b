"""What the tests of re-scanning share: an engine with delivered files, and a scanner that learns."""

import hashlib
import itertools
import os
from collections.abc import Collection, Sequence

from attachguard.adapters.memory_scanner import MemoryScanner
from attachguard.adapters.processes import name_process
from attachguard.batches import Batch, Request
from attachguard.jobs import Queue
from attachguard.service import Service
from tests.engine_made import upload

ME = name_process(os.getpid())


def learned(texts: Collection[str]) -> MemoryScanner:
    """A scanner that has new signatures: for these texts."""
    known = {hashlib.sha256(text.encode()).hexdigest(): f"New.Malware-{number}" for number, text in enumerate(texts)}
    return MemoryScanner(test_double=True, known=known)


def deliver(service: Service, texts: Sequence[str], *, tenant: str = "", name: str = "note.txt") -> list[str]:
    """Have texts judged, each as a submission of its own; gives their ids."""
    made = [service.submit([upload(text, name)], tenant=tenant).submission for text in texts]
    judge_all(service)
    return made


def judge_all(service: Service) -> None:
    while (claim := service.claim(ME, tuple(Queue))) is not None:
        service.judge(claim)


def run(service: Service, batch: Batch, *, most: int = 100_000) -> Batch:
    """Work on a batch here until nothing is left to do."""
    for _ in itertools.islice(itertools.count(), most):
        if not service.rescan.work(ME, only=batch.id):
            break
    service.rescan.tend()
    return service.rescan.find(batch.id)


def rescan(service: Service, request: Request) -> Batch:
    """Begin a batch and work on it until nothing is left to do."""
    return run(service, service.rescan.begin(request))


def outcome(service: Service, submission: str) -> str:
    verdict = service.report(submission).verdict
    assert verdict is not None
    return verdict.outcome.value


def whats(service: Service, submission: str) -> list[str]:
    return [event.what for event in service.ledger.events(submission)]
