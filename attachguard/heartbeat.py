"""Signs of life: what a worker holds is renewed beside the work, by a thread of its own."""

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator

from attachguard.errors import LedgerUnavailable


@contextlib.contextmanager
def heartbeat(name: str, pause: float, renew: Callable[[], bool], most: int | None = None) -> Iterator[None]:
    """Call `renew` every `pause` seconds, at most `most` times, until the block ends or it says no.

    A ledger that is away is asked again after the next pause.
    """
    over = threading.Event()

    def beat() -> None:
        for _ in itertools.count() if most is None else range(most):
            if over.wait(pause):
                return
            with contextlib.suppress(LedgerUnavailable):
                if not renew():
                    return

    thread = threading.Thread(target=beat, name=f"heartbeat {name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
