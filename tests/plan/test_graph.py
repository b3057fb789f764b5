from __future__ import annotations

from dataclasses import dataclass

import pytest
from plan_fakes import thing

from infra_kit.inventory.errors import InfraKitError
from infra_kit.plan.graph import Phase, build


@dataclass(frozen=True)
class Layer:
    name: str
    after: tuple[str, ...] = ()
    concurrency: int = 1


LAYERS = [Layer("bmc"), Layer("fabric", ("bmc",)), Layer("storage", ("fabric",))]


def test_layers_come_in_their_order_and_dependencies_before_what_needs_them(world) -> None:
    nodes = [
        thing("storage/zone/a", world),
        thing("fabric/config/b", world, needs=("fabric/config/a",)),
        thing("fabric/config/a", world),
        thing("bmc/bios/w", world),
    ]
    graph = build(nodes, [], LAYERS)
    assert graph.order == ("bmc/bios/w", "fabric/config/a", "fabric/config/b", "storage/zone/a")
    assert Phase("bmc") in graph.preceding[Phase("storage")]


def test_removals_come_last_in_their_layer_and_in_turned_order(world) -> None:
    removals = [thing("storage/zone/old", world), thing("storage/pool/old", world, needs=("storage/zone/old",))]
    graph = build([thing("storage/zone/new", world)], removals, LAYERS)
    assert graph.order == ("storage/zone/new", "storage/pool/old", "storage/zone/old")


def test_removals_go_through_the_layers_backwards(world) -> None:
    removals = [thing("bmc/a/1", world), thing("storage/a/1", world, needs=("bmc/a/1",)), thing("fabric/a/1", world)]
    graph = build([thing("storage/a/2", world)], removals, LAYERS)
    assert graph.order == ("storage/a/2", "storage/a/1", "fabric/a/1", "bmc/a/1")


def test_ids_that_are_not_in_the_plan_are_ignored(world) -> None:
    graph = build([thing("bmc/bios/w", world, needs=("bmc/power/elsewhere",))], [], LAYERS)
    assert graph.needs["bmc/bios/w"] == frozenset()


def test_a_cycle_is_named(world) -> None:
    nodes = [thing("bmc/a/1", world, needs=("bmc/a/2",)), thing("bmc/a/2", world, needs=("bmc/a/1",))]
    with pytest.raises(InfraKitError, match=r"cycle: bmc/a/\d before bmc/a/\d before bmc/a/\d"):
        build(nodes, [], LAYERS)


def test_needing_a_later_layer_is_a_cycle(world) -> None:
    nodes = [thing("bmc/a/1", world, needs=("fabric/a/1",)), thing("fabric/a/1", world)]
    with pytest.raises(InfraKitError, match="layer bmc before layer fabric"):
        build(nodes, [], LAYERS)


def test_the_same_id_twice_is_refused(world) -> None:
    with pytest.raises(InfraKitError, match="two resources have this id"):
        build([thing("bmc/a/1", world), thing("bmc/a/1", world)], [], LAYERS)
