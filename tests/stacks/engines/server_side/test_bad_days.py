"""Races, lost answers, refusals of quota and admission, kinds that do not exist yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.inventory.errors import RefusedError, UnreachableError
from infra_kit.plan.resource import Diff
from infra_kit.stacks.kubernetes_api.answers import ForbiddenError, NotFoundError
from infra_kit.stacks.kubernetes_api.client import KubernetesWriter

if TYPE_CHECKING:
    from conftest import Bench


def test_an_edit_between_plan_and_apply_is_taken_back_if_it_was_ours(bench: Bench) -> None:
    bench.apply(bench.config_map(colour="red"))
    program = bench.config_map(colour="blue")
    engine, context = bench.engine(program), bench.run
    state = engine.read(program, context)
    bench.kubectl("patch", "configmap", "settings", "-p", '{"data":{"colour":"green"}}')
    engine.apply(program, state, Diff("update"), context)
    engine.verify(program, context)
    assert bench.live(program)["data"] == {"colour": "blue"}


def test_an_object_that_somebody_makes_in_between_is_not_overwritten(bench: Bench) -> None:
    program = bench.config_map(colour="blue")
    engine, context = bench.engine(program), bench.run
    state = engine.read(program, context)
    bench.kubectl("create", "configmap", "settings", "--from-literal=colour=green")
    with pytest.raises(RefusedError, match=r"data\.colour is held by kubectl-create"):
        engine.apply(program, state, Diff("create"), context)
    assert bench.live(program)["data"] == {"colour": "green"}


def test_a_field_is_not_taken_from_who_takes_it_while_another_is_taken_back(bench: Bench) -> None:
    bench.apply(bench.config_map(colour="red"))
    bench.kubectl("patch", "configmap", "settings", "-p", '{"data":{"colour":"green"}}')
    program = bench.config_map(colour="red", size="small")
    engine, context = bench.engine(program), bench.run
    state = engine.read(program, context)
    bench.kubectl("patch", "configmap", "settings", "-p", '{"data":{"size":"big"}}')
    with pytest.raises(RefusedError, match=r"data\.size is held by kubectl-patch"):
        engine.apply(program, state, Diff("update"), context)
    assert bench.live(program)["data"] == {"colour": "green", "size": "big"}


def test_an_apply_whose_answer_is_lost_has_happened(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    really = KubernetesWriter.apply

    def losing(self: KubernetesWriter, manifest: Any, **options: Any) -> Any:
        really(self, manifest, **options)
        raise UnreachableError(self.device, "the connection broke")

    program = bench.config_map(colour="red")
    engine, context = bench.engine(program), bench.run
    bench.apply(bench.config_map("another", colour="red"))  # makes the ApplySet's parent
    state = engine.read(program, context)
    engine._set.ensure(bench.client, [("", "ConfigMap")], [bench.namespace], "server-side")
    monkeypatch.setattr(KubernetesWriter, "apply", losing)
    engine.apply(program, state, Diff("create"), context)
    monkeypatch.undo()
    engine.verify(program, context)
    assert bench.plan(program)[0]["action"] == "none"


def test_an_apply_that_did_not_happen_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: KubernetesWriter, *_arguments: Any, **_options: Any) -> Any:
        raise UnreachableError("kubernetes", "the connection broke")

    program = bench.config_map(colour="red")
    engine, context = bench.engine(program), bench.run
    bench.apply(bench.config_map("another", colour="red"))
    state = engine.read(program, context)
    engine._set.ensure(bench.client, [("", "ConfigMap")], [bench.namespace], "server-side")
    monkeypatch.setattr(KubernetesWriter, "apply", failing)
    with pytest.raises(UnreachableError, match="the connection broke"):
        engine.apply(program, state, Diff("create"), context)


def test_a_quota_refuses_in_readable_words(bench: Bench) -> None:
    manifest = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "quota", "namespace": bench.namespace}}
    bench.apply(bench.object({**manifest, "spec": {"hard": {"services": "0"}}}))
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": bench.namespace},
        "spec": {"ports": [{"port": 80}]},
    }
    with pytest.raises(ForbiddenError, match="exceeded quota: quota, requested: services=1") as refusal:
        bench.plan(bench.object(service))
    assert refusal.value.why == "quota"


def test_pod_security_refuses_a_pod(bench: Bench) -> None:
    bench.client.patch(
        "v1", "Namespace", "", bench.namespace, {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    )
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": bench.namespace},
        "spec": {"containers": [{"name": "a", "image": "b"}]},
    }
    with pytest.raises(ForbiddenError, match="violates PodSecurity") as refusal:
        bench.plan(bench.object(pod))
    assert refusal.value.why == "admission"


def test_a_warning_of_the_server_is_in_the_plan(bench: Bench) -> None:
    bench.client.patch("v1", "Namespace", "", bench.namespace, {"metadata": {"labels": {"pod-security.kubernetes.io/warn": "restricted"}}})
    (state,) = bench.plan(bench.deployment(more=[{"name": "root", "image": "x"}]))
    assert "would violate PodSecurity" in state["note"]


def test_a_replacement_is_a_new_object(bench: Bench) -> None:
    bench.apply(bench.deployment(spec={"replicas": 1}))
    uid = bench.live(bench.deployment())["metadata"]["uid"]
    label = {"app": "other"}
    template = {**bench.deployment().manifest["spec"]["template"], "metadata": {"labels": label}}
    program = bench.deployment(spec={"replicas": 1, "selector": {"matchLabels": label}, "template": template})
    assert bench.apply(program) == ["replace"]
    assert bench.live(program)["metadata"]["uid"] != uid
    assert bench.plan(program)[0]["action"] == "none"


def test_a_custom_resource_comes_after_its_definition(bench: Bench) -> None:
    group = f"{bench.namespace}.example.com"
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": "Thing", "plural": "things", "singular": "thing", "listKind": "ThingList"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }
    thing = {"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": "one", "namespace": bench.namespace}, "spec": {"size": 1}}
    program = [bench.object(definition), bench.object(thing)]
    with pytest.raises(NotFoundError, match="does not serve Thing"):
        bench.plan(bench.object(thing))
    states = bench.plan(*program)
    assert [state["action"] for state in states] == ["create", "create"]
    assert "does not exist yet" in states[1]["note"]
    assert bench.apply(*program) == ["create", "create"]
    assert [state["action"] for state in bench.plan(*program)] == ["none", "none"]
    bench.client.delete("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", f"things.{group}")


def test_a_patch_adds_to_what_somebody_else_made_and_creates_nothing(bench: Bench) -> None:
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "theirs", "namespace": bench.namespace},
        "data": {"ours": "1"},
    }
    program = bench.object(manifest, patch=True)
    with pytest.raises(RefusedError, match="does not exist, and this is a patch"):
        bench.plan(program)
    bench.kubectl("create", "configmap", "theirs", "--from-literal=a=b")
    assert bench.apply(program) == ["update"]
    live = bench.live(program)
    assert live["data"] == {"a": "b", "ours": "1"}
    assert "labels" not in live["metadata"]
    assert bench.plan(program)[0]["action"] == "none"


def test_of_a_node_that_is_gone_it_says_what_brings_it_back(bench: Bench) -> None:
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "no-such-node", "labels": {"example.org/rack": "1"}}}
    with pytest.raises(RefusedError, match="Node/no-such-node does not exist") as refused:
        bench.plan(bench.object(node, patch=True))
    assert "start the kubelet there" in refused.value.remedy
    assert "`kubernetes.workers`" in refused.value.remedy


def test_a_patch_of_another_stacks_object_is_refused(bench: Bench) -> None:
    bench.apply(bench.config_map(colour="red"))
    bench.stack = type(bench.stack)("cluster", "platform")
    program = bench.object(dict(bench.config_map(more="1").manifest), patch=True)
    with pytest.raises(RefusedError, match="so it is not patched"):
        bench.plan(program)


def test_what_leaves_the_program_is_remembered_and_removed(bench: Bench) -> None:
    program = [bench.config_map("one", a="b"), bench.config_map("two", a="b")]
    bench.apply(*program)
    engine, context = bench.engine(program[0]), bench.run
    remembered = {each.id: each for each in engine.created(context)}
    gone = f"workspaces/ConfigMap/{bench.namespace}/two"
    assert set(remembered) == {gone, f"workspaces/ConfigMap/{bench.namespace}/one"}
    assert engine.read_leftover(program[1].key, remembered[gone].record, context)["action"] == "delete"
    engine.remove(program[1].key, remembered[gone].record, context)
    assert [each.id for each in engine.created(context)] == [f"workspaces/ConfigMap/{bench.namespace}/one"]


def test_a_volume_that_outlived_its_claim_takes_the_next_one(bench: Bench) -> None:
    name = f"{bench.namespace}-home"
    volume = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteMany"],
        "persistentVolumeReclaimPolicy": "Retain",
        "nfs": {"server": "nfs.example.org", "path": "/home"},
        "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": bench.namespace, "name": "home"},
    }
    claim = {
        "accessModes": ["ReadWriteMany"],
        "storageClassName": "",
        "volumeName": name,
        "resources": {"requests": {"storage": "1Gi"}},
    }
    program = (
        bench.object({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": volume}),
        bench.object(
            {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "home", "namespace": bench.namespace}, "spec": claim}
        ),
    )
    bench.apply(*program)
    bench.kubectl("delete", "persistentvolumeclaim", "home")
    bench.kubectl("wait", "--for=jsonpath={.status.phase}=Released", f"persistentvolume/{name}", "--timeout=30s")

    released, gone = bench.plan(*program)
    assert (released["action"], gone["action"]) == ("update", "create")
    assert "its claim is gone" in released["reason"]
    assert [change["path"] for change in released["changes"]] == ["spec.claimRef.uid"]
    before = bench.live(program[0])["metadata"]["uid"]
    bench.apply(*program)  # waits until the claim is bound
    assert bench.live(program[0])["metadata"]["uid"] == before
    assert [state["action"] for state in bench.plan(*program)] == ["none", "none"]
    bench.client.delete("v1", "PersistentVolume", "", name, propagation="Background")
