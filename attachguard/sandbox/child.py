"""One child, from the fork to its exit: puts its descriptors in place, locks itself in, and only then reads."""

import contextlib
import fcntl
import os
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from attachguard.sandbox import inside, jail, wire
from attachguard.sandbox.programs import INPUT, Program

INPUT_FD = 10
OUTPUT_FD = 11
ANSWER_FD = 12
RULESET_FD = 13

EXIT_NOT_LOCKED = 98
"""The walls did not go up; nothing was read."""
EXIT_NOT_STARTED = 97
"""The program could not be executed; the answer says so too, which no program can forge."""
EXIT_BUG = 96
"""Our own code raised after the walls were up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What every child of a zygote is given."""

    readers: inside.Readers
    programs: Mapping[str, Program]
    walls: jail.Walls


def run(errand: wire.Errand, fds: list[int], zygote: int, cell: Cell) -> NoReturn:
    """Do an errand. Never returns: nothing of the zygote's stack may run in the child."""
    try:
        settle(zygote, cell)
    except BaseException as error:  # noqa: BLE001 - whatever it was, the walls are not up: nothing may be read
        give_up(error, fds[2])
    obey(errand, fds, cell)


def wait(orders: socket.socket, zygote: int, cell: Cell) -> NoReturn:
    """Wait for an errand, then do it: all that a child is slow at is over before the job comes.

    Waiting, it is nothing but a copy of the zygote that has read nothing.
    """
    try:
        settle(zygote, cell)
        jail.rehearse()
        inside.rehearse(cell.readers)
        message, fds, _, _ = socket.recv_fds(orders, wire.CONTROL_SIZE, 3)
        errand = wire.ERRAND.read(message)
    except BaseException:  # noqa: BLE001 - as in `run`; the zygote forks another, which says what is wrong
        os._exit(EXIT_BUG)
    obey(errand, fds, cell)


def obey(errand: wire.Errand, fds: list[int], cell: Cell) -> NoReturn:
    """Lock the door, say so, and do the job."""
    try:
        program = cell.programs[errand.program] if errand.profile is wire.Profile.EXEC else None
        ruleset = place(fds, program, cell.walls.rulesets.get(errand.program))
        jail.lock(errand, ruleset, cell.walls.layers)
    except BaseException as error:  # noqa: BLE001 - as above
        give_up(error, ANSWER_FD)
    try:
        os.write(ANSWER_FD, wire.LOCKED)
        if program is not None:
            start(program)
        inside.serve(errand.job, INPUT_FD, OUTPUT_FD, ANSWER_FD, cell.readers)
    except BaseException:  # noqa: BLE001 - a child that unwinds into the zygote's loop would serve a second one
        os._exit(EXIT_BUG)
    os._exit(0)


def give_up(error: BaseException, answer: int) -> NoReturn:
    """Say why the walls are not up, without the marker that they are, and end."""
    with contextlib.suppress(OSError):
        os.write(answer, str(error).encode("utf-8", "replace")[:300])
    os._exit(EXIT_NOT_LOCKED)


def settle(zygote: int, cell: Cell) -> None:
    """Stop being the zygote: its signals, its session, its rights."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    jail.settle(zygote, cell.walls.layers)


def place(fds: list[int], program: Program | None, ruleset: int | None) -> int | None:
    """Leave exactly six descriptors open: 0, 1 and 2 on /dev/null and the three of this job.

    A seventh, the Landlock ruleset, is returned, and is closed when it has been entered. The control and report
    sockets, and every other job's memfds, are gone before a byte is read. For a program standard output is the
    output memfd, and the input memfd stays open when it starts; the answer pipe does not.
    """
    source, sink, answer = fds
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    places = {0: null, 1: null if program is None else sink, 2: null}
    places |= {INPUT_FD: source, OUTPUT_FD: sink, ANSWER_FD: answer}
    places |= {} if ruleset is None else {RULESET_FD: ruleset}
    # First copies above every target, so that no target is overwritten before it was copied itself.
    copies = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, RULESET_FD + 1) for fd in places.values()]
    for fd, target in zip(copies, places, strict=True):
        os.dup2(fd, target, inheritable=target <= 2 or (target == INPUT_FD and program is not None))
    os.closerange(3, INPUT_FD)
    os.closerange(max(places) + 1, os.sysconf("SC_OPEN_MAX"))
    return None if ruleset is None else RULESET_FD


def start(program: Program) -> NoReturn:
    """Become the program, or end."""
    try:
        arguments = [part.replace(INPUT, f"/proc/self/fd/{INPUT_FD}") for part in program.arguments]
        os.execve(  # noqa: S606 - no shell is what is wanted
            program.find(), [program.name, *arguments], jail.PROGRAM_ENVIRONMENT
        )
    except OSError as error:
        os.write(ANSWER_FD, wire.NOT_STARTED + str(error).encode("utf-8", "replace")[:300])
    os._exit(EXIT_NOT_STARTED)
