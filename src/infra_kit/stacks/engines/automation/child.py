"""The parent's end of the process in which Pulumi runs: started, asked, listened to, and ended with all that it started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.access import KUBERNETES
from infra_kit.inventory.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LAST_WORDS = 500
"""Characters of a dead child's standard error that are repeated."""
_GRACE_S = 25.0
"""For Pulumi to end in good order; more than the child itself gives it."""
_POLL_S = 0.02


class Child:
    """One driver process, in a session of its own: whatever it starts can be found and ended.

    Args:
        start: its first line.
        environment: what it is run in.
        on_line: told each line that is no answer, in the thread that listens.
    """

    def __init__(self, start: Mapping[str, Any], environment: Mapping[str, str], on_line: Callable[[Mapping[str, Any]], None]) -> None:
        """Started; it answers once it has opened the stack."""
        self.on_line = on_line
        self._condition = threading.Condition()
        self._answers: list[Mapping[str, Any]] = []
        self._ended = False
        self._heard = time.monotonic()
        self._writing = threading.Lock()
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  closed in `close`; a pipe would have to be emptied all the time
        self._process = subprocess.Popen(
            [sys.executable, "-m", "infra_kit.stacks.engines.automation.driver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            env=dict(environment),
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, name="pulumi", daemon=True)
        self._listener.start()
        self.send(start)

    def send(self, document: Mapping[str, Any]) -> None:
        """An order, or an object that is released."""
        assert self._process.stdin is not None
        with self._writing, suppress(BrokenPipeError, ValueError):  # that it is dead shows when its answer is waited for
            self._process.stdin.write(json.dumps(document).encode() + b"\n")
            self._process.stdin.flush()

    def answer(self, what: str, silent_s: float) -> Mapping[str, Any]:
        """The answer to the order that is next.

        Args:
            what: is waited for, for messages.
            silent_s: for so long it may say nothing at all.

        Raises:
            DeviceError: it died, or was silent for too long and was ended.
        """
        with self._condition:
            while not self._answers:
                if self._ended:
                    raise DeviceError(KUBERNETES, f"{what}: Pulumi's process ended ({self._status()}){self._last_words()}")
                silent = time.monotonic() - self._heard
                if silent > silent_s:
                    break
                self._condition.wait(min(1.0, silent_s - silent + _POLL_S))
            else:
                return self._answers.pop(0)
        self.kill()
        raise DeviceError(
            KUBERNETES,
            f"{what}: Pulumi said nothing for {silent_s:g} s and was ended{self._last_words()}",
            remedy="`infra-kit apply --resume` goes on from here",
        )

    @property
    def silent_s(self) -> float:
        """For how long it has said nothing."""
        return time.monotonic() - self._heard

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return not self._ended

    def stand_for(self) -> None:
        """Begin the clock of its silence anew: it has been given something to do."""
        self._heard = time.monotonic()

    def close(self) -> None:
        """End it in good order, and in bad if that takes too long."""
        with self._writing, suppress(BrokenPipeError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_S)
        self.kill()
        self._listener.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._words.close()

    def kill(self) -> None:
        """End it and all that it started, at once."""
        for pid in of_session(self._process.pid):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            document = json.loads(line)
            self._heard = time.monotonic()
            if "answer" in document:
                with self._condition:
                    self._answers.append(document["answer"])
                    self._condition.notify_all()
            self.on_line(document)
        with self._condition:
            self._ended = True
            self._condition.notify_all()
        self.on_line({"answer": {"error": "Pulumi's process ended", "members": []}})

    def _status(self) -> str:
        status = self._process.wait()
        return f"signal {-status}" if status < 0 else f"exit status {status}"

    def _last_words(self) -> str:
        self._words.seek(0)
        lines = self._words.read().decode(errors="replace").strip().splitlines()
        return f": {lines[-1][-_LAST_WORDS:]}" if lines else ""


def of_session(leader: int) -> list[int]:
    """The processes of a session: plugins have groups of their own, but no sessions."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                if os.getsid(int(entry.name)) == leader:
                    found.append(int(entry.name))
    return found
