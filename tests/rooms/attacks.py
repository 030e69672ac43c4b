"""The attack table: what an attacker would do once a reader is taken over, and what must come of it."""

import os
from dataclasses import dataclass

from attachguard.sandbox.syscalls import SYSTEM_CALLS

MACHINE = os.uname().machine
CALL = SYSTEM_CALLS[MACHINE]
MEMFD_CREATE = {"x86_64": 319, "aarch64": 279}[MACHINE]

REFUSED = "refused"
KILLED = "sandbox.violation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One row: the strict profile's attack in words for hostile_start.py, the exec profile's in Perl."""

    title: str
    words: tuple[str, ...]
    comes_to: str
    """`refused`, or the finding of a killed child."""
    perl: str = ""
    """An expression that is true when it was possible; empty: this makes no sense for a program."""
    perl_comes_to: str = REFUSED
    needs_root: bool = False
    """Only root can do this even without walls."""


def _deadly(title: str, call: str, arguments: str = "0,0,0,0,0") -> Attack:
    return Attack(
        title=title,
        words=(call,),
        comes_to=KILLED,
        perl=f"syscall({CALL[call]},{arguments}) || 1",
        perl_comes_to=KILLED,
    )


INET = "pack('S n C4 x8', 2, {port}, 127, 0, 0, 1)"

ATTACKS = (
    Attack(
        title="read /etc/passwd",
        words=("read", "/etc/passwd"),
        comes_to=REFUSED,
        perl="open(my $f, '<', '/etc/passwd')",
    ),
    Attack(
        title="read the environment of another process of the service",
        words=("read_secrets",),
        comes_to=REFUSED,
        perl="open(my $f, '<', '/proc/' . getppid() . '/environ')",
    ),
    Attack(
        title="open the memory of another process of the service",
        words=("open_memory",),
        comes_to=REFUSED,
        perl="open(my $f, '+<', '/proc/' . getppid() . '/mem')",
    ),
    Attack(
        title="write a file",
        words=("write", "{folder}"),
        comes_to=REFUSED,
        perl="open(my $f, '>', '{folder}/written')",
    ),
    Attack(title="write 8 MiB", words=("write_much", "{folder}"), comes_to=REFUSED),
    Attack(title="make 300 files", words=("many_files", "{folder}"), comes_to=REFUSED),
    Attack(
        title="make a symbolic link",
        words=("symlink", "{folder}"),
        comes_to=REFUSED,
        perl="symlink('/etc/passwd', '{folder}/link')",
    ),
    Attack(
        title="change the mode of a file of the same user",
        words=("chmod", "{owned}"),
        comes_to=REFUSED,
        perl="chmod(0600, '{owned}')",
    ),
    Attack(
        title="connect to 127.0.0.1 by TCP",
        words=("tcp", "{tcp}"),
        comes_to=REFUSED,
        perl=f"socket($s, 2, 1, 0) && connect($s, {INET.replace('port', 'tcp')})",
    ),
    Attack(
        title="send by UDP",
        words=("udp", "{udp}"),
        comes_to=REFUSED,
        perl=f"socket($s, 2, 2, 0) && send($s, 'x', 0, {INET.replace('port', 'udp')})",
    ),
    Attack(
        title="connect to a unix socket",
        words=("unix", "{unix}"),
        comes_to=REFUSED,
        perl="socket($s, 1, 1, 0) && connect($s, pack('S a*', 1, '{unix}'))",
    ),
    Attack(
        title="connect to an abstract unix socket",
        words=("abstract_unix", "{abstract}"),
        comes_to=REFUSED,
        perl="socket($s, 1, 1, 0) && connect($s, pack('S a*', 1, chr(0) . '{abstract}'))",
    ),
    Attack(
        title="fork",
        words=("fork",),
        comes_to=REFUSED,
        perl="defined($p = fork()) && ($p || exit)",
    ),
    Attack(title="fork by clone3", words=("clone3",), comes_to=REFUSED),
    Attack(title="fork 20 times", words=("fork_bomb",), comes_to=REFUSED),
    Attack(title="start 20 threads", words=("thread_bomb",), comes_to=REFUSED),
    Attack(title="leave a daemon behind", words=("daemonize",), comes_to=REFUSED),
    Attack(
        title="take 1.5 GiB of memory",
        words=("memory",),
        comes_to=REFUSED,
        perl=f"syscall({CALL['mmap']}, 0, 1536 << 20, 3, 0x22, -1, 0) != -1",
    ),
    Attack(
        title="hold memory in memfds",
        words=("memfds",),
        comes_to=REFUSED,
        perl=f"syscall({MEMFD_CREATE}, $name = 'm', 0) != -1",
    ),
    Attack(title="raise its own limits", words=("raise_limits",), comes_to=REFUSED),
    Attack(
        title="signal another process of the service",
        words=("signal_zygote",),
        comes_to=REFUSED,
        perl="kill('CONT', getppid())",
    ),
    Attack(
        title="signal every process",
        words=("signal_everybody",),
        comes_to=REFUSED,
        perl="kill(0, -1)",
    ),
    Attack(
        title="trace another process of the service",
        words=("ptrace",),
        comes_to=KILLED,
        perl=f"syscall({CALL['ptrace']}, 0x4206, getppid(), 0, 0) != -1",
        perl_comes_to=KILLED,
    ),
    Attack(
        title="read another process's memory by process_vm_readv",
        words=("read_process",),
        comes_to=KILLED,
        perl=f"syscall({CALL['process_vm_readv']}, getppid(), 0, 0, 0, 0, 0) != -1",
        perl_comes_to=KILLED,
    ),
    Attack(
        title="execute a program",
        words=("execute",),
        comes_to=KILLED,
        perl="exec {'/bin/sh'} 'sh', '-c', 'echo possible'",
    ),
    Attack(title="execute a program by execveat", words=("execute_at",), comes_to=KILLED),
    Attack(
        title="map memory that is writable and code",
        words=("writable_code",),
        comes_to=REFUSED,
        perl=f"syscall({CALL['mmap']}, 0, 4096, 7, 0x22, -1, 0) != -1",
    ),
    Attack(title="turn data into code", words=("data_to_code",), comes_to=REFUSED),
    Attack(
        title="become traceable",
        words=("become_traceable",),
        comes_to=REFUSED,
        perl=f"syscall({CALL['prctl']}, 4, 1, 0, 0, 0) != -1",
    ),
    Attack(title="become root again", words=("become_root",), comes_to=REFUSED, needs_root=True),
    _deadly("io_uring", "io_uring_setup"),
    _deadly("make a user namespace", "unshare", "0x10000000"),
    _deadly("enter a namespace", "setns", "-1,0"),
    _deadly("load a BPF program", "bpf", "-1,0,0"),
    _deadly("handle page faults", "userfaultfd", "-1"),
    _deadly("use kernel keyrings", "keyctl", "-1"),
    _deadly("mount", "mount"),
    _deadly("change the root folder", "chroot", "$path = '/nonexistent'"),
    _deadly("open by handle", "open_by_handle_at", "-1,0,0"),
    _deadly("observe performance", "perf_event_open", "0,0,-1,-1,0"),
    _deadly("change the execution domain", "personality", "0xffffffff"),
)

BY_TITLE = {attack.title: attack for attack in ATTACKS}
