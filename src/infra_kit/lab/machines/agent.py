"""What runs in a machine on the lab's word: QEMU's guest agent, which needs neither network nor login."""

from __future__ import annotations

import base64
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import LabError
from infra_kit.lab.machines.channel import Channel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_POLL_S = 0.05
_SYNCHRONISE_S = 2.0
_ANSWER_S = 60.0


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command in a machine ended."""

    code: int
    output: str
    errors: str


class Agent:
    """The guest agent of one machine.

    Args:
        path: the socket that stands for its serial port.
    """

    def __init__(self, path: Path) -> None:
        """Nothing is sent yet."""
        self._path = path

    def wait(self, timeout_s: float, require_alive: Callable[[], None]) -> None:
        """Wait until it answers.

        Args:
            timeout_s: for how long.
            require_alive: raises where the machine has ended.

        Raises:
            LabError: not in time.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            require_alive()
            try:
                self._open(_SYNCHRONISE_S).close()
            except LabError:
                if time.monotonic() > deadline:
                    raise
            else:
                return

    def run(self, script: str, standard_input: str = "", timeout_s: float = _ANSWER_S) -> Completed:
        """Run a shell script as root, to its end.

        Args:
            script: for /bin/sh.
            standard_input: what it may read, a password say, which is then in no process list.
            timeout_s: for how long it may run.

        Raises:
            LabError: the agent does not answer, or the script takes longer.
        """
        arguments: dict[str, Any] = {"path": "/bin/sh", "arg": ["-c", script], "capture-output": True}
        if standard_input:
            arguments["input-data"] = base64.b64encode(standard_input.encode()).decode()
        with self._open(_ANSWER_S) as channel:
            pid = channel.call("guest-exec", **arguments)["pid"]
            deadline = time.monotonic() + timeout_s
            while not (state := channel.call("guest-exec-status", pid=pid))["exited"]:
                if time.monotonic() > deadline:
                    raise LabError(f"a command in the machine runs for longer than {timeout_s:.0f} s", where=str(self._path))
                time.sleep(_POLL_S)
        # A command that a signal ended has no exit code.
        return Completed(state.get("exitcode", -1), _text(state, "out-data"), _text(state, "err-data"))

    def do(self, script: str, standard_input: str = "") -> str:
        """Run a shell script that must succeed; what it printed.

        Raises:
            LabError: it did not, with its last words.
        """
        done = self.run(script, standard_input)
        if done.code != 0:
            raise LabError(
                f"a command in the machine ended with {done.code}: {(done.errors or done.output).strip()}", where=str(self._path)
            )
        return done.output

    def _open(self, timeout_s: float) -> Channel:
        """A connection that begins where we begin: what an earlier one left unread is passed over."""
        channel = Channel(self._path, timeout_s)
        number = random.getrandbits(31)
        try:
            answer = channel.call("guest-sync-delimited", id=number)
            while answer != number:
                answer = channel.read().get("return")
        except BaseException:
            channel.close()
            raise
        return channel


def _text(state: dict[str, Any], key: str) -> str:
    return base64.b64decode(state.get(key, "")).decode(errors="replace")
