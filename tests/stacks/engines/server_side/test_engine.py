"""Objects created, compared, changed and taken back, on a real API server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.inventory.errors import RefusedError
from infra_kit.stacks.engines.server_side.ownership import FIELDS, RUN

if TYPE_CHECKING:
    from conftest import Bench


def changed(state: Any) -> dict[str, tuple[Any, Any, str, str]]:
    """Path -> before, after, manager, whose it was."""
    return {each["path"]: (each["before"], each["after"], each["manager"], each["held"]) for each in state["changes"]}


def test_a_fresh_object_is_created_and_then_left_alone(bench: Bench) -> None:
    program = [bench.config_map(colour="red"), bench.deployment(spec={"replicas": 1})]
    assert [state["action"] for state in bench.plan(*program)] == ["create", "create"]
    assert bench.apply(*program) == ["create", "create"]
    states = bench.plan(*program)
    assert [state["action"] for state in states] == ["none", "none"]
    assert all(state["present"] and state["version"] for state in states)
    before = bench.live(program[0])["metadata"]["resourceVersion"]
    assert bench.apply(*program) == ["none", "none"]
    assert bench.live(program[0])["metadata"]["resourceVersion"] == before


def test_a_plan_writes_nothing(bench: Bench) -> None:
    bench.plan(bench.config_map(colour="red"))
    assert "NotFound" in bench.plane.kubectl("-n", bench.namespace, "get", "configmap", "settings", check=False).stderr


def test_an_update_names_the_field_by_its_merge_key(bench: Bench) -> None:
    bench.apply(bench.deployment())
    (state,) = bench.plan(bench.deployment(image="web:2"))
    assert state["action"] == "update"
    assert changed(state) == {"spec.template.spec.containers[name=web].image": ("web:1", "web:2", "", "")}


def test_a_field_that_leaves_the_program_is_removed(bench: Bench) -> None:
    bench.apply(bench.config_map(colour="red", size="big"))
    (state,) = bench.plan(bench.config_map(colour="red"))
    assert changed(state) == {"data.size": ("big", None, "", "")}
    bench.apply(bench.config_map(colour="red"))
    assert bench.live(bench.config_map())["data"] == {"colour": "red"}


def test_a_hand_edit_is_named_and_taken_back(bench: Bench) -> None:
    program = bench.deployment(spec={"replicas": 1})
    bench.apply(program)
    bench.kubectl("scale", "deployment", "web", "--replicas=2")
    (state,) = bench.plan(program)
    assert state["action"] == "update"
    assert changed(state) == {"spec.replicas": (2, 1, "kubectl (scale)", "ours")}
    assert "kubectl" in state["reason"]
    bench.apply(program)
    assert bench.live(program)["spec"]["replicas"] == 1
    assert bench.plan(program)[0]["action"] == "none"


def test_a_field_that_was_never_ours_is_refused_unless_taken(bench: Bench) -> None:
    bench.apply(bench.config_map(colour="red"))
    bench.kubectl("patch", "configmap", "settings", "-p", '{"data":{"size":"big"}}')
    program = bench.config_map(colour="red", size="small")
    (state,) = bench.plan(program)
    assert changed(state) == {"data.size": ("big", "small", "kubectl-patch", "never-ours")}
    with pytest.raises(RefusedError, match=r"data\.size is held by kubectl-patch") as refusal:
        bench.apply(program)
    assert f"--take workspaces/ConfigMap/{bench.namespace}/settings" in refusal.value.remedy
    assert bench.live(program)["data"]["size"] == "big"
    bench.apply(program, take=(f"workspaces/ConfigMap/{bench.namespace}/*",))
    assert bench.live(program)["data"]["size"] == "small"
    assert bench.plan(program)[0]["action"] == "none"


def test_an_object_of_somebody_else_gets_our_fields_and_keeps_its_own(bench: Bench) -> None:
    bench.kubectl("create", "configmap", "settings", "--from-literal=theirs=1")
    program = bench.config_map(colour="red")
    (state,) = bench.plan(program)
    assert state["action"] == "update"
    assert "exists already, made by kubectl-create" in state["reason"]
    bench.apply(program)
    assert bench.live(program)["data"] == {"theirs": "1", "colour": "red"}
    assert bench.plan(program)[0]["action"] == "none"


def test_an_object_of_another_stack_is_refused(bench: Bench) -> None:
    bench.apply(bench.config_map(colour="red"))
    other = type(bench.stack)("workspaces", "workspaces", "other")
    mine, bench.stack = bench.stack, other
    with pytest.raises(RefusedError, match=f"belongs to stack {mine.name}"):
        bench.plan(bench.config_map(colour="blue"))


def test_what_others_add_to_a_list_stays(bench: Bench) -> None:
    program = bench.deployment()
    bench.apply(program)
    bench.kubectl("set", "env", "deployment/web", "ADDED=1")
    assert bench.plan(program)[0]["action"] == "none"


def test_an_immutable_field_means_a_replacement(bench: Bench) -> None:
    bench.apply(bench.deployment())
    label = {"app": "other"}
    template = {**bench.deployment().manifest["spec"]["template"], "metadata": {"labels": label}}
    (state,) = bench.plan(bench.deployment(spec={"selector": {"matchLabels": label}, "template": template}))
    assert state["action"] == "replace"
    assert "field is immutable" in state["reason"]


def test_what_the_server_does_not_take_is_refused_in_its_own_words(bench: Bench) -> None:
    with pytest.raises(RefusedError, match=r"the API server refuses it.*bogus: field not declared in schema"):
        bench.plan(bench.deployment(spec={"bogus": 1}))
    with pytest.raises(RefusedError, match=r"spec\.replicas: Invalid value: -1"):
        bench.plan(bench.deployment(spec={"replicas": -1}))


def test_an_object_in_a_namespace_to_come_is_checked_elsewhere(bench: Bench) -> None:
    namespace = f"{bench.namespace}-later"
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": namespace}, "data": {"a": "b"}}
    (state,) = bench.plan(bench.object(manifest))
    assert state["action"] == "create"
    assert f"namespace {namespace} does not exist yet" in state["note"]
    with pytest.raises(RefusedError, match="expected string"):
        bench.plan(bench.object({**manifest, "data": {"a": 1}}))
    program = [bench.object({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}), bench.object(manifest)]
    assert bench.apply(*program) == ["create", "create"]
    assert [state["action"] for state in bench.plan(*program)] == ["none", "none"]


def test_audit_annotations_come_with_a_change_and_never_cause_one(bench: Bench, tmp_path: Any) -> None:
    bench.apply(bench.config_map(colour="red"))
    annotations = bench.live(bench.config_map())["metadata"]["annotations"]
    assert annotations[RUN] == "run-1"
    (tmp_path / "run-2").mkdir()
    bench.folder = tmp_path / "run-2"
    assert bench.apply(bench.config_map(colour="red")) == ["none"]
    bench.kubectl("annotate", "configmap", "settings", f"{RUN}-", "infra-kit.dev/changed-by=me", "--overwrite")
    assert bench.apply(bench.config_map(colour="red")) == ["none"]
    bench.apply(bench.config_map(colour="blue"))
    assert bench.live(bench.config_map())["metadata"]["annotations"][RUN] == "run-2"


def test_the_record_of_fields_is_small_and_mended(bench: Bench) -> None:
    program = bench.deployment()
    bench.apply(program)
    assert len(bench.live(program)["metadata"]["annotations"][FIELDS]) < 200
    bench.kubectl("annotate", "deployment", "web", f"{FIELDS}=broken", "--overwrite")
    assert bench.plan(program)[0]["action"] == "update"
    bench.apply(program)
    assert bench.plan(program)[0]["action"] == "none"
