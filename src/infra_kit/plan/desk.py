"""What a run works with beside its plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infra_kit.plan.interruption import Interruption

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.plan.events import Listener
    from infra_kit.plan.record.journal import Journal
    from infra_kit.plan.record.lock import Lock
    from infra_kit.plan.runlog import RunLog
    from infra_kit.plan.state import StateFolder


@dataclass(frozen=True, slots=True)
class Desk:
    """What a run works with beside its plan."""

    run: str
    lock: Lock
    journal: Journal
    state: StateFolder
    folder: Path
    """The run's own."""
    log: RunLog
    listener: Listener
    interruption: Interruption = field(default_factory=Interruption)
