from __future__ import annotations

import pytest
from plan_fakes import FakeLayer, thing, unreachable

from infra_kit.inventory.errors import AccessError, UnreachableError, UsageError
from infra_kit.plan.connections import Connections
from infra_kit.plan.planning import make_plan, make_removal
from infra_kit.plan.resource import Created, ReadContext
from infra_kit.plan.selection import Selection


@pytest.fixture
def context(site, access) -> ReadContext:
    return ReadContext(site, Connections(access, read_only=True))


@pytest.fixture
def layer(world) -> FakeLayer:
    world.put("d2", "bmc_a_2", "old")
    world.put("d3", "bmc_a_3", "wanted")
    things = [
        thing("bmc/a/1", world, "d1"),
        thing("bmc/a/2", world, "d2"),
        thing("bmc/a/3", world, "d3"),
        thing("bmc/a/4", world, "d4", reading=unreachable("d4")),
    ]
    return FakeLayer("bmc", things, world=world)


def test_every_state_has_its_action(layer, context) -> None:
    plan = make_plan([layer], context)
    assert plan.summary == {"create": 1, "update": 1, "delete": 0, "none": 1, "unknown": 1}
    assert {entry.id: entry.diff.action for entry in plan.entries} == {
        "bmc/a/1": "create",
        "bmc/a/2": "update",
        "bmc/a/3": "none",
        "bmc/a/4": "unknown",
    }
    assert not plan.clean
    assert [entry.id for entry in plan.unknown] == ["bmc/a/4"]


def test_a_plan_with_only_an_unknown_is_not_clean(layer, context) -> None:
    assert not make_plan([layer], context, selection=Selection(targets=("bmc/a/4",))).clean
    assert make_plan([layer], context, selection=Selection(targets=("bmc/a/3",))).clean


@pytest.mark.parametrize(
    ("selection", "left"),
    [
        (Selection(targets=("bmc/a/[12]",)), {"bmc/a/1", "bmc/a/2"}),
        (Selection(ignored=("*/1", "bmc/a/2")), {"bmc/a/3", "bmc/a/4"}),
        (Selection(layers=("fabric",)), set()),
        (Selection(only=("bmc/a/3",)), {"bmc/a/3"}),
    ],
)
def test_only_what_is_selected_is_read(layer, context, selection: Selection, left: set[str]) -> None:
    assert {entry.id for entry in make_plan([layer], context, selection=selection).entries} == left
    assert Selection.from_dict(selection.as_dict()) == selection


def test_a_target_that_matches_nothing_is_refused(layer, context) -> None:
    with pytest.raises(UsageError, match="no resource matches --target `bcm") as refused:
        make_plan([layer], context, selection=Selection(targets=("bcm/*",)))
    assert "bmc/a/1" in refused.value.remedy


def test_what_was_created_and_left_the_inventory_is_to_be_removed(layer, context, world) -> None:
    world.put("attic", "bmc_a_9", "wanted")
    created = [Created("bmc/a/9", {}), Created("bmc/a/1", {}), Created("storage/a/1", {})]
    plan = make_plan([layer], context, created=created)
    assert {entry.id: entry.diff.action for entry in plan.entries}["bmc/a/9"] == "delete"
    assert "storage/a/1" not in {entry.id for entry in plan.entries}


def test_destroy_takes_only_what_was_created(layer, context, world) -> None:
    world.put("attic", "bmc_a_1", "wanted")
    plan = make_removal([layer], context, selection=Selection(targets=("bmc/a/*",)), created=[Created("bmc/a/1", {})])
    assert [(entry.id, entry.diff.action) for entry in plan.entries] == [("bmc/a/1", "delete")]
    with pytest.raises(UsageError):
        make_removal([layer], context, selection=Selection(targets=("bmc/a/2",)), created=[Created("bmc/a/1", {})])


class Remembering(FakeLayer):
    """A layer whose device remembers one more workspace, or cannot be asked."""

    silent = False

    def remembered(self, context: ReadContext) -> list[Created]:
        if self.silent:
            raise UnreachableError("kubernetes", "no answer")
        return [Created("workspaces/a/old", {"stack": "workspaces.remembered"})]


def test_a_workspace_that_nobody_knows_is_refused(context, world) -> None:
    layer = Remembering("workspaces", [], world=world)
    created = [Created("workspaces/a/left", {}, "workspaces/journaled")]
    for name in ("fraud", "journaled", "remembered"):
        for make in (make_plan, make_removal):
            make([layer], context, selection=Selection(workspaces=(name,)), created=created)
    for make in (make_plan, make_removal):
        with pytest.raises(UsageError, match="there is no workspace frad, ") as refused:
            make([layer], context, selection=Selection(workspaces=("churn", "frad")), created=created)
        assert refused.value.remedy == "did you mean fraud? known: churn, fraud, journaled, remembered"
    layer.silent = True
    with pytest.raises(UsageError) as refused:
        make_removal([layer], context, selection=Selection(workspaces=("xyz",)))
    assert refused.value.remedy.startswith("known: churn, fraud; what only the devices of layer workspaces remember is left out: ")


def test_destroy_takes_targets_of_its_workspaces_alone(context, world) -> None:
    layer = FakeLayer("workspaces", [], world=world)
    created = [Created("workspaces/a/1", {}, "workspaces/fraud"), Created("workspaces/a/2", {}, "workspaces/churn")]
    with pytest.raises(UsageError, match="no resource matches --target `workspaces/a/2`"):
        make_removal([layer], context, selection=Selection(targets=("workspaces/a/2",), workspaces=("fraud",)), created=created)


def test_what_cannot_be_reached_any_more_is_noted_by_a_plan_and_refused_by_destroy(context, world) -> None:
    class Cut(FakeLayer):
        def leftovers(self, site, created):
            raise AccessError("the inventory does not say how", where="site.yaml:1:1")

    layer = Cut("cluster", [thing("cluster/a/1", world, "d1")])
    created = [Created("cluster/a/1", {}), Created("cluster/a/2", {})]
    plan = make_plan([layer], context, created=created)
    assert [entry.id for entry in plan.entries] == ["cluster/a/1"]
    assert plan.notices == ("what infra-kit created in layer cluster (1) is left alone: site.yaml:1:1: the inventory does not say how",)
    with pytest.raises(AccessError):
        make_removal([layer], context, selection=Selection(targets=("cluster/*",)), created=created)
