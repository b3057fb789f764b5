"""Objects of a cluster in a plan's text: hundreds of them, grouped by stack and component, each difference readable."""

from __future__ import annotations

from plan_fakes import FakeLayer, HeadedThing, World

from infra_kit.plan.connections import Connections
from infra_kit.plan.planning import make_plan
from infra_kit.plan.presentation import plan_text
from infra_kit.plan.resource import Change, Diff, ReadContext

NEW = "is not on the cluster; namespace fraud does not exist yet"


def _lines(site, access, world: World, found: dict[str, tuple[str, Diff]]) -> list[str]:
    things = [
        HeadedThing(f"workspaces/{name}", f"kubernetes/{name}", world, heading=heading, found=diff)
        for name, (heading, diff) in found.items()
    ]
    plan = make_plan([FakeLayer("workspaces", things, world=world)], ReadContext(site, Connections(access, read_only=True)))
    return [line.plain for line in plan_text(plan, str)]


def test_new_objects_are_a_line_each_and_what_holds_for_all_is_said_once(site, access, world) -> None:
    changes = [Change(f"spec.field{number}", None, number) for number in range(4)]
    new = Diff("create", NEW, changes)
    long = Diff("create", NEW, changes, "\n".join(["--- /dev/null", "+++ data.x", *(f"+line {number}" for number in range(90))]))
    found = {
        "Namespace/fraud": ("workspaces.fraud: namespaces", Diff("create", "is not on the cluster", changes)),
        "Deployment/fraud/hub": ("workspaces.fraud: hub", new),
        "NetworkPolicy/fraud/dns": ("workspaces.fraud: isolation", new),
        "ConfigMap/fraud/hub": ("workspaces.fraud: hub", long),
    }
    assert _lines(site, access, world, found) == [
        "workspaces",
        "  workspaces.fraud: namespaces",
        "    + workspaces/Namespace/fraud  (4 values)",
        "        is not on the cluster",
        "  workspaces.fraud: hub",
        "    + workspaces/Deployment/fraud/hub  (4 values)",
        f"        {NEW}",
        "    + workspaces/ConfigMap/fraud/hub  (4 values)",
        "  workspaces.fraud: isolation",
        "    + workspaces/NetworkPolicy/fraud/dns  (4 values)",
        f"        {NEW}",
        "",
        "Of what is made anew only the number of its values is shown; `--format json` and plan files have them all.",
        "Plan: 4 to create, 0 to update, 0 to delete, 0 unchanged, 0 unknown",
    ]


def test_differences_conflicts_and_replacements_are_told_field_by_field(site, access, world) -> None:
    image = "spec.template.spec.containers[name=a].image"
    held = "spec.replicas belongs to kubectl-scale: refused unless `--take workspaces/Deployment/fraud/hub`"
    found = {
        "Deployment/fraud/hub": ("workspaces.fraud: hub", Diff("update", held, [Change("spec.replicas", 3, 1)])),
        "Job/fraud/init": (
            "workspaces.fraud: hub",
            Diff(
                "update",
                "spec.template is immutable",
                [Change(image, "a:1", "a:2")],
                None,
                "recreate",
            ),
        ),
        "ConfigMap/fraud/old": ("workspaces.fraud", Diff("delete", "has left the program", [Change("ConfigMap", "old", None)])),
        "ConfigMap/fraud/older": ("workspaces.fraud", Diff("delete", "has left the program", [Change("ConfigMap", "older", None)])),
    }
    assert _lines(site, access, world, found) == [
        "workspaces",
        "  workspaces.fraud: hub",
        "    ~ workspaces/Deployment/fraud/hub",
        f"        {held}",
        "        spec.replicas: 3 -> 1",
        "    ~ workspaces/Job/fraud/init  ! removes it and makes it anew",
        "        spec.template is immutable",
        f"        {image}: a:1 -> a:2",
        "  workspaces.fraud",
        "    - workspaces/ConfigMap/fraud/old",
        "        has left the program",
        "    - workspaces/ConfigMap/fraud/older",
        "",
        "Plan: 0 to create, 2 to update, 2 to delete, 0 unchanged, 0 unknown",
    ]
