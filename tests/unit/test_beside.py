"""Threads beside: the same ones again and again, and others in a forked process."""

import os
import threading

from attachguard.beside import threads


def test_a_thread_stays_for_the_next() -> None:
    names = {threads().submit(lambda: threading.current_thread().name).result() for _ in range(20)}
    assert len(names) < 20
    assert all(name.startswith("attachguard-beside") for name in names)


def test_a_forked_process_has_threads_of_its_own() -> None:
    assert threads().submit(os.getpid).result() == os.getpid()
    child = os.fork()
    if child == 0:
        os._exit(0 if threads().submit(os.getpid).result(10) == os.getpid() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
