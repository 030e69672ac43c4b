"""Landlock by three system calls: a process gives up every file, TCP port and foreign process not named here.

Source: Linux Documentation/userspace-api/landlock.rst and include/uapi/linux/landlock.h. The rights are handled as
far as the kernel's ABI knows them; whether they hold is proven by acts.py, never taken from the version.
"""

import ctypes
import os
from collections.abc import Iterable

_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446
"""The same numbers on every architecture (they are younger than the common table)."""

_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
_PATH_BENEATH = 1  # LANDLOCK_RULE_PATH_BENEATH

EXECUTE = 1 << 0
READ_FILE = 1 << 2
READ_DIR = 1 << 3

_FS_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""File system rights by the ABI that brought them: 1 all the first, 2 REFER, 3 TRUNCATE, 5 IOCTL_DEV."""
_NET_RIGHTS = {4: 0b11}
"""ABI 4: BIND_TCP and CONNECT_TCP."""
_SCOPES = {6: 0b11}
"""ABI 6: abstract unix sockets and signals end at this domain."""

_FILE_RIGHTS = EXECUTE | READ_FILE
"""The rights a rule on a plain file may have (others are for directories, EINVAL)."""

_LIBC = ctypes.CDLL(None, use_errno=True)


class _RulesetAttr(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneathAttr(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def version() -> int:
    """Tell the kernel's Landlock ABI; 0 when it has none, or something outside of us denies it."""
    return max(0, int(_LIBC.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)))


def create(rules: Iterable[tuple[str, int]]) -> int:
    """Make a ruleset that leaves nothing but these paths and rights; returns its descriptor. Raises OSError.

    A path that does not exist is left out: there is nothing to allow. A ruleset can be made once and entered by
    every child, which saves each a dozen system calls.
    """
    abi = version()
    attr = _RulesetAttr(_known(_FS_RIGHTS, abi), _known(_NET_RIGHTS, abi), _known(_SCOPES, abi))
    # Older kernels know a shorter structure; what they don't know is 0 here, which they accept.
    ruleset = _call(_CREATE_RULESET, ctypes.byref(attr), ctypes.c_size_t(ctypes.sizeof(attr)), 0)
    try:
        for path, rights in rules:
            _allow(ruleset, path, rights)
    except OSError:
        os.close(ruleset)
        raise
    os.set_inheritable(ruleset, False)
    return ruleset


def enter(ruleset: int) -> None:
    """Give up what the ruleset does not leave, for ever, in this thread. Needs no_new_privs. Raises OSError."""
    _call(_RESTRICT_SELF, ruleset, 0)


def _known(rights: dict[int, int], abi: int) -> int:
    return sum(bits for since, bits in rights.items() if since <= abi)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            rights &= _FILE_RIGHTS
        attr = _PathBeneathAttr(rights, fd)
        _call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(attr), 0)
    finally:
        os.close(fd)


def _call(number: int, *arguments: object) -> int:
    result = int(_LIBC.syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"landlock call {number}: {os.strerror(code)}")
    return result
