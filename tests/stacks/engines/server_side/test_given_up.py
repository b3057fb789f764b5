"""Fields that are set at creation and then left to others."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.stacks.engines.server_side.given_up import give_up, tokens

if TYPE_CHECKING:
    from conftest import Bench


def scaler(bench: Bench) -> Any:
    """A HorizontalPodAutoscaler of the Deployment."""
    return bench.object(
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web", "namespace": bench.namespace},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "minReplicas": 1,
                "maxReplicas": 4,
                "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}],
            },
        }
    )


def test_replicas_that_are_given_up_are_left_to_the_autoscaler(bench: Bench) -> None:
    program = bench.deployment(spec={"replicas": 1}, given_up=("spec.replicas",))
    bench.apply(program)
    assert bench.live(program)["spec"]["replicas"] == 1
    bench.kubectl("scale", "deployment", "web", "--replicas=3")
    assert bench.plan(program)[0]["action"] == "none"
    changed = bench.deployment(spec={"replicas": 1}, image="web:2", given_up=("spec.replicas",))
    bench.apply(changed)
    assert bench.live(changed)["spec"]["replicas"] == 3


def test_what_is_still_ours_is_sent_as_it_is_when_it_is_given_up(bench: Bench) -> None:
    bench.apply(bench.deployment(spec={"replicas": 2}))
    program = bench.deployment(spec={"replicas": 1}, image="web:2", given_up=("spec.replicas",))
    bench.apply(program)
    assert bench.live(program)["spec"]["replicas"] == 2


def test_replicas_that_leave_the_program_are_not_reset_under_an_autoscaler(bench: Bench) -> None:
    bench.apply(bench.deployment(spec={"replicas": 2}))
    program = [bench.deployment(), scaler(bench)]
    bench.apply(*program)
    assert bench.live(program[0])["spec"]["replicas"] == 2
    assert [state["action"] for state in bench.plan(*program)] == ["none", "none"]


def test_replicas_that_leave_the_program_are_reset_without_one(bench: Bench) -> None:
    bench.apply(bench.deployment(spec={"replicas": 2}))
    bench.apply(bench.deployment())
    assert bench.live(bench.deployment())["spec"]["replicas"] == 1


@pytest.mark.parametrize("path", ["stringData", "data"])
def test_a_generated_secret_stays_as_it_was_made(bench: Bench, path: str) -> None:
    def program(value: str, **more: str) -> Any:
        manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "made", "namespace": bench.namespace}}
        return bench.object({**manifest, "stringData": {"password": value, **more}}, given_up=(path,))

    bench.apply(program("first"))
    assert bench.plan(program("second"))[0]["action"] == "none"
    labelled = program("third")
    labelled.manifest["metadata"]["labels"] = {"new": "label"}
    assert bench.apply(labelled) == ["update"]
    assert bench.live(labelled)["data"] == {"password": base64.b64encode(b"first").decode()}
    # What the program has it hold beside, since then, is added.
    assert bench.apply(program("fourth", another="x")) == ["update"]
    assert bench.live(labelled)["data"] == {"password": base64.b64encode(b"first").decode(), "another": base64.b64encode(b"x").decode()}
    assert bench.plan(program("fifth", another="y"))[0]["action"] == "none"


def test_the_paths_of_ignore_changes() -> None:
    assert tokens("spec.containers[0].image") == ["spec", "containers", 0, "image"]
    assert tokens('data["a.b"]') == ["data", "a.b"]
    assert tokens("spec.*") == ["spec", "*"]


def test_a_list_item_is_given_up_by_its_place_in_the_program() -> None:
    manifest = {"spec": {"containers": [{"name": "web", "image": "web:1"}, {"name": "log", "image": "log:1"}]}}
    live = {"spec": {"containers": [{"name": "log", "image": "log:9"}, {"name": "web", "image": "web:9"}]}}
    item = {".": {}, "f:name": {}, "f:image": {}}
    tree = {"f:spec": {"f:containers": {'k:{"name":"web"}': item, 'k:{"name":"log"}': {".": {}, "f:name": {}}}}}
    give_up(manifest, live, tree, "spec.containers[0].image")
    give_up(manifest, live, tree, "spec.containers[1].image")
    assert manifest == {"spec": {"containers": [{"name": "web", "image": "web:9"}, {"name": "log"}]}}
