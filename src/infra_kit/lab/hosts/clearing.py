"""Ends all that a lab's hosts have on this machine, found by the lab's own name: processes, mounts, control groups, the run folder."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import shutil
import signal
import time
from pathlib import Path

RUN = Path("/run/infra-kit")
"""Every lab's things are in a folder of it that has the lab's name; its control groups have that name too."""
_CGROUPS = Path("/sys/fs/cgroup")
_MNT_DETACH = 2  # linux/mount.h
_GRACE_S = 10.0
_POLL_S = 0.02


def name_of(folder: Path) -> str:
    """What the names of everything begin with that the hosts kept in a folder have on this machine."""
    return f"lab-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:10]}-"


def clear(folder: Path) -> bool:
    """Clear what the hosts that are kept in a folder have left on this machine: their process was killed, and its keeper, too.

    Returns:
        Whether there was anything.
    """
    return clear_named(name_of(folder))


def clear_named(prefix: str) -> bool:
    """End what labs of that name have; harmless where it is done twice, or at the same time.

    Args:
        prefix: a lab's name, or what the names of all labs of one site begin with.

    Returns:
        Whether there was anything.
    """
    found = bool(_folders(prefix) or _groups(prefix))
    if found:
        _kill(prefix)
        _unmount(prefix)
        _remove_groups(prefix)
        for folder in _folders(prefix):
            shutil.rmtree(folder, ignore_errors=True)
    # The last lab takes the folder of them all along.
    with contextlib.suppress(OSError):
        RUN.rmdir()
    return found


def left(prefix: str) -> list[str]:
    """What there is of labs of that name: folders and control groups."""
    return [str(each) for each in (*_folders(prefix), *_groups(prefix))]


def _folders(prefix: str) -> list[Path]:
    return sorted(RUN.glob(f"{prefix}*"))


def _groups(prefix: str) -> list[Path]:
    """The control groups, of every hierarchy where the machine has version 1."""
    return sorted([*_CGROUPS.glob(f"{prefix}*"), *_CGROUPS.glob(f"*/{prefix}*")])


def _kill(prefix: str) -> None:
    deadline = time.monotonic() + _GRACE_S
    while time.monotonic() < deadline:
        pids = {pid for group in _groups(prefix) for pid in _processes(group)}
        if not pids:
            return
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for group in _groups(prefix):
            _thaw(group)
        time.sleep(_POLL_S)


def _processes(group: Path) -> list[int]:
    found: list[int] = []
    for folder, _, _ in os.walk(group):
        # A control group that is gone meanwhile has none; on version 2 a threaded one does not tell.
        with contextlib.suppress(OSError):
            found += [int(pid) for pid in (Path(folder) / "cgroup.procs").read_text(encoding="ascii").split()]
    return [pid for pid in found if pid]


def _thaw(group: Path) -> None:
    """A frozen process does not even die on version 1."""
    for folder, _, files in os.walk(group):
        for name, value in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
            if name in files:
                with contextlib.suppress(OSError):
                    (Path(folder) / name).write_text(value, encoding="ascii")


def _unmount(prefix: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    within = f"{RUN}/{prefix}"
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()]
    for place in reversed([each for each in mounts if each.startswith(within)]):
        if libc.umount2(place.encode(), 0):
            libc.umount2(place.encode(), _MNT_DETACH)


def _remove_groups(prefix: str) -> None:
    deadline = time.monotonic() + _GRACE_S
    while groups := _groups(prefix):
        for group in groups:
            for folder, _, _ in os.walk(group, topdown=False):
                with contextlib.suppress(OSError):
                    Path(folder).rmdir()
        if time.monotonic() > deadline:
            return
        if _groups(prefix):
            time.sleep(_POLL_S)
