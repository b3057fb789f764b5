from __future__ import annotations

from dataclasses import dataclass

import pytest
from plan_fakes import FakeLayer, broken, thing

from infra_kit.plan.connections import Connections
from infra_kit.plan.planning import make_plan, make_removal
from infra_kit.plan.resource import Created, ReadContext
from infra_kit.plan.selection import Selection


@dataclass
class Remembering(FakeLayer):
    """A layer whose devices remember."""

    memory: tuple[Created, ...] | None = ()

    def remembered(self, context: ReadContext) -> tuple[Created, ...]:
        if self.memory is None:
            broken("cluster", "does not answer")()
        return self.memory


@pytest.fixture
def context(site, access) -> ReadContext:
    return ReadContext(site, Connections(access, read_only=True))


def _layer(world, memory: tuple[Created, ...] | None) -> Remembering:
    for name in "123":
        world.put("attic", f"bmc_a_{name}", "old")
    return Remembering("bmc", [thing("bmc/a/3", world)], world=world, memory=memory)


def test_what_only_the_devices_remember_is_removed_too(world, context) -> None:
    layer = _layer(world, (Created("bmc/a/2", {"x": 1}), Created("bmc/a/3", {})))
    plan = make_plan([layer], context, created=[Created("bmc/a/1", {})])
    assert {entry.id: entry.diff.action for entry in plan.entries} == {"bmc/a/1": "delete", "bmc/a/2": "delete", "bmc/a/3": "create"}
    plan = make_removal([layer], context, created=[Created("bmc/a/1", {})], selection=Selection(targets=("bmc/a/[123]",)))
    assert {entry.id for entry in plan.entries} == {"bmc/a/1", "bmc/a/2", "bmc/a/3"}
    assert plan.notices == ()


def test_devices_that_cannot_be_asked_are_noted(world, context) -> None:
    plan = make_plan([_layer(world, None)], context, created=[Created("bmc/a/1", {})])
    assert {entry.id for entry in plan.entries} == {"bmc/a/1", "bmc/a/3"}
    (notice,) = plan.notices
    assert "layer bmc" in notice
    assert "does not answer" in notice


def test_a_device_completes_the_record_of_a_killed_run(world, context) -> None:
    seen = []

    class Layer(Remembering):
        def leftovers(self, site, created):
            seen.extend(created)
            return super().leftovers(site, created)

    layer = Layer("bmc", [], world=world, memory=(Created("bmc/a/1", {"by": "device"}), Created("bmc/a/2", {"by": "device"})))
    make_plan([layer], context, created=[Created("bmc/a/1", {}), Created("bmc/a/2", {"by": "journal"})])
    assert {each.id: each.record["by"] for each in seen} == {"bmc/a/1": "device", "bmc/a/2": "journal"}


@pytest.mark.parametrize(
    ("created", "scope"),
    [
        (Created("workspaces/Secret/fraud/x", {"stack": "workspaces.fraud"}), "workspaces/fraud"),
        (Created("cluster/Secret/platform/x", {"stack": "platform"}), ""),
        (Created("bmc/user/x", {}), ""),
        (Created("workspaces/Secret/fraud/x", {}, "workspaces/fraud"), "workspaces/fraud"),
    ],
)
def test_a_record_tells_its_scope(created: Created, scope: str) -> None:
    assert created.scope == scope
