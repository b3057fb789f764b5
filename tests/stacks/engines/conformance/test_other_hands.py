"""Others work on the same cluster: what they change is shown, taken back, refused or left alone."""

from __future__ import annotations

from conformance_bench import GUEST, case

THEIRS = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}


def make_namespace(bench):
    """Somebody else has made the namespace already."""
    bench.hand.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": bench.namespace}}, manager="kubectl")


@case("settings")
def test_a_hand_edit_is_drift_and_mended(bench):
    bench.converge("settings")
    bench.edit("ConfigMap", "settings", {"data": {"greeting": "changed by hand", "theirs": "x"}})
    entry = bench.plan()[f"ConfigMap/{bench.namespace}/settings"]
    assert entry.diff.action == "update"
    assert "kubectl-edit" in entry.diff.reason
    assert [(each.path, each.before, each.after) for each in entry.diff.changes] == [("data.greeting", "changed by hand", "hello")]

    bench.converge("settings")
    assert bench.settings() == {"greeting": "hello", "size": "10", "theirs": "x"}, "what is nobody's but theirs stays"


@case("settings")
def test_an_object_deleted_by_hand_comes_back(bench):
    bench.converge("settings")
    bench.hand.delete("v1", "ConfigMap", bench.namespace, "settings")
    assert bench.actions() == {f"ConfigMap/{bench.namespace}/settings": "create"}
    bench.converge("settings")
    assert bench.settings()["greeting"] == "hello"


@case("settings_annotated")
def test_an_annotation_removed_by_hand_comes_back(bench):
    bench.converge("settings_annotated")
    bench.edit("ConfigMap", "settings", {"metadata": {"annotations": {"example.org/owner": None}}})
    assert bench.actions() == {f"ConfigMap/{bench.namespace}/settings": "update"}
    bench.converge("settings_annotated")
    assert bench.get("ConfigMap", "settings")["metadata"]["annotations"]["example.org/owner"] == "anna"


@case("basic_two_replicas")
def test_a_scale_by_kubectl_is_taken_back(bench):
    bench.converge("basic_two_replicas")
    bench.kubectl("scale", "deployment/web", "--replicas=1")
    entry = bench.plan()[f"Deployment/{bench.namespace}/web"]
    assert [(each.path, each.before, each.after) for each in entry.diff.changes] == [("spec.replicas", 1, 2)]
    assert "kubectl" in entry.diff.reason

    bench.converge("basic_two_replicas")
    assert bench.get("Deployment", "web")["spec"]["replicas"] == 2


@case("basic")
def test_an_image_set_by_kubectl_is_taken_back(bench):
    bench.converge("basic")
    bench.kubectl("set", "image", "deployment/web", "main=example.org/web:3")
    assert bench.actions() == {f"Deployment/{bench.namespace}/web": "update"}
    bench.converge("basic")
    assert bench.get("Deployment", "web")["spec"]["template"]["spec"]["containers"][0]["image"] == "example.org/web:1"


@case("scaled_by_autoscaler")
def test_replicas_that_are_given_up_stay_with_who_sets_them(bench):
    bench.converge("scaled_by_autoscaler")
    bench.kubectl("scale", "deployment/web", "--replicas=3")
    assert bench.actions() == {}
    assert bench.get("Deployment", "web")["spec"]["replicas"] == 3


@case("basic", "basic_new_image")
def test_list_items_of_another_manager_stay(bench):
    bench.converge("basic")
    theirs = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"ports": [{"name": "metrics", "port": 9090, "protocol": "TCP"}]},
    }
    sidecar = {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "example.org/side:1"}]}}}}
    bench.make(theirs, manager="mesh")
    bench.edit("Deployment", "web", sidecar, manager="mesh", patch="strategic")
    assert bench.actions() == {}

    bench.converge("basic_new_image")
    assert [port["name"] for port in bench.get("Service", "web")["spec"]["ports"]] == ["http", "metrics"]
    containers = bench.get("Deployment", "web")["spec"]["template"]["spec"]["containers"]
    assert {each["name"]: each["image"] for each in containers} == {"main": "example.org/web:2", "side": "example.org/side:1"}


@case("settings")
def test_a_field_that_was_never_ours_is_refused_and_named(bench):
    make_namespace(bench)
    bench.make(THEIRS | {"data": {"greeting": "theirs", "more": "x"}})
    bench.use("settings")
    name = f"ConfigMap/{bench.namespace}/settings"
    reason = bench.plan()[name].diff.reason
    assert "data.greeting belongs to kubectl" in reason
    assert f"--take workspaces/{name}" in reason

    kind, message = bench.apply()[name]
    assert kind == "failed"
    assert "kubectl" in message
    assert "data.greeting" in message
    assert bench.settings()["greeting"] == "theirs"


@case("settings")
def test_a_field_that_was_never_ours_is_taken_by_consent(bench):
    make_namespace(bench)
    bench.make(THEIRS | {"data": {"greeting": "theirs", "more": "x"}})
    bench.converge("settings", take=(f"workspaces/ConfigMap/{bench.namespace}/*",))
    assert bench.settings() == {"greeting": "hello", "size": "10", "more": "x"}


@case("settings")
def test_an_equal_object_of_another_hand_is_adopted(bench):
    make_namespace(bench)
    bench.make(THEIRS | {"data": {"greeting": "hello", "size": "10"}})
    before = bench.get("ConfigMap", "settings")["metadata"]["uid"]
    bench.converge("settings")
    assert bench.get("ConfigMap", "settings")["metadata"]["uid"] == before


@case("settings", "guest", "nothing")
def test_two_stacks_share_a_namespace(bench):
    bench.use("settings", "guest")
    bench.run()
    assert bench.converge("settings", "guest")
    bench.use("settings")
    assert bench.actions() == {f"ConfigMap/{bench.namespace}/guest": "delete"}
    bench.converge("settings")
    assert bench.get("ConfigMap", "guest") is None
    assert bench.settings()


@case("settings", "guest_of_settings")
def test_the_same_object_in_two_stacks_is_refused(bench):
    bench.converge("settings")
    bench.use("guest_of_settings")
    entry = bench.plan(f"workspaces/ConfigMap/{bench.namespace}/settings")[f"ConfigMap/{bench.namespace}/settings"]
    assert entry.diff.action == "unknown"
    owner = next(stack.name for stack in bench._known.values() if GUEST not in stack.parameter)
    assert f"belongs to stack {owner}" in entry.diff.reason


@case("patched", "nothing")
def test_a_patch_sets_its_fields_and_gives_them_up(bench):
    bench.on_clear(lambda: bench.hand.delete("v1", "ConfigMap", "default", "theirs"))
    bench.hand.apply({**THEIRS, "metadata": {"name": "theirs", "namespace": "default"}, "data": {"a": "theirs"}}, manager="kubectl")
    bench.converge("patched")
    theirs = bench.get("ConfigMap", "theirs", "default")
    assert theirs["data"] == {"a": "theirs", bench.namespace: "ours"}

    bench.use("nothing")
    assert bench.actions() == {"ConfigMap/default/theirs": "delete"}
    bench.converge("nothing")
    theirs = bench.get("ConfigMap", "theirs", "default")
    assert theirs["data"] == {"a": "theirs"}
    assert "labels" not in theirs["metadata"]
