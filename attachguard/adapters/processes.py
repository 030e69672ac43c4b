"""Naming a process so that others can tell whether it is dead: host, boot, namespace, pid and its start time.

A pid alone is given again; with the time it started it is not. Who can't see the process (another machine, another
container) says nothing: then the lease decides.
"""

import os
import socket
from pathlib import Path


def name_process(pid: int) -> str:
    """Name a process of this machine."""
    return f"{_place()}:{pid}:{_started(pid)}"


def is_gone(owner: str) -> bool:
    """Tell whether an owner's process is known to be dead; False when nobody here can know."""
    try:
        place, pid, started = owner.rsplit(":", 2)
        number = int(pid)
    except ValueError:
        return False
    return place == _place() and (not started or _started(number) != started)


def _place() -> str:
    """Name what a pid means something in."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()[:8]
        namespace = str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        boot, namespace = "", ""
    return f"{socket.gethostname()[:100]}:{boot}:{namespace}"


def _started(pid: int) -> str:
    """Read when a process started (proc(5), field 22 of stat); empty when there is none, or it is dead."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in {"Z", "X"} else fields[19]
