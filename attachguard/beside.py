"""Threads for what is done beside something else; they stay, since to start and end one takes 0.4 ms (measured)."""

import os
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import lru_cache

_MOST = 64
"""Threads of a process. Whoever comes when all are busy waits for one; nothing that runs here waits for another."""


def threads() -> Executor:
    """Give this process's threads; a forked one has its own. They end with the interpreter."""
    return _threads_of(os.getpid())


@lru_cache(maxsize=1)
def _threads_of(process: int) -> Executor:
    del process  # whose they are: a fork copies none of them
    return ThreadPoolExecutor(_MOST, thread_name_prefix="attachguard-beside")
