"""Becomes another program that the kernel ends as soon as whoever started it is gone: `with_parent.py SIGNAL PARENT COMMAND...`.

A program of its own, run by its path: code between fork and exec would not be safe in a process with threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def tied(command: Sequence[str], ending: signal.Signals = signal.SIGKILL) -> list[str]:
    """A command line that runs a program so that it ends with this process, or with the thread that starts it.

    Args:
        command: the program's path and its arguments.
        ending: what the kernel sends it then: SIGTERM to one that has something to put in order.
    """
    return [sys.executable, "-I", "-S", __file__, str(int(ending)), str(os.getpid()), *command]


def become(ending: int, parent: int, command: list[str]) -> None:
    """Tie this process to its parent and replace it by the command.

    Args:
        ending: the signal that it is sent when its parent ends.
        parent: the process that started this one; where it is gone already, nothing is started.
        command: the program's path and its arguments.

    Raises:
        OSError: the kernel refuses, or the program cannot be run.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, ending, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() == parent:  # else it died before the kernel was told
        os.execv(command[0], command)  # noqa: S606  the very purpose; no shell


if __name__ == "__main__":
    become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
