"""Becomes another program that the kernel ends as soon as whoever started it is gone: `with_parent.py PARENT COMMAND...`.

A program of its own, run by its path: ansible-runner has Ansible ignore that its terminal went away.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def become(parent: int, command: list[str]) -> None:
    """Tie this process to its parent and replace it by the command.

    Args:
        parent: the process that started this one; where it is gone already, nothing is started.
        command: the program's path and its arguments.

    Raises:
        OSError: the kernel refuses, or the program cannot be run.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() == parent:  # else it died before the kernel was told
        os.execv(command[0], command)  # noqa: S606  the very purpose; no shell


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[2:])
