"""The order of a plan: what needs what, which layer comes after which, and what may therefore start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from itertools import pairwise
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import InfraKitError

if TYPE_CHECKING:
    from infra_kit.plan.resource import Layer, Resource


@dataclass(frozen=True, slots=True)
class Phase:
    """All of a layer's changes, or all of its removals.

    Removals come after the changes, so that nothing refers any more to what goes, and in the turned order of the layers.
    """

    layer: str
    removal: bool = False

    def __str__(self) -> str:
        return f"removals of layer {self.layer}" if self.removal else f"layer {self.layer}"


@dataclass(frozen=True, slots=True)
class Graph:
    """The order of a plan's resources.

    Args:
        order: every id, in an order that respects everything below; stable from run to run.
        needs: id -> ids that must have succeeded before.
        phase: id -> its phase.
        preceding: phase -> the phases that must have ended before, well or badly.
    """

    order: tuple[str, ...]
    needs: Mapping[str, frozenset[str]]
    phase: Mapping[str, Phase]
    preceding: Mapping[Phase, frozenset[Phase]]


def build(changes: Sequence[Resource], removals: Sequence[Resource], layers: Sequence[Layer]) -> Graph:
    """Order resources.

    Args:
        changes: what the inventory asks for.
        removals: what goes; among them the order of `depends_on` is turned round.
        layers: the layers they belong to.

    Raises:
        InfraKitError: an id twice, or a cycle; the message names it.
    """
    _refuse_duplicates([*changes, *removals])
    phase = {
        **{each.id: Phase(_layer(each)) for each in changes},
        **{each.id: Phase(_layer(each), removal=True) for each in removals},
    }
    needs = _needs(changes, removals)
    preceding = _preceding(layers)
    return Graph(_order(phase, needs, preceding), needs, phase, preceding)


def _layer(resource: Resource) -> str:
    return resource.id.partition("/")[0]


def _refuse_duplicates(resources: Sequence[Resource]) -> None:
    seen: set[str] = set()
    for each in resources:
        if each.id in seen:
            raise InfraKitError("two resources have this id", where=each.id, remedy="names must be unique in the inventory")
        seen.add(each.id)


def _needs(changes: Sequence[Resource], removals: Sequence[Resource]) -> dict[str, frozenset[str]]:
    present = {each.id for each in changes}
    going = {each.id for each in removals}
    needs = {each.id: each.depends_on & present for each in changes}
    turned: dict[str, set[str]] = {each.id: set() for each in removals}
    for each in removals:
        for needed in each.depends_on & going:
            turned[needed].add(each.id)
    return {**needs, **{key: frozenset(value) for key, value in turned.items()}}


def _preceding(layers: Sequence[Layer]) -> dict[Phase, frozenset[Phase]]:
    after = {layer.name: set(layer.after) for layer in layers}
    names = list(after)
    for middle in names:
        for name in names:
            if middle in after[name]:
                after[name] |= after[middle]
    preceding: dict[Phase, frozenset[Phase]] = {}
    for name in names:
        later = [each for each in names if name in after[each]]
        preceding[Phase(name)] = frozenset(Phase(each) for each in after[name] if each in after)
        preceding[Phase(name, removal=True)] = frozenset({Phase(name), *map(Phase, later), *(Phase(each, removal=True) for each in later)})
    return preceding


def _order(phase: Mapping[str, Phase], needs: Mapping[str, frozenset[str]], preceding: Mapping[Phase, frozenset[Phase]]) -> tuple[str, ...]:
    # A phase is two nodes, its beginning and its end, so that the edges stay few however many resources there are.
    sorter: TopologicalSorter[str | tuple[Phase, str]] = TopologicalSorter()
    for each, earlier in preceding.items():
        sorter.add((each, "begin"), *((other, "end") for other in earlier))
        sorter.add((each, "end"), (each, "begin"))
    for resource, own in phase.items():
        sorter.add(resource, (own, "begin"), *sorted(needs[resource]))
        sorter.add((own, "end"), resource)
    try:
        sorter.prepare()
    except CycleError as error:
        path = [str(node[0]) if isinstance(node, tuple) else node for node in error.args[1]]
        steps = [path[0]] + [new for old, new in pairwise(path) if new != old]
        raise InfraKitError(
            "the order of the plan has a cycle: " + " before ".join(steps),
            remedy="a resource may only depend on its own or an earlier layer",
        ) from error
    return tuple(_in_given_order(sorter, {resource: place for place, resource in enumerate(phase)}))


def _in_given_order(sorter: TopologicalSorter[str | tuple[Phase, str]], places: Mapping[str, int]) -> Iterator[str]:
    """Of what may come next, always what the layers named first: the order that a reader expects."""
    ready: list[tuple[int, str]] = []
    while sorter.is_active():
        for node in sorter.get_ready():
            if isinstance(node, str):
                heappush(ready, (places[node], node))
            else:
                sorter.done(node)
        if ready:
            _, resource = heappop(ready)
            yield resource
            sorter.done(resource)
