"""The user's cache of what is expensive to make: programs, packages, images; one process fills a part of it at a time."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def cache_folder(part: str) -> Path:
    """A part of the user's cache (XDG base directory specification).

    Args:
        part: what is in it, such as `binaries` or `images`.
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "infra-kit" / part


@contextmanager
def alone(folder: Path, waits: Callable[[], object], *, name: str = "lock") -> Iterator[None]:
    """Hold a lock of a part of the cache; the operating system gives it back however the process ends.

    Args:
        folder: the part; made where it is not there.
        waits: called once where another process holds the lock.
        name: the lock's file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waits()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
