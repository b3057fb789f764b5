"""What the engine tells while it works: one event at every boundary between a device and the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Moment = Literal[
    "evaluating",  # the layers work out what the inventory asks for
    "reading",  # a device is about to be read for the plan
    "read",
    "planned",  # the plan is made; nothing has been sent
    "starting",  # a step is about to be journaled
    "started",  # the journal says running
    "observed",  # read again, just before the change
    "waiting",  # a step waits for its device: the message says what for
    "applying",  # the intention is journaled, the device not yet changed
    "applied",  # the device is changed, the journal does not know yet
    "journaled",  # the journal knows
    "verified",
    "ended",  # the step's outcome is journaled
    "finished",  # the run's outcome is journaled
]


@dataclass(frozen=True, slots=True)
class Event:
    """One boundary. `resource` is empty for events of the whole run."""

    moment: Moment
    resource: str = ""
    device: str = ""
    outcome: str = ""
    message: str = ""


Listener = Callable[[Event], None]
"""Called from worker threads too."""


def silent(_event: Event) -> None:
    """A listener that does nothing."""
