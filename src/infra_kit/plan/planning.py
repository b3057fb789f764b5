"""The plan: every resource with what was observed and what would be done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, get_args

from infra_kit.plan import graph
from infra_kit.plan.events import Event, Listener, silent
from infra_kit.plan.memory import recollected
from infra_kit.plan.reading import read_all
from infra_kit.plan.resource import Action, Diff, Observed, Unknown
from infra_kit.plan.selection import EVERYTHING, Selection

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.resource import Created, Layer, ReadContext, Resource

ACTIONS: tuple[Action, ...] = get_args(Action)


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource of a plan."""

    resource: Resource
    observed: Observed | Unknown
    diff: Diff

    @property
    def id(self) -> str:
        """The resource's id."""
        return self.resource.id

    @property
    def layer(self) -> str:
        """The resource's layer."""
        return self.resource.id.partition("/")[0]

    @property
    def pending(self) -> bool:
        """Whether something would be done to it."""
        return self.diff.action not in {"none", "unknown"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done to a site. `entries` are in an order that respects the graph."""

    site: Site
    entries: tuple[Entry, ...]
    graph: graph.Graph
    concurrency: Mapping[str, int]
    """Layer -> how many of its devices are changed at once."""
    notices: tuple[str, ...] = ()
    """What kept the plan from being complete, such as a cluster that could not say what infra-kit created on it."""
    created: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))

    @property
    def summary(self) -> dict[Action, int]:
        """How many resources there are of each action."""
        counts = dict.fromkeys(ACTIONS, 0)
        for entry in self.entries:
            counts[entry.diff.action] += 1
        return counts

    @property
    def pending(self) -> tuple[Entry, ...]:
        """The entries that would change something."""
        return tuple(entry for entry in self.entries if entry.pending)

    @property
    def unknown(self) -> tuple[Entry, ...]:
        """The entries that could not be read."""
        return tuple(entry for entry in self.entries if entry.diff.action == "unknown")

    @property
    def clean(self) -> bool:
        """Nothing to do and nothing unknown."""
        return not self.pending and not self.unknown


def make_plan(
    layers: Sequence[Layer],
    context: ReadContext,
    *,
    selection: Selection = EVERYTHING,
    created: Sequence[Created] = (),
    listener: Listener = silent,
) -> Plan:
    """Read the selected resources, and what infra-kit created and the inventory no longer asks for, and compare.

    Raises:
        UsageError: a target matches nothing.
        InfraKitError: a cycle, or something that is no device's fault.
    """
    site = context.site
    created, notices = recollected(layers, created, context)
    changes: list[Resource] = []
    removals: list[Resource] = []
    for layer in layers:
        wanted = list(layer.resources(site))
        present = {each.id for each in wanted}
        changes.extend(wanted)
        gone = [each for each in _of_layer(layer, created) if each.id not in present]
        if gone:
            removals.extend(layer.leftovers(site, gone))
    selection.require_matches(each.id for each in [*changes, *removals])
    plan = _compare(layers, context, _selected(changes, selection), _selected(removals, selection), listener)
    return replace(plan, notices=notices)


def make_removal(
    layers: Sequence[Layer],
    context: ReadContext,
    *,
    selection: Selection = EVERYTHING,
    created: Sequence[Created] = (),
    listener: Listener = silent,
) -> Plan:
    """The plan of `destroy`: remove the selected resources among those that infra-kit created, in the inventory or not.

    Raises:
        UsageError: a target matches nothing that infra-kit created.
    """
    created, notices = recollected(layers, created, context)
    selection.require_matches(each.id for each in created)
    removals: list[Resource] = []
    for layer in layers:
        meant = [each for each in _of_layer(layer, created) if selection.includes(each.id)]
        if meant:
            removals.extend(layer.leftovers(context.site, meant))
    return replace(_compare(layers, context, [], removals, listener), notices=notices)


def _of_layer(layer: Layer, created: Sequence[Created]) -> Iterator[Created]:
    return (each for each in created if each.id.partition("/")[0] == layer.name)


def _selected(resources: Sequence[Resource], selection: Selection) -> list[Resource]:
    return [each for each in resources if selection.includes(each.id)]


def _compare(
    layers: Sequence[Layer], context: ReadContext, changes: Sequence[Resource], removals: Sequence[Resource], listener: Listener
) -> Plan:
    order = graph.build(changes, removals, layers)
    concurrency = {layer.name: layer.concurrency for layer in layers}
    by_id = {each.id: each for each in [*changes, *removals]}
    found = read_all(list(by_id.values()), concurrency, context, listener)
    entries = tuple(_entry(by_id[each], found[each]) for each in order.order)
    listener(Event("planned"))
    return Plan(context.site, entries, order, concurrency)


def _entry(resource: Resource, observed: Observed | Unknown) -> Entry:
    if isinstance(observed, Unknown):
        return Entry(resource, observed, Diff("unknown", reason=observed.reason))
    return Entry(resource, observed, resource.diff(observed))
