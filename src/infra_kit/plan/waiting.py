"""What a step says while it waits for its device: passed on, but not more often than anybody wants to read it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from infra_kit.plan.events import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from infra_kit.plan.events import Listener

NEWS_EVERY_S: Final = 1.0
"""A step that says something new is heard this often."""
SAME_EVERY_S: Final = 30.0
"""One that says the same again, this often: a log shows that it still waits."""


class WaitingRoom:
    """Turns `RunContext.progress` into events. Called from worker threads.

    Args:
        listener: who hears them.
        devices: resource id -> its device.
        clock: seconds, never running backwards.
    """

    def __init__(self, listener: Listener, devices: Mapping[str, str], clock: Callable[[], float] = time.monotonic) -> None:
        """Nobody waits."""
        self._listener = listener
        self._devices = devices
        self._clock = clock
        self._guard = threading.Lock()
        self._told: dict[str, tuple[str, float]] = {}

    def say(self, resource: str, text: str) -> None:
        """The resource waits for what the text says."""
        with self._guard:
            now = self._clock()
            before, at = self._told.get(resource, ("", float("-inf")))
            if now - at < (SAME_EVERY_S if text == before else NEWS_EVERY_S):
                return
            self._told[resource] = (text, now)
        self._listener(Event("waiting", resource, self._devices.get(resource, ""), message=text))
