"""What may start now: dependencies, layers, one at a time on a device and in a rolling group, and what a failure stops."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Literal

from infra_kit.plan.resource import POOL

if TYPE_CHECKING:
    from infra_kit.plan.graph import Graph, Phase

StepOutcomeKind = Literal["done", "staged", "failed", "skipped", "none"]


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """How a step ended: done; staged (takes effect at a reset); failed; skipped, with the reason; none (there was nothing to do)."""

    kind: StepOutcomeKind
    message: str = ""
    begun: bool = False
    """A failure after which the device goes on with what it was asked: something was done."""

    @property
    def good(self) -> bool:
        """Whether those who need it may go on."""
        return self.kind in {"done", "staged", "none"}


@dataclass(frozen=True)
class Step:
    """What the schedule knows of a resource."""

    id: str
    layer: str
    device: str
    groups: frozenset[str]

    @cached_property
    def claims(self) -> frozenset[str]:
        """What it has to itself while it runs."""
        return frozenset({f"device {self.device}", *(f"group {group}" for group in self.groups)})


class Schedule:
    """Decides what may start. Not thread-safe: one thread asks and tells.

    Args:
        steps: in the order of the graph.
        graph: what needs what.
        concurrency: layer -> how many of its steps run at once.
    """

    def __init__(self, steps: Sequence[Step], graph: Graph, concurrency: Mapping[str, int]) -> None:
        """Nothing has started."""
        self.outcomes: dict[str, StepOutcome] = {}
        self._steps = {step.id: step for step in steps}
        self._graph = graph
        self._concurrency = concurrency
        self._waiting = dict.fromkeys(self._steps)
        self._running: dict[str, Step] = {}
        self._busy: set[str] = set()
        self._at_work: Counter[str] = Counter()
        """Layer -> how many of its steps run."""
        self._open = Counter(graph.phase[step.id] for step in steps)
        self._needed_by: dict[str, list[str]] = defaultdict(list)
        self._members: dict[str, list[str]] = defaultdict(list)
        self._places = {step.id: place for place, step in enumerate(steps)}
        self._needs_left = {step.id: len(graph.needs[step.id]) for step in steps}
        self._able: dict[Phase, list[tuple[int, str]]] = {phase: [] for phase in self._open}
        """Phase -> what has all that it needs, as a heap by place: with thousands of steps only these are looked at."""
        for step in steps:
            for needed in graph.needs[step.id]:
                self._needed_by[needed].append(step.id)
            for group in step.groups:
                self._members[group].append(step.id)
            if not self._needs_left[step.id]:
                self._enable(step.id)

    @property
    def finished(self) -> bool:
        """Whether every step has its outcome."""
        return not self._waiting and not self._running

    def ready(self) -> list[str]:
        """Start what may start, in order; the caller runs it and tells its outcome."""
        started, busy = [], []
        while (phase := self._next_phase()) is not None:
            _, resource = heappop(self._able[phase])
            if resource not in self._waiting:
                continue
            step = self._steps[resource]
            if self._busy & step.claims:
                busy.append(resource)
                continue
            del self._waiting[resource]
            self._running[resource] = step
            self._at_work[step.layer] += 1
            self._busy |= step.claims
            started.append(resource)
        for resource in busy:
            self._enable(resource)
        return started

    def settle(self, resource: str, outcome: StepOutcome) -> list[tuple[str, StepOutcome]]:
        """Note a step's outcome. A failure of one that has not started is that of a device which could not be read.

        Returns:
            The steps that are skipped because of it, with the reason.
        """
        step = self._steps[resource]
        groups = sorted(step.groups)
        if resource in self._running:
            del self._running[resource]
            self._at_work[step.layer] -= 1
            self._busy -= step.claims
        else:
            del self._waiting[resource]
            groups = [group for group in groups if not group.startswith(POOL)]
        self.outcomes[resource] = outcome
        self._open[self._graph.phase[resource]] -= 1
        for each in self._needed_by[resource]:
            self._needs_left[each] -= 1
            if not self._needs_left[each]:
                self._enable(each)
        if outcome.good:
            return []
        skipped = [(each, StepOutcome("skipped", f"needs {resource}, which {_ended(outcome)}")) for each in self._needed_by[resource]]
        if outcome.kind == "failed":
            skipped += [
                (each, StepOutcome("skipped", f"{resource} of the same rolling group ({group.removeprefix(POOL)}) failed"))
                for group in groups
                for each in self._members[group]
            ]
        return self._skip(skipped)

    def stop(self, reason: str) -> list[tuple[str, StepOutcome]]:
        """Start nothing more: all that waits is skipped."""
        return self._skip([(each, StepOutcome("skipped", reason)) for each in list(self._waiting)])

    def _skip(self, found: Iterable[tuple[str, StepOutcome]]) -> list[tuple[str, StepOutcome]]:
        skipped = []
        for resource, outcome in found:
            if resource in self._waiting:
                skipped.append((resource, outcome))
                skipped += self.settle(resource, outcome)
        return skipped

    def _enable(self, resource: str) -> None:
        heappush(self._able[self._graph.phase[resource]], (self._places[resource], resource))

    def _next_phase(self) -> Phase | None:
        """Of the phases from which something may start now, the one whose next step comes first."""
        may = [phase for phase, able in self._able.items() if able and self._has_room(phase)]
        return min(may, key=lambda phase: self._able[phase][0], default=None)

    def _has_room(self, phase: Phase) -> bool:
        if self._at_work[phase.layer] >= max(1, self._concurrency[phase.layer]):
            return False
        return not any(self._open[each] for each in self._graph.preceding[phase])


def counted(outcomes: Mapping[str, StepOutcome]) -> str:
    """How many there are of each, as a sentence."""
    counts = Counter(outcome.kind for outcome in outcomes.values())
    parts = [f"{counts['done']} done", f"{counts['staged']} staged", f"{counts['failed']} failed", f"{counts['skipped']} skipped"]
    return ", ".join([*parts, f"{counts['none']} unchanged"])


def _ended(outcome: StepOutcome) -> str:
    return "failed" if outcome.kind == "failed" else "was skipped"
