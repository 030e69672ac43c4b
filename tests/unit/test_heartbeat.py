"""Signs of life go on while the work does: past a ledger that is away, until a no, and not for ever."""

import threading
from collections.abc import Sequence

from attachguard.errors import LedgerUnavailable
from attachguard.heartbeat import heartbeat

LONG = 30.0
"""Seconds after which a test gives up on a thread."""


def beaten(answers: Sequence[bool | None], most: int | None = None) -> int:
    """Count the beats of a heart that is given these answers; None: the ledger is away. The rest is a yes."""
    beats: list[bool | None] = []
    enough = threading.Event()

    def renew() -> bool:
        answer = answers[len(beats)] if len(beats) < len(answers) else True
        beats.append(answer)
        if len(beats) >= len(answers):
            enough.set()
        if answer is None:
            raise LedgerUnavailable("away")
        return answer

    with heartbeat("test", 0.0, renew, most):
        assert enough.wait(LONG)
    return len(beats)


def test_a_no_ends_it_and_a_ledger_that_is_away_does_not() -> None:
    assert beaten([True, None, True, False]) == 4


def test_it_ends_after_so_many() -> None:
    assert beaten([True, None, True], most=3) == 3


def test_without_a_number_it_goes_on_until_the_work_is_done() -> None:
    assert beaten([True] * 100) >= 100
    assert not any(thread.name == "heartbeat test" for thread in threading.enumerate())
