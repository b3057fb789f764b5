"""One step of a run: journaled, read again, changed, verified, journaled again. Whatever happens to it becomes an outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from infra_kit.inventory.errors import DeviceError, HalfDoneError, InfraKitError, LockedError, NotReadyError, StateError
from infra_kit.plan.company import NotBegun
from infra_kit.plan.events import Event
from infra_kit.plan.interruption import WaitInterruptedError
from infra_kit.plan.reading import read_one
from infra_kit.plan.resource import Diff, Observed, Outcome, Unknown, scope_of
from infra_kit.plan.scheduling import StepOutcome

if TYPE_CHECKING:
    from infra_kit.plan.desk import Desk
    from infra_kit.plan.planning import Entry, Plan
    from infra_kit.plan.resource import AwaitedResource, RunContext


class Steps:
    """Carries steps out, in any thread.

    Args:
        plan: what was agreed to.
        context: connections that may write, consent, the run's folder.
        desk: journal, log, listener.
        claims: id -> what the step has to itself.
        touched: what the steps so far had to themselves or are, so that a moved state can be told from a foreign hand.
    """

    def __init__(self, plan: Plan, context: RunContext, desk: Desk, claims: Mapping[str, frozenset[str]], touched: set[str]) -> None:
        """Nothing has begun."""
        self._plan = plan
        self.context = context
        self._desk = desk
        self._claims = claims
        self._touched = touched

    def carry_out(self, entry: Entry) -> StepOutcome:
        """One step, in a worker thread. Whatever happens becomes an outcome."""
        return self.begin(entry) or self.end(entry, self.guarded(entry, lambda: self._change(entry)))

    def note(self, entry: Entry, outcome: StepOutcome) -> None:
        """Journal the outcome of a step that never started."""
        if entry.has_step:
            self._journal(lambda: self._desk.journal.end_step(self._desk.run, entry.id, outcome.kind, outcome.message))
        self.tell("ended", entry, outcome)

    def begin(self, entry: Entry) -> StepOutcome | None:
        """Journal that it begins; an outcome where that cannot be journaled."""
        try:
            self.tell("starting", entry)
            self._desk.journal.begin_step(self._desk.run, entry.id, self._desk.lock.token)
        except (StateError, LockedError) as error:
            # What cannot be journaled is not done, nor is anything after it.
            self._desk.interruption.ask(str(error))
            self.tell("ended", entry, outcome := StepOutcome("skipped", str(error)))
            return outcome
        self.tell("started", entry)
        return None

    def guarded(self, entry: Entry, work: Callable[[], StepOutcome]) -> StepOutcome:
        """What the work comes to; whatever it raises becomes an outcome."""
        try:
            return work()
        except InfraKitError as error:
            outcome = StepOutcome("failed", str(error), begun=isinstance(error, WaitInterruptedError | NotReadyError | HalfDoneError))
            if isinstance(error, StateError):
                # A backup that cannot be written, say: there will be no room for the next one either.
                self._desk.interruption.ask(str(error))
            if not isinstance(error, DeviceError):
                self._desk.log.fault("failure", error, resource=entry.id)
        except Exception as error:  # noqa: BLE001  a fault in one layer must not take the other devices' steps down
            self._desk.log.fault("fault", error, resource=entry.id)
            outcome = StepOutcome("failed", f"a fault of infra-kit's own, {type(error).__name__}: {error}; run.log has its trace")
        return outcome

    def end(self, entry: Entry, outcome: StepOutcome) -> StepOutcome:
        """Journal how it ended."""
        removed = entry.diff.action == "delete" and outcome.kind in {"done", "none"}
        self._journal(lambda: self._desk.journal.end_step(self._desk.run, entry.id, outcome.kind, outcome.message, removed=removed))
        self.tell("ended", entry, outcome)
        return outcome

    def _change(self, entry: Entry) -> StepOutcome:
        resource = entry.resource
        fresh = read_one(resource, self.context)
        examined = self.examine(entry, fresh)
        if isinstance(examined, StepOutcome):
            return examined
        self.tell("applying", entry)
        try:
            outcome: Outcome = resource.apply(cast("Observed", fresh), examined, self.context)
        except DeviceError:
            if examined.action == "create":
                self._withdraw(entry)
            raise
        return self.outcome(entry, examined, outcome)

    def examine(self, entry: Entry, fresh: Observed | Unknown) -> StepOutcome | Diff:
        """What is to be done to what was read just now; an outcome where that is nothing."""
        desk = self._desk
        if isinstance(fresh, Unknown):
            return StepOutcome("failed", f"could not be read again before the change: {fresh.reason}")
        diff = entry.resource.diff(fresh)
        self.tell("observed", entry)
        if self._moved(entry, fresh, diff):
            return StepOutcome("failed", "changed after it was planned, by another hand: nothing was sent; plan it again")
        if diff.action == "none":
            return self._await(entry, fresh) if entry.awaited else StepOutcome("none", "is already as intended")
        if diff.action == "create":
            try:
                desk.journal.intend_creation(desk.run, entry.id, scope_of(entry.resource))
            except StateError as error:
                desk.interruption.ask(str(error))
                return StepOutcome("skipped", str(error))
        return diff

    def outcome(self, entry: Entry, diff: Diff, result: Outcome | NotBegun | InfraKitError) -> StepOutcome:
        """Journal what was done, and look whether it is as intended.

        Raises:
            InfraKitError: it failed, or is not.
        """
        if isinstance(result, NotBegun):
            return StepOutcome("skipped", result.reason)
        if isinstance(result, InfraKitError):
            raise result
        self.tell("applied", entry)
        self._journal(lambda: self._desk.journal.changed(self._desk.run, entry.id, diff.action, result.record))
        self.tell("journaled", entry)
        entry.resource.verify(self.context)
        self.tell("verified", entry)
        return StepOutcome(result.kind, result.message)

    def _await(self, entry: Entry, fresh: Observed) -> StepOutcome:
        """Wait for what an earlier run applied and did not see ready."""
        cast("AwaitedResource", entry.resource).await_ready(self.context)
        self.tell("verified", entry)
        return StepOutcome("done", "is ready") if fresh.waiting else StepOutcome("none", "is already as intended, and ready")

    def _withdraw(self, entry: Entry) -> None:
        """Take the intention to create back if nothing came of it: what somebody else creates there later is not ours to remove."""
        state = read_one(entry.resource, self.context)
        if isinstance(state, Observed) and entry.resource.diff(state).action == "create":
            self._journal(lambda: self._desk.journal.forget([entry.id]))

    def _moved(self, entry: Entry, fresh: Observed, diff: Diff) -> bool:
        """Whether another change than the agreed one would be made, and no step of this run explains it."""
        if isinstance(entry.observed, Observed) and entry.observed.digest == fresh.digest:
            return False
        if diff.action == "none" or diff == entry.diff:
            return False
        return not (self._claims[entry.id] | self._plan.graph.needs[entry.id]) & self._touched

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

    def tell(self, moment: str, entry: Entry, outcome: StepOutcome | None = None) -> None:
        """Log a moment of it, and let the listener hear it."""
        event = Event(
            moment,  # type: ignore[arg-type]
            entry.id,
            entry.resource.device,
            outcome.kind if outcome else "",
            outcome.message if outcome else "",
        )
        self._desk.log.event(event)
        self._desk.listener(event)
