"""What a person sees while devices are read and changed: bars on a terminal, a line for each ended step elsewhere."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from infra_kit.plan.presentation import outcome_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID

    from infra_kit.plan.events import Event
    from infra_kit.plan.masking import Mask


class ProgressDisplay:
    """A listener of the engine.

    Args:
        console: of standard error, so that standard output stays the plan alone.
        mask: applied to every text.
    """

    def __init__(self, console: Console, mask: Mask) -> None:
        """Shows nothing until the first event."""
        self._mask = mask
        self._console = console
        self._guard = threading.Lock()
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._busy: dict[str, str] = {}
        self._ended = 0

    def reading(self) -> Self:
        """Devices are read from now on."""
        return self._open("reading", None)

    def changing(self, steps: int) -> Self:
        """Devices are changed from now on, in so many steps."""
        return self._open("changing", steps)

    def event(self, event: Event) -> None:
        """The engine moved on."""
        with self._guard:
            if event.moment in {"reading", "started"}:
                self._busy.pop("", None)
                self._busy[event.resource] = event.device
            elif event.moment == "evaluating":
                self._busy = {"": f"evaluating layer {event.message}"}
            elif event.moment == "waiting":
                self._wait(event)
            elif event.moment in {"read", "ended"} and event.resource:
                self._busy.pop(event.resource, None)
                self._ended += 1
            if event.moment == "ended" and event.outcome != "none":
                self._console.print(outcome_line(event.resource, event.outcome, self._mask(event.message)))
            if self._progress is not None and self._task is not None:
                devices = ", ".join(list(dict.fromkeys(self._busy.values()))[:4])
                self._progress.update(self._task, completed=self._ended, devices=devices)

    def close(self) -> None:
        """Remove the bar."""
        with self._guard:
            if self._progress is not None:
                self._progress.stop()
                self._progress = None

    def _wait(self, event: Event) -> None:
        """On a terminal a line over the bar would push others away: there it stands beside the bar."""
        text = self._mask(event.message)
        if self._progress is not None:
            self._busy[event.resource] = f"{event.resource}: {text}"
        else:
            self._console.print(outcome_line(event.resource, "waiting", text))

    def _open(self, what: str, total: int | None) -> Self:
        self.close()
        self._busy.clear()
        self._ended = 0
        if self._console.is_terminal:
            columns = (
                SpinnerColumn(),
                TextColumn(what),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[devices]}"),
            )
            self._progress = Progress(*columns, console=self._console, transient=True)
            self._task = self._progress.add_task(what, total=total, devices="")
            self._progress.start()
        return self

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()
