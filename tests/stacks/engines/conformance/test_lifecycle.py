"""Creating, changing, replacing, removing."""

from __future__ import annotations

from conformance_bench import case


def versions(bench):
    """What an untouched object keeps: resourceVersion moves with any write, generation with a change of the intention."""
    return {
        "settings": bench.get("ConfigMap", "settings")["metadata"]["resourceVersion"],
        "service": bench.get("Service", "web")["metadata"]["resourceVersion"],
        "web": bench.get("Deployment", "web")["metadata"]["generation"],
    }


@case("basic")
def test_create(bench):
    bench.use("basic")
    planned = bench.plan()
    name = bench.namespace
    assert list(planned) == [f"Namespace/{name}", f"ConfigMap/{name}/settings", f"Deployment/{name}/web", f"Service/{name}/web"]
    assert {entry.diff.action for entry in planned.values()} == {"create"}

    assert {kind for kind, _ in bench.apply().values()} == {"done"}
    assert bench.settings() == {"greeting": "hello", "size": "10"}
    assert bench.get("Deployment", "web")["status"]["availableReplicas"] == 1, "it is ready when the run ends"


@case("basic")
def test_second_plan_is_empty(bench):
    bench.converge("basic")
    before = versions(bench)
    assert {kind for kind, _ in bench.apply().values()} == {"none"}
    assert versions(bench) == before


@case("basic")
def test_a_plan_writes_nothing(bench):
    bench.use("basic")
    bench.plan()
    assert bench.hand.get("v1", "Namespace", "", bench.namespace) is None
    assert bench.hand.list("v1", "ConfigMap", "infra-kit", labels=f"infra-kit.dev/stack={bench.layer.stacks(None)[0].name}") == []


@case("basic", "basic_other_greeting")
def test_update(bench):
    bench.converge("basic")
    bench.use("basic_other_greeting")
    entry = bench.plan()[f"ConfigMap/{bench.namespace}/settings"]
    assert entry.diff.action == "update"
    assert [(each.path, each.before, each.after) for each in entry.diff.changes] == [("data.greeting", "hello", "good day")]
    bench.converge("basic_other_greeting")
    assert bench.settings()["greeting"] == "good day"


@case("basic", "basic_two_replicas")
def test_a_one_field_change_touches_one_object(bench):
    bench.converge("basic")
    before = versions(bench)
    bench.use("basic_two_replicas")
    assert bench.actions() == {f"Deployment/{bench.namespace}/web": "update"}
    bench.converge("basic_two_replicas")
    assert versions(bench) == before | {"web": before["web"] + 1}
    assert bench.get("Deployment", "web")["status"]["availableReplicas"] == 2


@case("basic", "basic_new_image")
def test_a_new_image_is_rolled_out_before_the_run_ends(bench):
    bench.converge("basic")
    bench.converge("basic_new_image")
    live = bench.get("Deployment", "web")
    assert live["status"]["updatedReplicas"] == live["status"]["replicas"] == 1


@case("stateful", "stateful_new_image")
def test_a_stateful_set_is_rolled_out_before_the_run_ends(bench):
    bench.converge("stateful")
    bench.converge("stateful_new_image")
    status = bench.get("StatefulSet", "store")["status"]
    assert (status["updatedReplicas"], status["availableReplicas"]) == (2, 2)


@case("selected_by_app", "selected_by_tier")
def test_an_immutable_field_means_a_replacement(bench):
    bench.converge("selected_by_app")
    before = bench.get("Deployment", "web")["metadata"]["uid"]
    bench.use("selected_by_tier")
    entry = bench.plan()[f"Deployment/{bench.namespace}/web"]
    assert (entry.diff.action, entry.diff.disruption) == ("update", "recreate")
    assert "immutable" in entry.diff.reason

    bench.converge("selected_by_tier")
    after = bench.get("Deployment", "web")
    assert after["metadata"]["uid"] != before
    assert after["spec"]["selector"]["matchLabels"] == {"app": "web", "tier": "front"}


@case("once", "once_again")
def test_a_changed_job_runs_again(bench):
    bench.converge("once")
    before = bench.get("Job", "once")["metadata"]["uid"]
    bench.converge("once_again")
    after = bench.get("Job", "once")
    assert after["metadata"]["uid"] != before
    assert after["status"]["succeeded"] == 1


@case("claim", "smaller_claim")
def test_what_holds_data_is_replaced_by_consent_alone(bench):
    bench.converge("claim")
    before = bench.get("PersistentVolumeClaim", "data")["metadata"]["uid"]
    bench.use("smaller_claim")
    name = f"PersistentVolumeClaim/{bench.namespace}/data"
    kind, message = bench.apply()[name]
    assert kind == "failed"
    assert f"--allow-wipe workspaces/{name}" in message
    assert bench.get("PersistentVolumeClaim", "data")["metadata"]["uid"] == before

    bench.converge("smaller_claim", allow_wipe=frozenset({f"workspaces/{name}"}))
    assert bench.get("PersistentVolumeClaim", "data")["metadata"]["uid"] != before


@case("settings", "settings_renamed")
def test_a_new_logical_name_changes_nothing(bench):
    bench.converge("settings")
    bench.use("settings_renamed")
    assert bench.actions() == {}


@case("settings", "settings_aliased")
def test_an_alias_changes_nothing(bench):
    bench.converge("settings")
    bench.use("settings_aliased")
    assert bench.actions() == {}


@case("basic")
def test_one_object_can_be_the_target(bench):
    bench.use("basic")
    name = bench.namespace
    outcomes = bench.apply(f"Namespace/{name}", f"ConfigMap/{name}/settings")
    assert outcomes == {f"Namespace/{name}": ("done", ""), f"ConfigMap/{name}/settings": ("done", "")}
    assert bench.get("Deployment", "web") is None
    assert set(bench.actions()) == {f"Deployment/{name}/web", f"Service/{name}/web"}


@case("definition_and_resource", "green_resource", "just_namespace")
def test_a_kind_and_an_object_of_it_in_one_program(bench):
    group = f"{bench.namespace}.example.org"
    bench.use("definition_and_resource")
    assert (
        "kind Widget does not exist yet: the object could not be checked" in bench.plan()[f"Widget.{group}/{bench.namespace}/a"].diff.reason
    )
    bench.converge("definition_and_resource")
    assert bench.get("Widget", "a", api_version=f"{group}/v1")["spec"] == {"colour": "red"}
    bench.converge("green_resource")
    assert bench.get("Widget", "a", api_version=f"{group}/v1")["spec"] == {"colour": "green"}
    bench.converge("just_namespace")
    assert bench.hand.get("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", f"widgets.{group}") is None


@case("cluster_wide", "nothing")
def test_cluster_wide_objects(bench):
    name = f"urgent-{bench.namespace}"
    bench.converge("cluster_wide")
    assert bench.hand.get("scheduling.k8s.io/v1", "PriorityClass", "", name)["value"] == 1000
    bench.converge("nothing")
    assert bench.hand.get("scheduling.k8s.io/v1", "PriorityClass", "", name) is None


@case("chain")
def test_objects_come_in_the_order_of_their_dependencies(bench):
    bench.converge("chain")
    order = [event.resource.rpartition("/")[2] for event in bench.script.events if event.moment == "verified"]
    assert order == [bench.namespace, "first", "second", "third"]


@case("chain", "just_namespace")
def test_objects_go_in_the_opposite_order(bench):
    bench.converge("chain")
    bench.converge("just_namespace")
    order = [event.resource.rpartition("/")[2] for event in bench.script.events if event.moment == "verified"]
    assert order == ["third", "second", "first"]


@case("basic")
def test_destroy_leaves_nothing(bench):
    bench.converge("basic")
    assert {kind for kind, _ in bench.destroy().values()} == {"done"}
    order = [event.resource.rpartition("/")[2] for event in bench.script.events if event.moment == "verified"]
    assert order[-1] == bench.namespace, "a namespace goes when nothing of ours is left in it"
    assert bench.hand.get("v1", "Namespace", "", bench.namespace) is None
    assert bench.hand.get("v1", "ConfigMap", "infra-kit", bench.layer.stacks(None)[0].name) is None


@case("many")
def test_many_objects_at_once(bench):
    outcomes = bench.converge("many")
    assert len(outcomes) == 101
