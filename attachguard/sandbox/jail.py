"""The lock-down of one child: limits, identity, files, system calls, in an order in which each step still can be taken.

Any step that fails raises, the child exits unread, and the job is refused: there is no weaker second choice here.
The reasons stand beside the rules; what each wall stops is attacked in tests/rooms/.
"""

import contextlib
import ctypes
import enum
import itertools
import os
import resource
import signal
from collections.abc import Mapping
from dataclasses import dataclass

from attachguard.sandbox import landlock, seccomp, wire
from attachguard.sandbox.programs import FONTS, LIBRARIES, LOADERS, RANDOMNESS, Program

SPARE_ID = 60_900
"""The user and group a child of root becomes: in the range 60578-61183 that systemd's table of uids leaves unused."""

PROGRAM_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "", "HOME": "/nonexistent", "TMPDIR": "/nonexistent"}
"""Nothing of the service's environment; no place for temporary files, since none may be written."""

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_LIBC = ctypes.CDLL(None, use_errno=True)


class Layer(enum.Enum):
    """A wall."""

    LIMITS = "limits"
    IDENTITY = "identity"
    LANDLOCK = "landlock"
    FILTER = "filter"


EVERY_LAYER = frozenset(Layer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walls:
    """What can be prepared once, in the zygote, for all its children."""

    layers: frozenset[Layer]
    rulesets: Mapping[str, int]
    """Landlock rulesets by the name of a program; "" for the strict profile. Empty where there is no Landlock."""


def prepare(programs: Mapping[str, Program], layers: frozenset[Layer]) -> Walls:
    """Make the rulesets and compile the filters. What can't be made is missing when a child needs it."""
    rulesets: dict[str, int] = {}
    with contextlib.suppress(OSError):
        rulesets[""] = landlock.create(readable(None))
        for name, program in programs.items():
            rulesets[name] = landlock.create(readable(program))
    with contextlib.suppress(ValueError):
        for profile, level in itertools.product(wire.Profile, (wire.Level.FULL, wire.Level.NO_OPEN)):
            seccomp.compiled(os.uname().machine, profile, level)
    return Walls(layers=layers, rulesets=rulesets)


def settle(zygote: int, layers: frozenset[Layer]) -> None:
    """Put up what is the same for every errand. Raises OSError or ValueError when it does not stand."""
    die_with(zygote)
    volunteer_for_oom()
    if Layer.IDENTITY in layers and os.geteuid() == 0:
        become_nobody()
        die_with(zygote)  # changing the user clears it
    hide()


def shut(profile: wire.Profile, level: wire.Level, ruleset: int | None, layers: frozenset[Layer]) -> None:
    """Put up the walls that hold for ever, the filter last. Raises OSError or ValueError when one does not stand.

    The descriptor of the ruleset is closed on the way: nothing of the zygote's stays open.
    """
    if Layer.LANDLOCK in layers and level is wire.Level.FULL:
        if ruleset is None:
            raise ValueError("Landlock is missing")
        landlock.enter(ruleset)
    if ruleset is not None:
        os.close(ruleset)
    if Layer.FILTER in layers:
        seccomp.load(profile, level)


def die_with(zygote: int) -> None:
    """Be killed when the zygote ends; it may have ended before we asked."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != zygote:
        raise ValueError("the zygote is gone")


def volunteer_for_oom() -> None:
    """When the machine's memory ends, the kernel takes this process first, not the service."""
    with contextlib.suppress(OSError):  # a courtesy to the service, no wall: some containers do not allow it
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        os.write(fd, b"1000")
        os.close(fd)


def become_nobody() -> None:
    """Stop being root, for good. Raises OSError where that is impossible: root never reads a hostile file."""
    try:
        os.setgroups([])
        os.setresgid(SPARE_ID, SPARE_ID, SPARE_ID)
        os.setresuid(SPARE_ID, SPARE_ID, SPARE_ID)
    except OSError as error:
        raise PermissionError(
            f"root reads no file here, and can't become user {SPARE_ID} ({error.strerror}): run the service as"
            " another user, or leave it the capabilities SETUID and SETGID"
        ) from error
    if os.getresuid() != (SPARE_ID,) * 3 or os.getresgid() != (SPARE_ID,) * 3:
        raise OSError("still root after giving it up")


def limit(errand: wire.Errand, layers: frozenset[Layer]) -> None:
    """Bound what the process can use. All limits are hard: it can't raise them again. Raises OSError or ValueError."""
    if Layer.LIMITS not in layers:
        return
    files = 64 if errand.profile is wire.Profile.EXEC else 32
    for what, soft, hard in (
        (resource.RLIMIT_AS, errand.memory, errand.memory),
        # SIGXCPU at the limit, so that it can be told from other ends; SIGKILL a second later.
        (resource.RLIMIT_CPU, errand.cpu, errand.cpu + 1),
        # Also bounds the output memfd: one byte more is SIGXFSZ.
        (resource.RLIMIT_FSIZE, errand.output, errand.output),
        (resource.RLIMIT_NOFILE, files, files),
        # A second guard only: root ignores it, and it counts all processes of the user. The filter stops clone.
        (resource.RLIMIT_NPROC, 0, 0),
        # A core file would hold the attachment.
        (resource.RLIMIT_CORE, 0, 0),
        # Locked pages can't be reclaimed when memory is short.
        (resource.RLIMIT_MEMLOCK, 0, 0),
    ):
        resource.setrlimit(what, (soft, hard))
    # Kernel memory for queues and timers lies outside RLIMIT_AS; gVisor refuses to set these (measured).
    for what in (resource.RLIMIT_MSGQUEUE, resource.RLIMIT_SIGPENDING):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(what, (0, 0))


def hide() -> None:
    """Not traceable, not dumpable, and nothing executed later gets more rights than we have."""
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def readable(program: Program | None) -> list[tuple[str, int]]:
    """List what may be opened: fonts, random numbers; for a program its own file to execute, libraries to read."""
    rules = [(path, landlock.READ_FILE | landlock.READ_DIR) for path in FONTS]
    rules += [(path, landlock.READ_FILE) for path in RANDOMNESS]
    if program is not None:
        rules += [(path, landlock.READ_FILE | landlock.READ_DIR) for path in LIBRARIES]
        rules += [(path, landlock.EXECUTE | landlock.READ_FILE) for path in (*program.paths, *LOADERS)]
    return rules


def _prctl(option: int, value: int) -> None:
    if _LIBC.prctl(option, value, 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"prctl {option}: {os.strerror(code)}")
