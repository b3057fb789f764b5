"""One program of the control plane as a child process: started, watched, ended by its pid, gone when the lab is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError
from infra_kit.with_parent import tied

if TYPE_CHECKING:
    from pathlib import Path

_POLL_S = 0.02
_LOG_TAIL = 6


class Component:
    """A program that runs until it is ended.

    Args:
        name: what it is called.
        command: program and arguments; no secret is among them.
        log: where its output goes.
    """

    def __init__(self, name: str, command: list[str], log: Path) -> None:
        """Not started yet."""
        self.name = name
        self._command = command
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process, or None where it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start it. To be called in the lab's own thread: the kernel ends the child when the thread that started it ends."""
        with self._log.open("ab") as log:
            self._log.chmod(0o600)
            self._process = subprocess.Popen(  # noqa: S603  programs that binaries.py found
                tied(self._command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._log.parent,
                # Proxies of the user's environment are not for loopback; Ctrl-C reaches the lab alone, which ends its children in order.
                env={"PATH": os.defpath, "HOME": str(self._log.parent)},
                start_new_session=True,
            )

    def require_alive(self) -> None:
        """See that it runs.

        Raises:
            LabError: it has ended; with its last words.
        """
        if self._process is not None and (code := self._process.poll()) is not None:
            raise LabError(f"{self.name} ended with exit code {code}:\n{self.last_words()}", where=str(self._log))

    def last_words(self) -> str:
        """The last lines of its log."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"  {line[:400]}" for line in lines[-_LOG_TAIL:])

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, where it runs."""
        if self._process is not None:
            self._process.send_signal(number)

    async def end(self, grace_s: float) -> None:
        """Ask it to end, and kill it where it does not within `grace_s` seconds."""
        if self._process is None:
            return
        try:
            self.signal(signal.SIGTERM)
            self.signal(signal.SIGCONT)  # a frozen one could not end
            for _ in range(int(grace_s / _POLL_S)):
                if self._process.poll() is not None:
                    return
                await asyncio.sleep(_POLL_S)
        finally:
            self.kill()

    def kill(self) -> None:
        """Kill it, where it runs, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
