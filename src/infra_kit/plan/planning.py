"""The plan: every resource with what was observed and what would be done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, get_args

from infra_kit.inventory.errors import AccessError
from infra_kit.plan import graph
from infra_kit.plan.events import Event, Listener, silent
from infra_kit.plan.memory import recollected
from infra_kit.plan.reading import read_all
from infra_kit.plan.resource import Action, Diff, Observed, Unknown, can_be_awaited, scope_of
from infra_kit.plan.scope import together, workspaces
from infra_kit.plan.selection import EVERYTHING, Selection

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.resource import Created, Layer, ReadContext, Resource

ACTIONS: tuple[Action, ...] = get_args(Action)

Intended = Mapping[str, Sequence["Resource"]]
"""What the inventory asks for: layer -> resources."""

_NAMED = 20
"""So many resources are named that are not ready; a cluster that starts has hundreds."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource of a plan."""

    resource: Resource
    observed: Observed | Unknown
    diff: Diff
    awaited: bool = False
    """An earlier run left it unfinished: though it is as intended, this run waits until it is ready."""
    later: str = ""
    """The layer that makes its device, and has yet to; empty where the device could be asked."""

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

    @property
    def has_step(self) -> bool:
        """Whether a run journals a step for it."""
        return self.awaited or self.diff.action != "none"

    @property
    def waiting(self) -> str:
        """Why it is not ready though nothing would be done to it; empty where it is ready."""
        return self.observed.waiting if isinstance(self.observed, Observed) and self.diff.action == "none" else ""


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


def intended(layers: Sequence[Layer], site: Site, selection: Selection = EVERYTHING, listener: Listener = silent) -> Intended:
    """Work out what the inventory asks for: layer -> resources. Programs are evaluated here, which takes seconds.

    Where the selection names workspaces, a layer that can be asked for those alone is asked for no others.

    Raises:
        ProgramError: a stack's program failed.
    """
    found: dict[str, Sequence[Resource]] = {}
    for layer in layers:
        listener(Event("evaluating", message=layer.name))
        narrowed = getattr(layer, "resources_of", None) if selection.workspaces else None
        found[layer.name] = layer.resources(site) if narrowed is None else narrowed(site, selection.scopes)
    return found


def make_plan(  # noqa: PLR0913  all but two are named, and may be left out
    layers: Sequence[Layer],
    context: ReadContext,
    *,
    selection: Selection = EVERYTHING,
    created: Sequence[Created] = (),
    listener: Listener = silent,
    wanted: Intended | None = None,
) -> Plan:
    """Read the selected resources, and what infra-kit created and the inventory no longer asks for, and compare.

    Args:
        layers: the layers to ask.
        context: site and connections.
        selection: what to look at.
        created: what the journal remembers.
        listener: told of every step.
        wanted: what `intended` gave for these layers, where it has been asked already.

    Raises:
        UsageError: a target matches nothing, or nobody knows a workspace.
        InfraKitError: a cycle, or something that is no device's fault.
    """
    if wanted is None:
        wanted = intended(layers, context.site, selection, listener)
    created, notices = recollected(layers, created, context)
    selection.require_workspaces(_known_workspaces(context.site, created), notices)
    changes: list[Resource] = []
    removals: list[Resource] = []
    for layer in layers:
        changes.extend(wanted[layer.name])
        present = {each.id for each in wanted[layer.name]}
        gone = [each for each in _of_layer(layer, created, selection) if each.id not in present]
        if gone:
            try:
                removals.extend(layer.leftovers(context.site, gone))
            except AccessError as error:
                notices = (*notices, f"what infra-kit created in layer {layer.name} ({len(gone)}) is left alone: {error}")
    selection.require_matches(each.id for each in [*changes, *removals])
    plan = _compare(layers, context, _selected(changes, selection), _selected(removals, selection), listener)
    return replace(plan, notices=(*notices, *plan.notices))


def awaiting(plan: Plan, left: Collection[str]) -> Plan:
    """The plan of a resumption: what is as intended, and was left unfinished, is awaited again.

    Args:
        plan: what there is to do.
        left: ids of the steps that earlier runs left.
    """
    entries = tuple(
        replace(each, awaited=True) if each.id in left and each.diff.action == "none" and can_be_awaited(each.resource) else each
        for each in plan.entries
    )
    return replace(plan, entries=entries)


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
        UsageError: a target matches nothing that infra-kit created, or nobody knows a workspace.
        AccessError: the inventory does not say how to reach what is to be removed.
    """
    created, notices = recollected(layers, created, context)
    selection.require_workspaces(_known_workspaces(context.site, created), notices)
    selection.require_matches(each.id for each in created if _near(each, selection))
    removals: list[Resource] = []
    for layer in layers:
        meant = [each for each in _of_layer(layer, created, selection) if selection.includes(each.id, each.scope)]
        if meant:
            removals.extend(layer.leftovers(context.site, meant))
    plan = _compare(layers, context, [], removals, listener)
    return replace(plan, notices=(*notices, *plan.notices))


def scopes(wanted: Intended, created: Sequence[Created], selection: Selection) -> tuple[str, ...]:
    """What a run of the selection is about, as far as can be told before any device is asked.

    Args:
        wanted: what the inventory asks for; nothing, where all is to be removed.
        created: what the journal remembers.
        selection: what is selected; workspaces that it names are its scopes, whatever there is of them.
    """
    if selection.workspaces:
        return together(selection.scopes)
    asked = [(each.id, scope_of(each)) for of_layer in wanted.values() for each in of_layer]
    known = [*asked, *((each.id, each.scope) for each in created)]
    return together(scope for resource, scope in known if selection.includes(resource, scope))


def _known_workspaces(site: Site, created: Iterable[Created]) -> list[str]:
    """Those of the inventory, and those of which there is something left."""
    return [*site.workspace_by_name, *workspaces(each.scope for each in created)]


def _of_layer(layer: Layer, created: Sequence[Created], selection: Selection) -> Iterator[Created]:
    """Those of the layer, without other workspaces' where the selection names some."""
    return (each for each in created if each.id.partition("/")[0] == layer.name and _near(each, selection))


def _near(created: Created, selection: Selection) -> bool:
    return not selection.workspaces or created.scope in selection.scopes


def _selected(resources: Sequence[Resource], selection: Selection) -> list[Resource]:
    return [each for each in resources if selection.includes(each.id, scope_of(each))]


def _compare(
    layers: Sequence[Layer], context: ReadContext, changes: Sequence[Resource], removals: Sequence[Resource], listener: Listener
) -> Plan:
    order = graph.build(changes, removals, layers)
    concurrency = {layer.name: layer.concurrency for layer in layers}
    by_id = {each.id: each for each in [*changes, *removals]}
    found = read_all(list(by_id.values()), concurrency, context, listener)
    entries = tuple(_entry(by_id[each], found[each]) for each in order.order)
    listener(Event("planned"))
    return _postponed(Plan(context.site, entries, order, concurrency, tuple(_not_ready(entries))), layers)


def _entry(resource: Resource, observed: Observed | Unknown) -> Entry:
    if isinstance(observed, Unknown):
        return Entry(resource, observed, Diff("unknown", reason=observed.reason))
    diff = resource.diff(observed)
    if observed.waiting and diff.action == "none":
        diff = replace(diff, reason=f"not ready: {observed.waiting}")
    return Entry(resource, observed, diff)


def _postponed(plan: Plan, layers: Sequence[Layer]) -> Plan:
    """What did not answer is left for later where the layer that makes its device has something to make."""
    at_work = {entry.layer for entry in plan.pending}
    makers = {layer.name: maker for layer in layers if (maker := getattr(layer, "made_by", "")) in at_work}
    if not makers:
        return plan
    return replace(plan, entries=tuple(_left_for_later(entry, makers.get(entry.layer, "")) for entry in plan.entries))


def _left_for_later(entry: Entry, maker: str) -> Entry:
    if not maker or not isinstance(entry.observed, Unknown) or not entry.observed.away:
        return entry
    device = entry.resource.device.partition("/")[0]
    reason = f"{device} does not answer yet: to be compared once layer {maker}, which has changes in this plan, is applied"
    return replace(entry, diff=replace(entry.diff, reason=reason), later=maker)


def _not_ready(entries: Sequence[Entry]) -> Iterator[str]:
    """What is as intended and not ready: nothing is to be done, and yet all is not well."""
    found = [entry for entry in entries if entry.waiting]
    for entry in found[:_NAMED]:
        yield f"{entry.id} is not ready: {entry.waiting}"
    if len(found) > _NAMED:
        yield f"{len(found) - _NAMED} more are not ready"
