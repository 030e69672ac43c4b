"""The real zygote with readers that were taken over: they do whatever the file says.

Started like attachguard/sandbox/start.py, as `python -I hostile_start.py LAYERS UID FD`: the names of the walls to
put up, comma-separated, and the user to become before serving (0: stay who we are; -1: stay root, without
any capability).
"""

import ctypes
import errno
import mmap
import os
import resource
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

sys.path.append(str(Path(__file__).resolve().parents[2]))

from attachguard.formats.contract import Claim, Order, Sample
from attachguard.kinds import KINDS
from attachguard.model import Finding, Identification, Inspection, Limits, Part, Rebuilt
from attachguard.sandbox import zygote
from attachguard.sandbox.child import ANSWER_FD, OUTPUT_FD
from attachguard.sandbox.inside import REHEARSAL, Readers
from attachguard.sandbox.jail import Layer
from attachguard.sandbox.programs import INPUT, Program
from attachguard.sandbox.syscalls import SYSTEM_CALLS

MIB = 1024 * 1024
LIBC = ctypes.CDLL(None, use_errno=True)
CALLS = SYSTEM_CALLS[os.uname().machine]
PR_SET_DUMPABLE = 4
PTRACE_SEIZE = 0x4206
CLONE_NEWUSER = 0x1000_0000


def call(name: str, *arguments: object) -> int:
    """Make a system call past the C library. Raises OSError with what the kernel says."""
    # A bare int is passed as 32 bits and leaves the upper half of the register to chance.
    wide = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    result = int(LIBC.syscall(CALLS[name], *wide))
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def reach(name: str, *arguments: object) -> None:
    """Make a system call with senseless arguments: to get as far as the kernel's own objections is success."""
    LIBC.syscall(CALLS[name], *arguments)


# -- attacks: return when it was possible, raise OSError when it was refused -----------------------------------------


def read(path: str) -> None:
    with open(path, "rb") as file:
        file.read(1)


def read_secrets() -> None:
    read(f"/proc/{os.getppid()}/environ")


def open_memory() -> None:
    os.close(os.open(f"/proc/{os.getppid()}/mem", os.O_RDWR))


def write(folder: str) -> None:
    with open(f"{folder}/written", "wb") as file:
        file.write(b"x")


def write_much(folder: str) -> None:
    with open(f"{folder}/much", "wb", buffering=0) as file:
        for _ in range(8):
            if file.write(bytes(MIB)) != MIB:
                raise OSError("cut short")


def many_files(folder: str) -> None:
    for number in range(300):
        os.close(os.open(f"{folder}/{number}", os.O_CREAT | os.O_WRONLY))


def tcp(port: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as ours:
        ours.connect(("127.0.0.1", int(port)))


def udp(port: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.sendto(b"x", ("127.0.0.1", int(port)))


def unix(path: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as ours:
        ours.connect(path)


def abstract_unix(name: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as ours:
        ours.connect(f"\0{name}")


def fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def fork_bomb() -> None:
    children = []
    for _ in range(20):  # the tests of the walls' absence need a bomb that goes out
        pid = os.fork()
        if pid == 0:
            time.sleep(0.2)
            os._exit(0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)


def clone3() -> None:
    pid = call("clone3", ctypes.create_string_buffer(struct.pack("=8Q", 0, 0, 0, 0, 17, 0, 0, 0)), 64)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def thread_bomb() -> None:
    try:
        threads = [threading.Thread(target=time.sleep, args=(0.1,)) for _ in range(20)]
        for thread in threads:
            thread.start()
    except RuntimeError as error:
        raise OSError("no thread") from error


def daemonize() -> None:
    alive, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(tell, b"x")
            time.sleep(0.2)
        os._exit(0)
    os.waitpid(pid, 0)
    os.read(alive, 1)


def memory() -> None:
    mmap.mmap(-1, 1536 * MIB).close()


def raise_limits() -> None:
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (1000, 1000))
    except ValueError as error:
        raise OSError("not above the hard limit") from error


def memfds() -> None:
    for _ in range(4):
        os.close(os.memfd_create("m"))


def ptrace() -> None:
    call("ptrace", PTRACE_SEIZE, os.getppid(), None, None)


def read_process() -> None:
    """Reads what both have at the same address, having the same parent image."""
    word = ctypes.create_string_buffer(8)
    ours = struct.pack("=QQ", ctypes.addressof(word), 8)
    there = struct.pack("=QQ", ctypes.addressof(ctypes.c_char.in_dll(LIBC, "environ")), 8)
    call("process_vm_readv", os.getppid(), ours, 1, there, 1, 0)


def signal_zygote() -> None:
    os.kill(os.getppid(), 18)  # SIGCONT, which harms nobody


def signal_everybody() -> None:
    os.kill(-1, 0)


def execute() -> None:
    if os.path.exists("/bin/true"):
        os.execv("/bin/true", ["true"])


def execute_at() -> None:
    reach("execveat", -1, b"", None, None, 0)


def chmod(path: str) -> None:
    os.chmod(path, 0o600)


def symlink(folder: str) -> None:
    os.symlink("/etc/passwd", f"{folder}/link")


def stat(path: str) -> None:
    os.stat(path)


def writable_code() -> None:
    mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def data_to_code() -> None:
    page = mmap.mmap(-1, mmap.PAGESIZE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    call("mprotect", ctypes.c_void_p(address), mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_EXEC)


def become_traceable() -> None:
    if LIBC.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def become_root() -> None:
    os.setresuid(0, 0, 0)


def change_input() -> None:
    os.pwrite(10, b"x", 0)


def grow_output() -> None:
    os.ftruncate(OUTPUT_FD, 2**31)


def list_folder(path: str) -> None:
    os.listdir(path)


def descriptors() -> None:
    for number in range(13, 1024):
        try:
            os.fstat(number)
        except OSError:
            continue
        return
    raise OSError(errno.EBADF, "nothing but our own")


ATTACKS: dict[str, Callable[..., None]] = {
    function.__name__: function
    for function in (
        *(read, read_secrets, open_memory, write, write_much, many_files, tcp, udp, unix, abstract_unix),
        *(fork, fork_bomb, clone3, thread_bomb, daemonize, memory, raise_limits, memfds, ptrace, read_process),
        *(signal_zygote, signal_everybody, execute, execute_at, chmod, symlink, stat, writable_code),
        *(data_to_code, become_traceable, become_root, change_input, grow_output, descriptors),
        list_folder,
    )
}

REACHED: dict[str, tuple[object, ...]] = {
    "io_uring_setup": (0, None),
    "unshare": (CLONE_NEWUSER,),
    "bpf": (-1, None, 0),
    "userfaultfd": (-1,),
    "keyctl": (-1,),
    "mount": (None, None, None, 0, None),
    "open_by_handle_at": (-1, None, 0),
    "perf_event_open": (None, 0, -1, -1, 0),
    "setns": (-1, 0),
    "personality": (0xFFFF_FFFF,),
    "chroot": (b"/nonexistent",),
}
"""Calls that are deadly whatever their arguments are; these arguments are harmless."""


# -- ways to end ------------------------------------------------------------------------------------------------------


def segv() -> None:
    ctypes.string_at(0)


def abort() -> None:
    os.abort()


def signal_itself(times: str) -> None:
    """Send signals to its own process, and handle them."""
    signal.signal(signal.SIGUSR1, lambda *_: None)
    for _ in range(int(times)):
        os.kill(os.getpid(), signal.SIGUSR1)


def stop_itself() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def spin() -> None:
    while True:
        pass


def sleep() -> None:
    time.sleep(3600)


def take_memory() -> None:
    bytearray(1536 * MIB)


def fill_output() -> None:
    view = memoryview(bytes(MIB))
    while True:
        os.write(OUTPUT_FD, view)


def leave(status: str) -> NoReturn:
    os._exit(int(status))


def oom() -> None:
    os.kill(os.getpid(), 9)


def fail() -> None:
    raise ValueError("the file's own words: <script>")


def recurse() -> None:
    recurse()


def short_once() -> None:
    """Is killed the first time, as if the machine were short of memory; the second time it works.

    The output memfd is the one thing that both tries share.
    """
    if os.pread(OUTPUT_FD, 1, 0) == b"\0":
        os.pwrite(OUTPUT_FD, b"x", 0)
        oom()


ENDS: dict[str, Callable[..., None]] = {
    function.__name__: function
    for function in (
        segv,
        abort,
        signal_itself,
        stop_itself,
        spin,
        sleep,
        take_memory,
        fill_output,
        leave,
        oom,
        fail,
        recurse,
        short_once,
    )
}


# -- readers ----------------------------------------------------------------------------------------------------------


def lie(untrusted: bytes) -> NoReturn:
    """Answer with these bytes and leave: the first word is the exit status, or `flood` for ever."""
    status, _, answer = untrusted.partition(b" ")
    while status == b"flood":
        os.write(ANSWER_FD, bytes(65536))
    view = memoryview(answer)
    while view:
        view = view[os.write(ANSWER_FD, view) :]
    os._exit(int(status))


def obey(data: bytes) -> Inspection:
    word, _, rest = data.partition(b"\n")
    if word == b"lie":
        lie(rest)
    if word == b"echo":
        return Inspection(parts=(Part(where="1", untrusted_name="n", declared_type=None, data=rest),))
    if word == b"who":
        return Inspection(findings=(Finding("pdf.action", where="possible", detail=str(os.getpid())),))
    if word == b"findings":
        crowd = tuple(Finding("pdf.action", where=str(n)) for n in range(2000))
        return Inspection(findings=(*crowd, Finding("pdf.javascript"), *crowd))
    if word == b"parts":
        same = Part(where="same", untrusted_name="\udcff", declared_type=None, data=b"")
        return Inspection(parts=(same, same))
    if word == b"big":
        return Inspection(parts=(Part(where="1", untrusted_name="", declared_type=None, data=bytes(int(rest))),))
    name, arguments = word.decode(), rest.decode().splitlines()
    if name in ENDS:
        ENDS[name](*arguments)
        return Inspection()
    return Inspection(findings=(attack(name, arguments),))


def attack(name: str, arguments: Sequence[str]) -> Finding:
    try:
        if name in REACHED:
            reach(name, *REACHED[name])
        else:
            ATTACKS[name](*arguments)
    except OSError as error:
        return Finding("pdf.action", where="refused", detail=str(error))
    return Finding("pdf.action", where="possible")


class Obedient:
    """A format whose files say what is done."""

    KIND = KINDS["pdf"]

    def sniff(self, sample: Sample) -> Claim | None:
        return Claim(kind="pdf", described=sample.extension)

    def inspect(self, data: bytes, limits: Limits) -> Inspection:
        assert limits
        return obey(data)

    def normalize(self, order: Order) -> Rebuilt:
        kept = [part.data or b"" for part in order.parts]
        return Rebuilt(data=b"|".join([order.printed or order.original, *kept]))

    def verify(self, original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
        obey(original)
        return () if original == copy else (Finding("copy.unfaithful", detail=str(limits.pages)),)


def identify(data: bytes, extension: str, limits: Limits) -> Identification:
    if data != REHEARSAL:
        obey(data)
    return Identification(kind="pdf", described=f"{limits.pages} pages", magic=extension)


PERL = Program(name="pdftocairo", paths=("/usr/bin/perl",), arguments=(INPUT,), package="perl-base")
"""In the exec profile the file is a program text, and its standard output is what was printed."""


def lose_the_power_to_change_users() -> None:
    """Be root as in a container that drops all capabilities."""
    header = struct.pack("=II", 0x2008_0522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    if LIBC.capset(header, bytes(24)) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def load() -> Readers:
    user = int(sys.argv[2])
    if user < 0:
        lose_the_power_to_change_users()
    elif user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        LIBC.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # as a service that was started by this user would be
    return Readers(identify=identify, formats={"pdf": Obedient()})


def main() -> None:
    layers = frozenset(Layer(name) for name in sys.argv[1].split(",") if name)
    zygote.main(load, programs={"pdftocairo": PERL}, layers=layers)


if __name__ == "__main__":
    main()
