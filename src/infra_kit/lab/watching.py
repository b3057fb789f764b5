"""A build that takes minutes: run to its end, with a word now and then that it goes on."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def watch(command: Sequence[str], log: Path, still: Callable[[float], object], *, every_s: float, **how: Any) -> int:
    """Run a command to its end; its exit code. It ends with us, interrupted or not.

    Args:
        command: program and arguments.
        log: where its output goes.
        still: told, each time that so long has passed, for how many seconds it has been running.
        every_s: how often.
        how: more of what subprocess.Popen takes.
    """
    started = time.monotonic()
    with log.open("wb") as output:
        build = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **how)  # noqa: S603  our callers' own tables
    try:
        while True:
            try:
                return build.wait(every_s)
            except subprocess.TimeoutExpired:
                still(time.monotonic() - started)
    finally:
        build.kill()
        build.wait()
