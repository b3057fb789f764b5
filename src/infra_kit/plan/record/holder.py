"""Who runs this: user, host and process, told apart from a later process with the same pid."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_START_FIELD = 19
"""starttime in /proc/PID/stat, counted behind the command's closing bracket (proc(5), field 22)."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process somewhere."""

    user: str
    host: str
    machine: str
    pid: int
    process_start: int

    @property
    def here(self) -> bool:
        """Whether its pid means the same here: same boot of the same machine, same process namespace."""
        return self.machine == _machine()

    @property
    def alive(self) -> bool:
        """Whether it is alive; only meaningful if `here`."""
        return process_start(self.pid) == self.process_start


def this_process() -> Holder:
    """The holder that we would be."""
    pid = os.getpid()
    return Holder(_user(), socket.gethostname(), _machine(), pid, process_start(pid) or 0)


def process_start(pid: int) -> int | None:
    """Kernel ticks at which the process started; None when there is no such process, or only its corpse."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[_START_FIELD])


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


@cache
def _machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""
