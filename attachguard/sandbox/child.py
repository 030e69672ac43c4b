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
ORDERS_FD = 3
"""Of a child that waits. All between it and INPUT_FD are taken, so that what comes takes the places it should have."""

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


def wait(orders: socket.socket, zygote: int, level: wire.Level, cell: Cell) -> NoReturn:
    """Lock the door, wait for an errand of the strict profile at this level, then do it.

    All that a child is slow at is over before the job comes, and the walls but for its own limits stand already.
    """
    try:
        orders.recv(1)  # the zygote has done what it does with us
        settle(zygote, cell)
        ruleset = sit_down(orders.detach(), cell.walls.rulesets.get(""))
        seat = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, fileno=ORDERS_FD)
        jail.shut(wire.Profile.STRICT, level, ruleset, cell.walls.layers)
        inside.rehearse(cell.readers)
        errand = take_errand(seat)
    except BaseException:  # noqa: BLE001 - as in `run`; the zygote forks another, which says what is wrong
        os._exit(EXIT_BUG)
    try:
        for fd in range(seat.detach(), INPUT_FD):
            os.close(fd)
        jail.limit(errand, cell.walls.layers)
    except BaseException as error:  # noqa: BLE001 - as above
        give_up(error, ANSWER_FD)
    begin(errand, None, cell)


def take_errand(orders: socket.socket) -> wire.Errand:
    """Take an errand, and with it the three descriptors of the job, which come to lie where they belong."""
    message, fds, _, _ = socket.recv_fds(orders, wire.CONTROL_SIZE, 3)
    if fds != [INPUT_FD, OUTPUT_FD, ANSWER_FD]:
        raise ValueError("the descriptors of an errand are not where they should be")
    return wire.ERRAND.read(message)


def obey(errand: wire.Errand, fds: list[int], cell: Cell) -> NoReturn:
    """Lock the door and do the job."""
    try:
        program = cell.programs[errand.program] if errand.profile is wire.Profile.EXEC else None
        ruleset = place(fds, program, cell.walls.rulesets.get(errand.program))
        jail.limit(errand, cell.walls.layers)
        jail.shut(errand.profile, errand.level, ruleset, cell.walls.layers)
    except BaseException as error:  # noqa: BLE001 - as above
        give_up(error, ANSWER_FD)
    begin(errand, program, cell)


def begin(errand: wire.Errand, program: Program | None, cell: Cell) -> NoReturn:
    """Say that the walls are up, and do the job."""
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
    kept = frozenset({0, 1, 2} if program is None else {0, 1, 2, INPUT_FD})
    return _arrange(places, ruleset, inheritable=kept)


def sit_down(orders: int, ruleset: int | None) -> int | None:
    """Leave the orders open, /dev/null on every place below those of a job, and nothing above; else like `place`."""
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    return _arrange(
        dict.fromkeys(range(INPUT_FD), null) | {ORDERS_FD: orders}, ruleset, inheritable=frozenset({0, 1, 2})
    )


def _arrange(places: Mapping[int, int], ruleset: int | None, inheritable: frozenset[int]) -> int | None:
    """Put descriptors where they belong and close all others; returns the place of the ruleset."""
    wanted = {**places} if ruleset is None else {**places, RULESET_FD: ruleset}
    # First copies above every target, so that no target is overwritten before it was copied itself.
    copies = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, RULESET_FD + 1) for fd in wanted.values()]
    for fd, target in zip(copies, wanted, strict=True):
        os.dup2(fd, target, inheritable=target in inheritable)
    for free in set(range(RULESET_FD)) - wanted.keys():
        os.closerange(free, free + 1)
    os.closerange(max(wanted) + 1, os.sysconf("SC_OPEN_MAX"))
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
