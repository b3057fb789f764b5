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
    other = Diff("create", NEW.replace("fraud", "fraud-user-ada"), changes)
    long = Diff("create", NEW, changes, "\n".join(["--- /dev/null", "+++ data.x", *(f"+line {number}" for number in range(90))]))
    found = {
        "Namespace/fraud": ("workspaces.fraud: namespaces", Diff("create", "is not on the cluster", changes)),
        "Deployment/fraud/hub": ("workspaces.fraud: hub", new),
        "NetworkPolicy/fraud/dns": ("workspaces.fraud: isolation", new),
        "ConfigMap/fraud/hub": ("workspaces.fraud: hub", long),
        "Role/fraud-user-ada/dns": ("workspaces.fraud: isolation", other),
        "Deployment/churn/hub": ("workspaces.churn: hub", Diff("create", NEW.replace("fraud", "churn"), changes)),
    }
    assert _lines(site, access, world, found) == [
        "workspaces",
        "  workspaces.fraud: namespaces",
        "    + workspaces/Namespace/fraud  (4 values)",
        "        is not on the cluster (5 in all)",
        "  workspaces.fraud: hub",
        "    + workspaces/Deployment/fraud/hub  (4 values)",
        "        its namespace does not exist yet (4 in all)",
        "    + workspaces/ConfigMap/fraud/hub  (4 values)",
        "  workspaces.fraud: isolation",
        "    + workspaces/NetworkPolicy/fraud/dns  (4 values)",
        "    + workspaces/Role/fraud-user-ada/dns  (4 values)",
        "  workspaces.churn: hub",
        "    + workspaces/Deployment/churn/hub  (4 values)",
        "        is not on the cluster",
        "        its namespace does not exist yet",
        "",
        "Of what is made anew only the number of its values is shown; `--format json` and plan files have them all.",
        "Plan: 6 to create, 0 to update, 0 to delete, 0 unchanged, 0 unknown",
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
        "directory/a/b": ("array01", Diff("delete", "", [Change("directory", "/a/b", None)])),
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
        "  array01",
        "    - workspaces/directory/a/b",
        "",
        "Plan: 0 to create, 2 to update, 3 to delete, 0 unchanged, 0 unknown",
    ]


def test_of_an_object_s_texts_and_values_the_long_ones_are_cut(site, access, world) -> None:
    changes = [Change("data.conf", "a\nb\n", "a\nc\n"), Change("metadata.annotations.note", "short", "x" * 300)]
    whole = "--- data.conf\n+++ data.conf\n-b\n+c\n-metadata.annotations.note: short\n+metadata.annotations.note: " + "x" * 300
    lines = _lines(site, access, world, {"ConfigMap/fraud/hub": ("workspaces.fraud: hub", Diff("update", "differs", changes, whole))})
    assert lines[2:] == [
        "    ~ workspaces/ConfigMap/fraud/hub",
        *(f"        {line}" for line in ("--- data.conf", "+++ data.conf", "@@ -1,2 +1,2 @@", " a", "-b", "+c")),
        f"        metadata.annotations.note: short -> {'x' * 99}…",
        "",
        "Where … stands, a value is cut; `--format json` and plan files have it whole.",
        "Plan: 0 to create, 1 to update, 0 to delete, 0 unchanged, 0 unknown",
    ]
