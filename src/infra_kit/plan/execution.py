"""Carrying a plan out: every step read again, journaled, changed, verified; failures stop what depends on them and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from infra_kit.inventory.errors import DeviceError, ExitCode, InfraKitError, LockedError, NotReadyError, StateError
from infra_kit.plan.events import Event, Listener
from infra_kit.plan.interruption import INTERRUPTED, Interruption, WaitInterruptedError
from infra_kit.plan.reading import read_one
from infra_kit.plan.resource import Diff, Observed, Outcome, Unknown, scope_of
from infra_kit.plan.scheduling import Schedule, Step, StepOutcome

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.plan.planning import Entry, Plan
    from infra_kit.plan.record.journal import Journal
    from infra_kit.plan.record.lock import Lock
    from infra_kit.plan.resource import AwaitedResource, RunContext
    from infra_kit.plan.runlog import RunLog
    from infra_kit.plan.state import StateFolder

_WIDEST = 256
"""Steps at once over all layers; the layers' own bounds are narrower."""
_POLL_S = 0.2


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
        self._context = context
        self._desk = desk
        self._entries = {entry.id: entry for entry in plan.entries}
        self._steps = {entry.id: _step(entry) for entry in plan.entries}
        self._schedule = Schedule(list(self._steps.values()), plan.graph, plan.concurrency)
        self._touched: set[str] = set()
        """What the steps so far had to themselves or are, so that a moved state can be told from a foreign hand."""

    def run(self) -> dict[str, StepOutcome]:
        # What is in place first: it needs nobody, so what could not be read must not carry it off.
        for entry in self._plan.entries:
            if not entry.has_step:
                self._schedule.settle(entry.id, StepOutcome("none"))
        for entry in self._plan.unknown:
            if entry.id not in self._schedule.outcomes:
                self._settle(entry.id, _unread(entry))
        running: dict[Future[StepOutcome], str] = {}
        width = min(_WIDEST, sum(self._plan.concurrency.values()) or 1)
        with ThreadPoolExecutor(width, thread_name_prefix="step") as pool:
            while not self._schedule.finished:
                if self._desk.interruption.asked:
                    self._stop()
                for resource in self._schedule.ready():
                    running[pool.submit(self._carry_out, self._entries[resource])] = resource
                # A short wait, so that a Ctrl-C is heard between two long steps.
                ended, _ = wait(running, timeout=_POLL_S, return_when=FIRST_COMPLETED)
                for future in ended:
                    self._settle(running.pop(future), future.result())
        return {each: self._schedule.outcomes[each] for each in self._entries}

    def _stop(self) -> None:
        for resource, outcome in self._schedule.stop(self._desk.interruption.reason):
            self._note(resource, outcome)

    def _settle(self, resource: str, outcome: StepOutcome) -> None:
        entry = self._entries[resource]
        if outcome.kind in {"done", "staged", "failed"} and entry.pending:
            self._touched |= {resource} | self._steps[resource].claims
        skipped = self._schedule.settle(resource, outcome)
        for each, reason in skipped:
            self._note(each, reason)

    def _note(self, resource: str, outcome: StepOutcome) -> None:
        """Journal the outcome of a step that never started."""
        entry = self._entries[resource]
        if entry.has_step:
            self._journal(lambda: self._desk.journal.end_step(self._desk.run, resource, outcome.kind, outcome.message))
        self._tell("ended", entry, outcome)

    def _carry_out(self, entry: Entry) -> StepOutcome:
        """One step, in a worker thread. Whatever happens becomes an outcome."""
        try:
            self._tell("starting", entry)
            self._desk.journal.begin_step(self._desk.run, entry.id, self._desk.lock.token)
        except (StateError, LockedError) as error:
            # What cannot be journaled is not done, nor is anything after it.
            self._desk.interruption.ask(str(error))
            self._tell("ended", entry, outcome := StepOutcome("skipped", str(error)))
            return outcome
        self._tell("started", entry)
        try:
            outcome = self._change(entry)
        except InfraKitError as error:
            outcome = StepOutcome("failed", str(error), begun=isinstance(error, WaitInterruptedError | NotReadyError))
            if isinstance(error, StateError):
                # A backup that cannot be written, say: there will be no room for the next one either.
                self._desk.interruption.ask(str(error))
            if not isinstance(error, DeviceError):
                self._desk.log.fault("failure", error, resource=entry.id)
        except Exception as error:  # noqa: BLE001  a fault in one layer must not take the other devices' steps down
            self._desk.log.fault("fault", error, resource=entry.id)
            outcome = StepOutcome("failed", f"a fault of infra-kit's own, {type(error).__name__}: {error}; run.log has its trace")
        removed = entry.diff.action == "delete" and outcome.kind in {"done", "none"}
        self._journal(lambda: self._desk.journal.end_step(self._desk.run, entry.id, outcome.kind, outcome.message, removed=removed))
        self._tell("ended", entry, outcome)
        return outcome

    def _change(self, entry: Entry) -> StepOutcome:
        resource, desk = entry.resource, self._desk
        fresh = read_one(resource, self._context)
        if isinstance(fresh, Unknown):
            return StepOutcome("failed", f"could not be read again before the change: {fresh.reason}")
        diff = resource.diff(fresh)
        self._tell("observed", entry)
        if self._moved(entry, fresh, diff):
            return StepOutcome("failed", "changed after it was planned, by another hand: nothing was sent; plan it again")
        if diff.action == "none":
            return self._await(entry, fresh) if entry.awaited else StepOutcome("none", "is already as intended")
        if diff.action == "create":
            try:
                desk.journal.intend_creation(desk.run, entry.id, scope_of(resource))
            except StateError as error:
                desk.interruption.ask(str(error))
                return StepOutcome("skipped", str(error))
        self._tell("applying", entry)
        try:
            outcome: Outcome = resource.apply(fresh, diff, self._context)
        except DeviceError:
            if diff.action == "create":
                self._withdraw(entry)
            raise
        self._tell("applied", entry)
        self._journal(lambda: desk.journal.changed(desk.run, entry.id, diff.action, outcome.record))
        self._tell("journaled", entry)
        resource.verify(self._context)
        self._tell("verified", entry)
        return StepOutcome(outcome.kind, outcome.message)

    def _await(self, entry: Entry, fresh: Observed) -> StepOutcome:
        """Wait for what an earlier run applied and did not see ready."""
        cast("AwaitedResource", entry.resource).await_ready(self._context)
        self._tell("verified", entry)
        return StepOutcome("done", "is ready") if fresh.waiting else StepOutcome("none", "is already as intended, and ready")

    def _withdraw(self, entry: Entry) -> None:
        """Take the intention to create back if nothing came of it: what somebody else creates there later is not ours to remove."""
        state = read_one(entry.resource, self._context)
        if isinstance(state, Observed) and entry.resource.diff(state).action == "create":
            self._journal(lambda: self._desk.journal.forget([entry.id]))

    def _moved(self, entry: Entry, fresh: Observed, diff: Diff) -> bool:
        """Whether another change than the agreed one would be made, and no step of this run explains it."""
        if isinstance(entry.observed, Observed) and entry.observed.digest == fresh.digest:
            return False
        if diff.action == "none" or diff == entry.diff:
            return False
        return not (self._steps[entry.id].claims | self._plan.graph.needs[entry.id]) & self._touched

    def _journal(self, write: Callable[[], None]) -> None:
        """Journal what has happened already; a full disk gets the reserve back and one more try, then the run stops."""
        try:
            write()
        except StateError as error:
            self._desk.interruption.ask(str(error))
            if self._desk.state.release():
                try:
                    write()
                except StateError as again:
                    self._desk.log.fault("journal", again)

    def _tell(self, moment: str, entry: Entry, outcome: StepOutcome | None = None) -> None:
        event = Event(
            moment,  # type: ignore[arg-type]
            entry.id,
            entry.resource.device,
            outcome.kind if outcome else "",
            outcome.message if outcome else "",
        )
        self._desk.log.event(event)
        self._desk.listener(event)


def _unread(entry: Entry) -> StepOutcome:
    """What could not be read is a failure, unless its device is only being made."""
    if entry.later:
        return StepOutcome("skipped", entry.diff.reason)
    return StepOutcome("failed", f"could not be read: {entry.diff.reason}")


def _step(entry: Entry) -> Step:
    return Step(entry.id, entry.layer, entry.resource.device, entry.resource.groups)
