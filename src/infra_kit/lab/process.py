"""The lab as one process in the background: started, found again, ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.access import is_locked
from infra_kit.inventory.errors import LabError
from infra_kit.lab.hosts.clearing import clear
from infra_kit.lab.overlay import withdraw

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from infra_kit.lab.folder import LabFolder

_MACHINE_S = 120.0  # a virtual machine that boots because its lab was killed
_READY_S = 120.0  # a control plane on a busy machine; the emulators need about a second
_GRACE_S = 90.0  # thirteen hosts that shut down on a busy machine, or the memory of virtual ones that is written to disk
_POLL_S = 0.05
_LOG_TAIL = 15


@dataclass(frozen=True, slots=True)
class LabProcess:
    """The lab that runs for a site."""

    pid: int
    started: str
    control: dict[str, Any]
    embedded: bool


def find(folder: LabFolder) -> LabProcess | None:
    """The lab that runs for a site and listens, or None.

    The lock decides, not a pid that may be another's by now. A lab that has just taken the lock may not yet have cleared the
    record of one that was killed: its pid tells.
    """
    try:
        record = json.loads(folder.record.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None  # none, or on its way up or down
    if not is_locked(folder.lock) or not _is_alive(record["pid"]):
        return None
    return LabProcess(record["pid"], record["started"], record["control"], record["embedded"])


def start(
    folder: LabFolder, *, without: Collection[str] = (), hosts: bool = False, machines: Collection[str] = (), reset: bool = False
) -> LabProcess:
    """Start the lab in the background and wait until every device listens.

    Raises:
        LabError: it ended at once or did not get ready; with the last lines of its log.
    """
    folder.make()
    command = [sys.executable, "-m", "infra_kit.lab", str(folder.site.resolve())]
    command += ["--without", ",".join(sorted(without))] if without else []
    command += ["--hosts"] if hosts else []
    command += ["--vm", ",".join(sorted(machines))] if machines else []
    command += ["--reset"] if reset else []
    with folder.log.open("w", encoding="utf-8") as log:
        folder.log.chmod(0o600)
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)  # noqa: S603  our own interpreter and module
    ready_s = _READY_S + _MACHINE_S * len(machines)
    deadline = time.monotonic() + ready_s
    while time.monotonic() < deadline:
        found = find(folder)
        if found is not None:
            return found
        if child.poll() is not None:
            raise LabError(f"the lab ended with exit code {child.returncode}:\n{_tail(folder.log)}", where=str(folder.site))
        time.sleep(_POLL_S)
    child.terminate()
    raise LabError(f"the lab was not ready after {ready_s:.0f} s and was ended:\n{_tail(folder.log)}", where=str(folder.site))


def stop(folder: LabFolder) -> int | None:
    """End the lab of a site and withdraw its overlay; what its devices remember stays.

    Returns:
        The pid that was ended, or None where none ran.

    Raises:
        LabError: it runs inside another program, or cannot be ended.
    """
    found = find(folder)
    if found is None:
        if not is_locked(folder.lock):
            _clear(folder)
            return None
        raise LabError("the lab is just coming up or going down", where=str(folder.site), remedy="try again in some seconds")
    if found.embedded:
        raise LabError(f"the lab runs inside another program (pid {found.pid})", where=str(folder.site), remedy="end that program")
    for attempt in (signal.SIGTERM, signal.SIGKILL):
        os.kill(found.pid, attempt)
        if _wait_until_free(folder):
            _clear(folder)
            return found.pid
    raise LabError(f"pid {found.pid} does not end", where=str(folder.site), remedy=f"look at it with `ps -fp {found.pid}`")


def _clear(folder: LabFolder) -> None:
    """What a lab that was killed has left."""
    clear(folder.hosts)
    if folder.root.is_dir():
        withdraw(folder)


def _wait_until_free(folder: LabFolder) -> bool:
    deadline = time.monotonic() + _GRACE_S
    while time.monotonic() < deadline:
        if not is_locked(folder.lock):
            return True
        time.sleep(_POLL_S)
    return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    return True


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-_LOG_TAIL:])
