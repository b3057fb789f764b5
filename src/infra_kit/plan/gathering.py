"""Companies: the steps that may start are handed over together, one batch of a company at a time, and settled one by one."""

from __future__ import annotations

import queue
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from infra_kit.plan.company import company_of
from infra_kit.plan.reading import read_together
from infra_kit.plan.scheduling import StepOutcome

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from infra_kit.inventory.errors import InfraKitError
    from infra_kit.plan.company import Company, NotBegun
    from infra_kit.plan.planning import Entry
    from infra_kit.plan.resource import Diff, Observed, Outcome
    from infra_kit.plan.steps import Steps


class Gathering:
    """What may start of each company, and has not. Asked and told by one thread.

    Args:
        steps: carries them out.
        pool: in whose threads; each company takes one.
    """

    def __init__(self, steps: Steps, pool: Executor) -> None:
        """Nothing is gathered."""
        self._steps = steps
        self._pool = pool
        self._waiting: dict[Company, list[Entry]] = defaultdict(list)
        self._at_work: dict[Company, Future[None]] = {}
        self._ended: queue.SimpleQueue[tuple[str, StepOutcome]] = queue.SimpleQueue()

    def add(self, entry: Entry) -> None:
        """It may start."""
        self._waiting[_company(entry)].append(entry)

    def start(self) -> list[Future[None]]:
        """Hand over what there is to companies that are not at work; gives all that are."""
        self._at_work = {company: future for company, future in self._at_work.items() if not future.done()}
        for company in [each for each in self._waiting if each not in self._at_work]:
            batch = _Batch(company, self._waiting.pop(company), self._steps, self._ended)
            self._at_work[company] = self._pool.submit(batch.carry_out)
        return list(self._at_work.values())

    def ended(self) -> Iterator[tuple[str, StepOutcome]]:
        """What has ended since this was asked last, be its company still at work."""
        while not self._ended.empty():
            yield self._ended.get()

    def remember(self, entries: Sequence[Entry]) -> None:
        """Let companies note what the plan found in place. That it cannot be noted is no failure: the next look is dearer."""
        found: dict[Company, list[Entry]] = defaultdict(list)
        for entry in entries:
            if entry.diff.action == "none" and company_of(entry.resource) is not None:
                found[_company(entry)].append(entry)
        for company, of_company in found.items():
            self._at_work[company] = self._pool.submit(self._remember, company, of_company)

    def _remember(self, company: Company, entries: Sequence[Entry]) -> None:
        def work() -> StepOutcome:
            company.remember([each.resource for each in entries], self._steps.context)
            return StepOutcome("none")

        self._steps.guarded(entries[0], work)


class _Batch:
    """Steps of one company that start together."""

    def __init__(self, company: Company, entries: Sequence[Entry], steps: Steps, ended: queue.SimpleQueue[tuple[str, StepOutcome]]) -> None:
        self._company = company
        self._entries = entries
        self._steps = steps
        self._outcomes = ended
        self._left: dict[str, Entry] = {}
        self._diffs: dict[str, Diff] = {}

    def carry_out(self) -> None:
        """In a worker thread. Whatever happens becomes an outcome of each."""
        for entry in self._entries:
            if (refused := self._steps.begin(entry)) is None:
                self._left[entry.id] = entry
            else:
                self._outcomes.put((entry.id, refused))
        if self._left:
            last = self._steps.guarded(next(iter(self._left.values())), self._work)
            for resource in list(self._left):
                self._settle(resource, last)

    def _work(self) -> StepOutcome:
        context = self._steps.context
        fresh = read_together(self._company, [each.resource for each in self._left.values()], context, called_off=context.interrupted)
        if context.interrupted():
            return StepOutcome("skipped", "interrupted before anything was sent")
        for entry in list(self._left.values()):
            examined = self._steps.examine(entry, fresh[entry.id])
            if isinstance(examined, StepOutcome):
                self._settle(entry.id, examined)
            else:
                self._diffs[entry.id] = examined
                self._steps.tell("applying", entry)
        if self._diffs:
            changes = [(self._left[each].resource, cast("Observed", fresh[each]), diff) for each, diff in self._diffs.items()]
            self._company.apply(changes, context, self._ended)
        return StepOutcome("failed", "a fault of infra-kit's own: it ended without a word of this")

    def _ended(self, resource: str, result: Outcome | NotBegun | InfraKitError) -> None:
        if (entry := self._left.get(resource)) is not None:
            self._settle(resource, self._steps.guarded(entry, lambda: self._steps.outcome(entry, self._diffs[resource], result)))

    def _settle(self, resource: str, outcome: StepOutcome) -> None:
        if (entry := self._left.pop(resource, None)) is not None:
            self._outcomes.put((resource, self._steps.end(entry, outcome)))


def _company(entry: Entry) -> Company:
    return cast("Company", company_of(entry.resource))
