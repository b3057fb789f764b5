"""What leaves a program leaves the cluster; what is not the stack's does not."""

from __future__ import annotations

from conformance_bench import case


def foreign(bench, name="theirs"):
    bench.make({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})


@case("basic", "basic_without_settings")
def test_prune(bench):
    bench.converge("basic")
    bench.use("basic_without_settings")
    assert bench.actions() == {f"ConfigMap/{bench.namespace}/settings": "delete"}
    bench.converge("basic_without_settings")
    assert bench.get("ConfigMap", "settings") is None
    assert bench.get("Deployment", "web") is not None


@case("basic", "basic_without_settings")
def test_a_journal_that_was_lost_is_not_needed_to_prune(bench):
    bench.converge("basic")
    (bench.folder / ".infra-kit" / "state.db").unlink()
    bench.use("basic_without_settings")
    assert bench.actions() == {f"ConfigMap/{bench.namespace}/settings": "delete"}


@case("basic", "basic_without_settings")
def test_prune_leaves_what_another_hand_made_anew(bench):
    bench.converge("basic")
    bench.hand.delete("v1", "ConfigMap", bench.namespace, "settings")
    foreign(bench, "settings")
    bench.use("basic_without_settings")
    assert bench.actions() == {}
    bench.apply()
    assert bench.get("ConfigMap", "settings") is not None


@case("settings_retained", "just_namespace")
def test_what_is_retained_stays(bench):
    bench.converge("settings_retained")
    bench.use("just_namespace")
    entry = bench.plan()[f"ConfigMap/{bench.namespace}/settings"]
    assert (entry.diff.action, "stays on the cluster" in entry.diff.reason) == ("delete", True)
    bench.converge("just_namespace")
    left = bench.get("ConfigMap", "settings")
    assert left["data"]["greeting"] == "hello"
    assert not [name for name in left["metadata"]["labels"] if name.startswith("applyset.kubernetes.io/")]


@case("settings")
def test_a_namespace_with_foreign_objects_stays_unless_forced(bench):
    bench.converge("settings")
    foreign(bench)
    name = f"Namespace/{bench.namespace}"
    outcomes = bench.destroy()
    assert outcomes[f"ConfigMap/{bench.namespace}/settings"][0] == "done"
    kind, message = outcomes[name]
    assert kind == "failed"
    assert "holds 1 object that is not this stack's: ConfigMap/theirs" in message
    assert "--force" in message

    assert bench.destroy(force=True)[name][0] == "done"
    assert bench.hand.get("v1", "Namespace", "", bench.namespace) is None


@case("settings_held", "just_namespace")
def test_a_finalizer_that_holds_an_object_is_named(bench):
    bench.converge("settings_held")
    bench.use("just_namespace")
    kind, message = bench.apply()[f"ConfigMap/{bench.namespace}/settings"]
    assert kind == "failed"
    assert "is still there after 3 s: held by finalizer example.org/hold" in message

    assert "held by finalizer example.org/hold" in bench.plan()[f"ConfigMap/{bench.namespace}/settings"].diff.reason
    bench.edit("ConfigMap", "settings", {"metadata": {"finalizers": None}})
    bench.converge("just_namespace")


@case("settings", "just_namespace")
def test_one_object_can_be_destroyed(bench):
    bench.converge("settings")
    outcomes = bench.destroy(f"ConfigMap/{bench.namespace}/settings")
    assert outcomes == {f"ConfigMap/{bench.namespace}/settings": ("done", "removed")}
    assert bench.actions() == {f"ConfigMap/{bench.namespace}/settings": "create"}


@case("guarded")
def test_a_namespace_goes_with_its_policies_and_quota(bench):
    bench.converge("guarded")
    assert {kind for kind, _ in bench.destroy().values()} <= {"done", "none"}
    assert bench.hand.get("v1", "Namespace", "", bench.namespace) is None


@case("guarded")
def test_what_another_object_needs_can_be_destroyed_alone(bench):
    bench.converge("guarded")
    name = f"ConfigMap/{bench.namespace}/settings"
    assert bench.destroy(name) == {name: ("done", "removed")}
    assert bench.get("Deployment", "web") is not None
    assert bench.actions() == {name: "create"}
    bench.converge("guarded")
