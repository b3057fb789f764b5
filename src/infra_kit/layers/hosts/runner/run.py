"""One run of Ansible, from its parent's side: the child is started, told its order, heard, and ended with whoever started it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import InfraKitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.layers.hosts.runner.order import Order

_KEPT = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ"),
    *("PYTHONPATH", "PYTHONPYCACHEPREFIX", "INFRA_KIT_TEST_GUARD_LOG"),
)
"""What the child gets of the environment: ansible-runner writes all of it to a file, and secrets may be in the rest."""
_LOOK_S = 0.3
_END_S = 20.0
_PER_FORK_BYTES = 100 * 2**20
_FORKS_PER_CORE = 4
"""100 MB and a quarter of a core for each fork: the planning rule of Ansible's own controller."""
_MEMORY = Path("/dev/shm")  # noqa: S108  a file system in memory, in which a folder of mode 0700 is made


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: ansible-runner's word for it, the exit status, and what Ansible printed beside its events."""

    status: str
    code: int
    printed: str = ""


def forks(hosts: int) -> int:
    """How many hosts are worked on at once: by cores and free memory, and no more than there are."""
    cores = len(os.sched_getaffinity(0))
    return max(1, min(hosts, cores * _FORKS_PER_CORE, _available_bytes() // _PER_FORK_BYTES))


def _available_bytes() -> int:
    """Memory that programs can have, proc(5): what is free, and what caches of files would give back."""
    found = re.search(r"^MemAvailable: +(\d+) kB$", Path("/proc/meminfo").read_text(encoding="ascii"), re.MULTILINE)
    return int(found[1]) * 1024 if found else _PER_FORK_BYTES


def run(order: Order, hear: Callable[[dict[str, Any]], None], called_off: Callable[[], bool]) -> Ended:
    """Run Ansible once, in a process of its own.

    Args:
        order: what; its folder is made here.
        hear: told each event, in this thread.
        called_off: whether to end it before its time.

    Raises:
        InfraKitError: Ansible could not be run at all.
    """
    with _folder() as folder, _child(replace(order, folder=str(folder)), called_off) as child:
        assert child.stdout is not None
        ended = None
        for line in child.stdout:
            event = json.loads(line)
            if event["event"] == "ended":
                ended = Ended(event["status"], event["code"], event["printed"])
            else:
                hear(event)
    if ended is None:
        raise InfraKitError(
            f"the process that runs Ansible ended with status {child.returncode} without a word",
            remedy="what it printed stands above; `infra-kit doctor` says whether something is missing",
        )
    return ended


@contextmanager
def _folder() -> Iterator[Path]:
    folder = tempfile.mkdtemp(prefix="ik-", dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _child(order: Order, called_off: Callable[[], bool]) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, "-m", "infra_kit.layers.hosts.runner.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
        start_new_session=True,  # a Ctrl-C is for the engine, which calls it off
    )
    assert child.stdin is not None
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK_S):
            if called_off():
                break
        _hang_up(child)

    watching = threading.Thread(target=watch, name="ansible-watch", daemon=True)
    try:
        try:
            child.stdin.write(order.line())
            child.stdin.flush()
        except BrokenPipeError:
            pass  # it ended at once: the caller finds no word of it
        watching.start()
        yield child
    finally:
        over.set()
        if watching.is_alive():
            watching.join()
        _hang_up(child)
        try:
            child.wait(_END_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _hang_up(child: subprocess.Popen[str]) -> None:
    """The end of its input calls the child off."""
    assert child.stdin is not None
    try:
        child.stdin.close()
    except OSError:
        return
