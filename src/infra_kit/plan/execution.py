"""Carrying a plan out: every step read again, journaled, changed, verified; failures stop what depends on them and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import ExitCode
from infra_kit.plan.company import company_of
from infra_kit.plan.gathering import Gathering
from infra_kit.plan.interruption import INTERRUPTED, Interruption
from infra_kit.plan.scheduling import Schedule, Step, StepOutcome
from infra_kit.plan.steps import Steps

if TYPE_CHECKING:
    from infra_kit.plan.desk import Desk
    from infra_kit.plan.planning import Entry, Plan
    from infra_kit.plan.resource import RunContext

_WIDEST = 256
"""Steps at once over all layers; the layers' own bounds are narrower."""
_POLL_S = 0.2


def execute(plan: Plan, context: RunContext, desk: Desk) -> dict[str, StepOutcome]:
    """Carry the plan out.

    Args:
        plan: made under the lock that the run holds.
        context: connections that may write, consent, the run's folder.
        desk: journal, log, listener.

    Returns:
        Exactly one outcome for every resource of the plan.
    """
    return _Execution(plan, context, desk).run()


def exit_code(outcomes: Mapping[str, StepOutcome], interruption: Interruption) -> int:
    """0 when all is well; 5 when something was done and something was not; 130 or 1 when nothing was done."""
    kinds = {outcome.kind for outcome in outcomes.values()}
    if not kinds & {"failed", "skipped"}:
        return ExitCode.OK
    if kinds & {"done", "staged"} or any(outcome.begun for outcome in outcomes.values()):
        return ExitCode.PARTIAL
    return INTERRUPTED if interruption.asked and "failed" not in kinds else ExitCode.ERROR


class _Execution:
    def __init__(self, plan: Plan, context: RunContext, desk: Desk) -> None:
        self._plan = plan
        self._desk = desk
        self._entries = {entry.id: entry for entry in plan.entries}
        self._steps = {entry.id: _step(entry) for entry in plan.entries}
        self._schedule = Schedule(list(self._steps.values()), plan.graph, plan.concurrency)
        self._touched: set[str] = set()
        self._work = Steps(plan, context, desk, {each: step.claims for each, step in self._steps.items()}, self._touched)

    def run(self) -> dict[str, StepOutcome]:
        self._settle_known()
        running: dict[Future[Any], str] = {}
        width = min(_WIDEST, sum(self._plan.concurrency.values()) or 1)
        with ThreadPoolExecutor(width, thread_name_prefix="step") as pool:
            gathering = Gathering(self._work, pool)
            gathering.remember(self._plan.entries)
            while not self._schedule.finished:
                if self._desk.interruption.asked:
                    self._stop()
                for entry in map(self._entries.__getitem__, self._schedule.ready()):
                    if company_of(entry.resource) is not None:
                        gathering.add(entry)
                    else:
                        running[pool.submit(self._work.carry_out, entry)] = entry.id
                # A short wait, so that a Ctrl-C is heard between two long steps.
                ended, _ = wait([*running, *gathering.start()], timeout=_POLL_S, return_when=FIRST_COMPLETED)
                for outcome in gathering.ended():
                    self._settle(*outcome)
                for future in ended & running.keys():
                    self._settle(running.pop(future), future.result())
        return {each: self._schedule.outcomes[each] for each in self._entries}

    def _settle_known(self) -> None:
        # What is in place first: it needs nobody, so what could not be read must not carry it off.
        for entry in self._plan.entries:
            if not entry.has_step:
                self._schedule.settle(entry.id, StepOutcome("none"))
        for entry in self._plan.unknown:
            if entry.id not in self._schedule.outcomes:
                self._settle(entry.id, _unread(entry))

    def _stop(self) -> None:
        for resource, outcome in self._schedule.stop(self._desk.interruption.reason):
            self._work.note(self._entries[resource], outcome)

    def _settle(self, resource: str, outcome: StepOutcome) -> None:
        entry = self._entries[resource]
        if outcome.kind in {"done", "staged", "failed"} and entry.pending:
            self._touched |= {resource} | self._steps[resource].claims
        for each, reason in self._schedule.settle(resource, outcome):
            self._work.note(self._entries[each], reason)


def _unread(entry: Entry) -> StepOutcome:
    """What could not be read is a failure, unless its device is only being made."""
    if entry.later:
        return StepOutcome("skipped", entry.diff.reason)
    return StepOutcome("failed", f"could not be read: {entry.diff.reason}")


def _step(entry: Entry) -> Step:
    return Step(entry.id, entry.layer, entry.resource.device, entry.resource.groups)
