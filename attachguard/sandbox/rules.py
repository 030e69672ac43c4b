"""Which system calls the room allows, as data, a reason per group. What is not named is refused with EPERM.

`seccomp.py` compiles this. The strict list was written from what reading needs and checked with every reader;
the exec list adds what the two programs were seen to use (strace over real documents).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

OWN_PID = 0x4F57_4E21
"""Stands for the process id of the child, which is known only when the filter is loaded.

Above the highest id that Linux gives (2**22), so that it is mistaken for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """Allowed when an argument (counted from 0, its low 32 bits) is one of these values."""

    argument: int
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAllOf:
    """Allowed unless all these bits of an argument (its low 32 bits) are set together."""

    argument: int
    bits: int


Condition = OneOf | NotAllOf

_PROT_WRITE, _PROT_EXEC = 2, 4  # asm-generic/mman-common.h

ALLOWED: tuple[str, ...] = (
    # Bytes in and out of the descriptors that the child was given; it can get no others that matter.
    *("read", "write", "pread64", "pwrite64", "readv", "writev", "lseek", "close", "dup", "ftruncate"),
    # Memory, within RLIMIT_AS. mmap and mprotect stand under CONDITIONS.
    *("munmap", "mremap", "brk", "madvise", "mincore", "futex"),
    # Looking at files. Landlock does not cover stat: names and sizes of files can be probed (a residual risk).
    *("fstat", "newfstatat", "stat", "lstat", "statx", "fstatfs", "getdents64"),
    *("readlink", "readlinkat", "access", "faccessat", "faccessat2"),
    # Signals to itself: handlers, alternate stacks, returning from them.
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall"),
    # A child that waits behind the walls takes its errand; when the first byte is read it has no socket any more.
    "recvmsg",
    # Time and waiting.
    *("clock_gettime", "clock_getres", "clock_nanosleep", "gettimeofday", "time", "nanosleep", "times"),
    *("sched_yield", "poll", "ppoll", "select", "pselect6"),
    # Asking who and where one is; random numbers.
    *("getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getcwd", "uname", "sysinfo"),
    *("getrandom", "getrusage", "getrlimit", "sched_getaffinity", "getcpu"),
    # Thread-local bookkeeping of the C library; ending.
    *("rseq", "set_robust_list", "exit", "exit_group"),
)

OPENING: tuple[str, ...] = ("open", "openat")
"""Allowed at level full, where Landlock says which files; refused with EACCES at level no-open."""

CONDITIONS: Mapping[str, Condition] = MappingProxyType(
    {
        # Its own limits may be read; raising a hard limit fails anyway.
        "prlimit64": OneOf(argument=0, values=(0,)),
        # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, locks, F_DUPFD_CLOEXEC, F_GET_SEALS. Not F_SETOWN and
        # F_SETSIG, which send signals to others.
        "fcntl": OneOf(argument=1, values=(0, 1, 2, 3, 4, 5, 6, 7, 1030, 1034)),
        # TCGETS, FIONREAD, FIOCLEX. Not TIOCSTI and the rest.
        "ioctl": OneOf(argument=1, values=(0x5401, 0x541B, 0x5451)),
        # PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_SET_VMA. Not PR_SET_DUMPABLE and the rest.
        "prctl": OneOf(argument=0, values=(3, 15, 16, 0x53564D41)),
        # abort() and faulthandler signal their own process.
        "kill": OneOf(argument=0, values=(OWN_PID,)),
        "tgkill": OneOf(argument=0, values=(OWN_PID,)),
        "tkill": OneOf(argument=0, values=(OWN_PID,)),
    }
)

NO_CODE: Mapping[str, Condition] = MappingProxyType(
    {
        # New machine code can't be made: what an exploit writes stays data.
        "mmap": NotAllOf(argument=2, bits=_PROT_EXEC),
        "mprotect": NotAllOf(argument=2, bits=_PROT_EXEC),
    }
)
"""Strict profile."""

NO_WRITABLE_CODE: Mapping[str, Condition] = MappingProxyType(
    {
        # The dynamic loader maps code; it never needs code that can be written to.
        "mmap": NotAllOf(argument=2, bits=_PROT_WRITE | _PROT_EXEC),
        "mprotect": NotAllOf(argument=2, bits=_PROT_WRITE | _PROT_EXEC),
    }
)
"""Exec profile."""

STARTING: tuple[str, ...] = ("execve", "arch_prctl", "set_tid_address", "fadvise64", "statfs")
"""Exec profile: to become the program (Landlock says which), and what the C library does as it starts."""

ABSENT: frozenset[str] = frozenset({"clone3"})
"""Answered with ENOSYS: its arguments lie in memory where no filter sees them; libraries then try clone (refused)."""

DEADLY: frozenset[str] = frozenset(
    {
        # Other processes' memory and descriptors.
        *("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd"),
        # Other views of the file system.
        *("mount", "umount2", "pivot_root", "chroot", "fsopen", "fsmount", "fsconfig", "fspick", "open_tree"),
        *("move_mount", "mount_setattr", "open_by_handle_at"),
        # Namespaces, the kernel's own interpreters, and what exploits of the kernel begin with.
        *("unshare", "setns", "bpf", "perf_event_open", "userfaultfd"),
        *("io_uring_setup", "io_uring_enter", "io_uring_register"),
        *("keyctl", "add_key", "request_key"),
        # Modules and kernels.
        *("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load"),
        # Switching the layout or the set of calls of a process.
        "personality",
        # Another program under the descriptors' names, past what is said about execve.
        "execveat",
    }
)
"""No reader calls these by mistake: the process is killed on the spot, and the file has a `sandbox.violation`."""

DEADLY_WHEN_STRICT: frozenset[str] = frozenset({"execve"})
