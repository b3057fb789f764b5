"""Removing what has left a program, on a real control plane."""

from __future__ import annotations

import pytest

from infra_kit.inventory.errors import NotReadyError, RefusedError
from infra_kit.stacks.engines.server_side.applyset import PART_OF_LABEL, STACK_LABEL, ApplySet
from infra_kit.stacks.engines.server_side.covered import NAMESPACE, key_of
from infra_kit.stacks.engines.server_side.foreign import Foreign, foreign_in_namespace
from infra_kit.stacks.engines.server_side.ownership import PATCHED_BY
from infra_kit.stacks.engines.server_side.removal import RETAIN, Waiting, created, read_leftover, record_of, remove
from infra_kit.stacks.stack import ObjectKey

MANAGER = "infra-kit"


@pytest.fixture
def applyset(cluster_writer, fresh_namespace):
    name = f"tests.{fresh_namespace}"
    yield ApplySet(name)
    cluster_writer.delete("v1", "ConfigMap", NAMESPACE, name)


@pytest.fixture
def put(cluster_writer, fresh_namespace, applyset):
    """Apply an object as a member of the stack (or, with `manager`, as somebody else)."""

    def do(manifest, *, manager=MANAGER, annotations=None):
        ours = {"labels": applyset.labels()} if manager == MANAGER else {}
        ours |= {"annotations": annotations} if annotations else {}
        metadata = {"namespace": fresh_namespace, **ours, **manifest["metadata"]}
        return cluster_writer.apply({**manifest, "metadata": metadata}, manager=manager)

    return do


def settings(name="settings", **metadata):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {"a": "b"}}


def namespaced(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "namespace": ""}}


def deployment(name="web"):
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "main", "image": "example.org/a:1"}]}}
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def test_a_member_is_removed(cluster_writer, applyset, put):
    live = put(settings())
    key, record = key_of(live), record_of(applyset.stack, live)

    state = read_leftover(cluster_writer, applyset, key, record)
    assert (state["present"], state["action"], state["reason"]) == (True, "delete", "has left the program")
    assert remove(cluster_writer, applyset, key, record).message == "removed"
    assert read_leftover(cluster_writer, applyset, key, record)["action"] == "none"
    assert remove(cluster_writer, applyset, key, {}).message == "was gone already"


def test_a_workload_is_gone_only_when_its_pods_are(cluster_writer, applyset, put, fresh_namespace):
    live = put(deployment())
    while not cluster_writer.list("v1", "Pod", fresh_namespace, labels="app=web"):
        pass
    remove(cluster_writer, applyset, key_of(live), {})
    assert cluster_writer.list("v1", "Pod", fresh_namespace, labels="app=web") == []


def test_what_is_not_the_stacks_is_not_removed(cluster_writer, applyset, put):
    theirs = put(settings("theirs"), manager="kubectl")
    state = read_leftover(cluster_writer, applyset, key_of(theirs), {})
    assert (state["action"], state["present"]) == ("none", True)
    assert "does not carry the label" in state["reason"]
    with pytest.raises(RefusedError, match=r"is not removed: .* does not carry the label"):
        remove(cluster_writer, applyset, key_of(theirs), {"uid": theirs["metadata"]["uid"]})

    other = ApplySet("another")
    with pytest.raises(RefusedError, match=f"it belongs to stack {applyset.stack}"):
        remove(cluster_writer, other, key_of(put(settings())), {})


def test_another_object_of_its_name_is_not_removed(cluster_writer, applyset, put, fresh_namespace):
    record = record_of(applyset.stack, put(settings()))
    cluster_writer.delete("v1", "ConfigMap", fresh_namespace, "settings")
    put(settings(), manager="kubectl")

    with pytest.raises(RefusedError, match="is not removed"):
        remove(cluster_writer, applyset, ObjectKey("", "ConfigMap", fresh_namespace, "settings"), record)


def test_a_label_taken_off_by_hand_does_not_hide_an_object_from_the_journal(cluster_writer, applyset, put, fresh_namespace):
    live = put(settings())
    cluster_writer.patch(
        "v1",
        "ConfigMap",
        fresh_namespace,
        "settings",
        {"metadata": {"labels": {PART_OF_LABEL: None, STACK_LABEL: None}}},
        manager="kubectl",
    )
    assert remove(cluster_writer, applyset, key_of(live), record_of(applyset.stack, live)).message == "removed"


def test_a_patch_gives_its_fields_up_and_leaves_the_object(cluster_writer, applyset, put, fresh_namespace):
    put(settings("theirs"), manager="kubectl")
    patched = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "theirs", "namespace": fresh_namespace, "annotations": {PATCHED_BY: applyset.stack}},
        "data": {"ours": "x"},
    }
    live = cluster_writer.apply(patched, manager=MANAGER)
    record = record_of(applyset.stack, live, patch=True)

    assert "gives up the fields" in read_leftover(cluster_writer, applyset, key_of(live), record)["reason"]
    assert "the object stays" in remove(cluster_writer, applyset, key_of(live), record).message
    left = cluster_writer.get("v1", "ConfigMap", fresh_namespace, "theirs")
    assert (left["data"], left["metadata"].get("annotations")) == ({"a": "b"}, None)
    assert read_leftover(cluster_writer, applyset, key_of(live), record)["action"] == "none"


def test_a_patch_is_known_to_the_cluster_until_it_is_given_up(cluster_writer, applyset, put, fresh_namespace):
    theirs = key_of(put(settings("theirs"), manager="kubectl"))
    applyset.ensure(cluster_writer, [], [], "server-side", patches=[theirs])
    assert created(cluster_writer, applyset, "workspaces") == [], "not patched yet"
    cluster_writer.patch("v1", "ConfigMap", fresh_namespace, "theirs", {"metadata": {"annotations": {PATCHED_BY: applyset.stack}}})

    assert [(each.id, each.record["patch"]) for each in created(cluster_writer, applyset, "workspaces")] == [
        (f"workspaces/ConfigMap/{fresh_namespace}/theirs", True)
    ]
    applyset.shrink(cluster_writer, "server-side")
    assert applyset.parent(cluster_writer) is not None
    cluster_writer.patch("v1", "ConfigMap", fresh_namespace, "theirs", {"metadata": {"annotations": {PATCHED_BY: None}}})
    applyset.shrink(cluster_writer, "server-side")
    assert applyset.parent(cluster_writer) is None


@pytest.mark.parametrize("by", ["annotation", "record"])
def test_what_is_retained_leaves_the_management_and_stays(cluster_writer, applyset, put, fresh_namespace, by):
    live = put(settings(), annotations={RETAIN: "true", "theirs": "x"} if by == "annotation" else {"theirs": "x"})
    record = record_of(applyset.stack, live, retain=by == "record")

    assert "stays on the cluster" in read_leftover(cluster_writer, applyset, key_of(live), record)["reason"]
    assert "stays" in remove(cluster_writer, applyset, key_of(live), record).message
    left = cluster_writer.get("v1", "ConfigMap", fresh_namespace, "settings")
    assert (left["data"], left["metadata"].get("labels"), left["metadata"]["annotations"]) == ({"a": "b"}, None, {"theirs": "x"})
    assert read_leftover(cluster_writer, applyset, key_of(live), record_of(applyset.stack, live))["action"] == "none", (
        "it is not ours any more"
    )


def test_an_object_that_does_not_go_names_its_finalizer(cluster_writer, applyset, put, fresh_namespace):
    live = put(settings(finalizers=["example.org/hold"]))
    with pytest.raises(NotReadyError, match=r"settings is still there after 0 s: held by finalizer example\.org/hold"):
        remove(cluster_writer, applyset, key_of(live), {}, waiting=Waiting(within_s=0))
    assert (
        read_leftover(cluster_writer, applyset, key_of(live), {})["reason"]
        == "is being deleted already; held by finalizer example.org/hold"
    )

    cluster_writer.patch("v1", "ConfigMap", fresh_namespace, "settings", {"metadata": {"finalizers": None}})
    assert remove(cluster_writer, applyset, key_of(live), {}).message == "was gone already"


def test_what_was_created_is_known_to_the_cluster(cluster_writer, applyset, put, fresh_namespace):
    applyset.ensure(cluster_writer, [("", "ConfigMap"), ("apps", "Deployment")], [fresh_namespace], "server-side")
    live, web = put(settings(), annotations={RETAIN: "true"}), put(deployment())

    found = {each.id: each.record for each in created(cluster_writer, applyset, "workspaces")}
    assert found == {
        f"workspaces/ConfigMap/{fresh_namespace}/settings": record_of(applyset.stack, live, retain=True),
        f"workspaces/Deployment/{fresh_namespace}/web": record_of(applyset.stack, web),
    }


def test_a_namespace_with_foreign_objects_stays_unless_forced(cluster_writer, applyset, put, fresh_namespace):
    namespace = put(namespaced(fresh_namespace))
    put(settings())
    for number in range(6):
        put(settings(f"theirs-{number}"), manager="kubectl")

    reason = read_leftover(cluster_writer, applyset, key_of(namespace), {})["reason"]
    assert reason == (
        "has left the program, but holds 6 objects that are not this stack's: "
        "ConfigMap/theirs-0, ConfigMap/theirs-1, ConfigMap/theirs-2, ConfigMap/theirs-3, ConfigMap/theirs-4 and 1 more: needs --force"
    )
    with pytest.raises(RefusedError, match=r"is not removed: it holds 6 objects .*--force"):
        remove(cluster_writer, applyset, key_of(namespace), {})

    remove(cluster_writer, applyset, key_of(namespace), {}, force=True)
    assert cluster_writer.get("v1", "Namespace", "", fresh_namespace) is None


def test_what_kubernetes_and_the_stacks_own_services_make_is_not_foreign(cluster_writer, applyset, put, fresh_namespace):
    put(deployment())
    put({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}})
    workspace = applyset.stack.partition(".")[2]
    session = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "claim-anna", "labels": {"infra-kit.dev/workspace": workspace}},
    }
    session["spec"] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "none"}
    put(session, manager="hub")
    while not cluster_writer.list("v1", "Pod", fresh_namespace) or not cluster_writer.list(
        "discovery.k8s.io/v1", "EndpointSlice", fresh_namespace
    ):
        pass

    assert foreign_in_namespace(cluster_writer, applyset, fresh_namespace) == []

    put({**settings("of-platform"), "metadata": {"name": "of-platform", "labels": ApplySet("platform").labels()}}, manager="other")
    owned = put(settings("owned", ownerReferences=[{"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "0"}]), manager="other")
    found = foreign_in_namespace(cluster_writer, applyset, fresh_namespace)
    assert [str(each) for each in found if each.name != owned["metadata"]["name"]] == ["ConfigMap/of-platform of stack platform"]
    assert Foreign("ConfigMap", "owned") not in found, "the collector takes it"


def test_a_definition_with_foreign_objects_stays_unless_forced(cluster_writer, applyset, put, fresh_namespace):
    group = f"{fresh_namespace}.example.org"
    schema = {"openAPIV3Schema": {"type": "object"}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}", "namespace": ""},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }
    from infra_kit.stacks.kubernetes_api.waiting import wait_ready

    live = wait_ready(cluster_writer, put(definition))
    put({"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "theirs"}}, manager="kubectl")

    with pytest.raises(RefusedError, match=f"it holds 1 object that is not this stack's: Widget/{fresh_namespace}/theirs"):
        remove(cluster_writer, applyset, key_of(live), {})
    remove(cluster_writer, applyset, key_of(live), {}, force=True)
    leftover = read_leftover(
        cluster_writer, applyset, ObjectKey(group, "Widget", fresh_namespace, "theirs"), {"api_version": f"{group}/v1"}
    )
    assert leftover["present"] is False
