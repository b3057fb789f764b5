"""What a step says while it waits for its device: told once it has taken a while, and not more often than anybody wants to read it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from infra_kit.plan.events import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from infra_kit.plan.events import Listener

QUIET_S: Final = 3.0
"""Who waits no longer than this is not heard at all: most waits are over by then."""
SAME_EVERY_S: Final = 30.0
"""A step that waits for the same thing is heard so often: a log shows that it still does."""
_LOOK_S: Final = 1.0


@dataclass(slots=True)
class _Wait:
    text: str
    since: float
    told: str = ""
    at: float = 0.0


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
        self._waits: dict[str, _Wait] = {}
        self._closed = threading.Event()
        self._looking = threading.Thread(target=self._look, name="waiting-room", daemon=True)

    def say(self, resource: str, text: str) -> None:
        """The resource waits for what the text says."""
        # What it is about stands before it already.
        text = text.removeprefix(f"{resource.partition('/')[2]}: ")
        with self._guard:
            found = self._waits.get(resource)
            if found is None:
                self._waits[resource] = _Wait(text, self._clock())
            else:
                found.text = text

    def leave(self, resource: str) -> None:
        """The resource waits no longer."""
        with self._guard:
            self._waits.pop(resource, None)

    def tell(self) -> None:
        """Tell what there is to tell now."""
        with self._guard:
            now = self._clock()
            due = [(resource, each) for resource, each in self._waits.items() if _is_due(each, now)]
            events = []
            for resource, each in due:
                each.told, each.at = each.text, now
                events.append(Event("waiting", resource, self._devices.get(resource, ""), message=each.text))
        for event in events:
            self._listener(event)

    def __enter__(self) -> Self:
        """From now on somebody looks each second."""
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Nobody does any more."""
        self._closed.set()
        self._looking.join()

    def _look(self) -> None:
        while not self._closed.wait(_LOOK_S):
            self.tell()


def _is_due(wait: _Wait, now: float) -> bool:
    if now - wait.since < QUIET_S:
        return False
    return wait.text != wait.told or now - wait.at >= SAME_EVERY_S
