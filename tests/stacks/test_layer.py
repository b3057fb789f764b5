"""A layer of stacks over an engine that is a dictionary: objects become resources, and what left the program leaves the cluster."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_engine import Cluster

from infra_kit.inventory.errors import AccessError, NotReadyError, RefusedError, VerificationError
from infra_kit.inventory.load import load_site
from infra_kit.plan.connections import Connections
from infra_kit.plan.planning import make_plan, make_removal
from infra_kit.plan.resource import Created, ReadContext, RunContext
from infra_kit.stacks.layer import StackLayer
from infra_kit.stacks.stack import ObjectKey, Stack

PROGRAMS = Path(__file__).parent / "programs" / "small.py"
IDS = [
    "workspaces/Namespace/a",
    "workspaces/Secret/a/login",
    "workspaces/Deployment/a/web",
    "workspaces/ConfigMap/a/others",
    "workspaces/CustomResourceDefinition/things.example.com",
    "workspaces/Thing.example.com/a/thing",
]


@pytest.fixture(scope="module")
def site():
    return load_site(Path(__file__).resolve().parents[2] / "inventory" / "configuration-1")


@pytest.fixture
def cluster():
    return Cluster()


def stacks(_site):
    return [Stack("workspaces", "small", "a", f"{PROGRAMS}:whole"), Stack("workspaces", "small", "5", f"{PROGRAMS}:many")]


@pytest.fixture
def layer(cluster):
    return StackLayer("workspaces", ("cluster",), frozenset({"small"}), stacks, opening=cluster.opening, recall=cluster.recall)


@pytest.fixture
def context(site, tmp_path):
    return RunContext(site, Connections(None, read_only=False), tmp_path)


def carry_out(plan, context):
    for entry in plan.pending:
        entry.resource.apply(entry.observed, entry.diff, context)
        entry.resource.verify(context)


def test_every_object_is_a_resource_of_the_design_s_form(layer, site):
    resources = layer.resources(site)
    assert [each.id for each in resources][:6] == IDS
    assert len(resources) == 11
    web = resources[2]
    assert (web.scope, web.groups, web.depends_on) == (
        "workspaces/a",
        frozenset(),
        {"workspaces/Namespace/a", "workspaces/Secret/a/login"},
    )
    assert len({each.device for each in resources}) == len(resources), "the API server takes many at once"
    assert web.device == "kubernetes/Deployment/a/web"


def test_one_scope_s_resources_are_those_of_its_stack(layer, site):
    assert [each.id for each in layer.resources_of(site, frozenset({"workspaces/a"}))] == IDS


def test_a_plan_is_carried_out_in_order_and_then_there_is_nothing_left(layer, context, cluster):
    plan = make_plan([layer], context)
    assert plan.summary == {"create": 11, "update": 0, "delete": 0, "none": 0, "unknown": 0}
    carry_out(plan, context)
    done = [path for _, path in cluster.done]
    assert done.index("Namespace/a") < done.index("Secret/a/login") < done.index("Deployment/a/web")
    assert make_plan([layer], context).clean


def test_there_is_one_engine_for_a_stack_in_a_run_and_it_knows_the_program(layer, context, cluster):
    make_plan([layer], context, created=[Created("workspaces/ConfigMap/a/old", {"stack": "small.a"})])
    assert sorted(cluster.made) == [("small.5", True), ("small.a", True)]


def test_what_an_apply_leaves_is_what_a_removal_needs(layer, context):
    entry = next(each for each in make_plan([layer], context).entries if each.id == IDS[2])
    assert entry.resource.apply(entry.observed, entry.diff, context).record == {
        "stack": "small.a",
        "engine": "server-side",
        "api_version": "apps/v1",
        "kind": "Deployment",
        "depends_on": ["workspaces/Namespace/a", "workspaces/Secret/a/login"],
        "uid": "1",
    }


def test_what_left_the_program_goes_in_turned_order(layer, site, context, cluster):
    keys = [ObjectKey("", "Namespace", "", "old"), ObjectKey("apps", "Deployment", "old", "web")]
    cluster.objects = dict.fromkeys(keys, "there")
    record = {"stack": "small.gone", "api_version": "apps/v1", "kind": "Deployment", "depends_on": ["workspaces/Namespace/old"]}
    created = [
        Created("workspaces/Namespace/old", {"stack": "small.gone", "api_version": "v1"}),
        Created("workspaces/Deployment/old/web", record),
        Created("workspaces/ConfigMap/old/gone", {"stack": "small.gone", "api_version": "v1"}),
    ]
    plan = make_plan([layer], context, created=created)
    removals = [entry for entry in plan.entries if entry.resource.id.split("/")[2].startswith("old")]
    assert [(each.id, each.diff.action) for each in removals] == [
        ("workspaces/Deployment/old/web", "delete"),
        ("workspaces/ConfigMap/old/gone", "none"),
        ("workspaces/Namespace/old", "delete"),
    ]
    assert removals[0].resource.scope == "workspaces/gone"
    for each in removals:
        if each.pending:
            each.resource.apply(each.observed, each.diff, context)
    assert cluster.objects == {}


def test_destroy_evaluates_no_program(layer, context, cluster):
    cluster.objects = {ObjectKey("", "Namespace", "", "old"): "there"}
    gone = StackLayer("workspaces", (), frozenset({"small"}), lambda _: [Stack("workspaces", "small", "x", "/nowhere.py:f")])
    gone.opening, gone.recall = cluster.opening, cluster.recall
    plan = make_removal([gone], context, created=[Created("workspaces/Namespace/old", {"stack": "small.x"})])
    assert [(each.id, each.diff.action) for each in plan.entries] == [("workspaces/Namespace/old", "delete")]


def test_a_creation_that_was_begun_and_never_recorded_is_looked_for(layer, context, cluster):
    """A killed run's journal has the id alone."""
    cluster.objects = {ObjectKey("", "ConfigMap", "a-user-x", "c"): "there", ObjectKey("", "ConfigMap", "nobody", "c"): "there"}
    created = [Created("workspaces/ConfigMap/a-user-x/c", {}), Created("workspaces/ConfigMap/nobody/c", {})]
    plan = make_plan([layer], context, created=created)
    found = [each.resource for each in plan.entries if each.diff.action == "delete"]
    assert [(each.id, each.stack.name) for each in found] == [("workspaces/ConfigMap/a-user-x/c", "small.a")]


def test_what_does_not_go_is_not_taken_for_gone(layer, site, context, cluster):
    cluster.objects = {ObjectKey("", "ConfigMap", "old", "c"): "there"}
    [left] = layer.leftovers(site, [Created("workspaces/ConfigMap/old/c", {"stack": "small.a", "sticky": True})])
    left.apply(left.read(context), left.diff(left.read(context)), context)
    with pytest.raises(VerificationError, match="workspaces/ConfigMap/old/c was removed, but is still there"):
        left.verify(context)


@pytest.mark.parametrize("consent", [False, True])
def test_what_holds_data_is_made_anew_by_consent_alone(layer, context, cluster, consent):
    cluster.objects = {ObjectKey("", "Namespace", "", "a"): "fixed"}
    entry = next(each for each in make_plan([layer], context).entries if each.id == "workspaces/Namespace/a")
    assert (entry.diff.action, entry.diff.disruption) == ("update", "recreate")
    if consent:
        allowed = RunContext(context.site, context.connections, context.folder, allow_wipe=frozenset({entry.id}))
        entry.resource.apply(entry.observed, entry.diff, allowed)
        assert cluster.done == [("apply", "Namespace/a")]
        return
    with pytest.raises(RefusedError, match=r"--allow-wipe workspaces/Namespace/a"):
        entry.resource.apply(entry.observed, entry.diff, context)
    assert cluster.done == []


def test_a_site_that_says_no_credential_has_no_resources(layer, site):
    kubernetes = site.kubernetes.model_copy(update={"credential": None})
    for altered in (kubernetes, None):
        without = site.model_copy(update={"kubernetes": altered})
        assert list(layer.resources(without)) == []
        assert layer.render(without) == {}
        assert layer.remembered(ReadContext(without, Connections(None, read_only=True))) == []


def test_what_is_left_on_a_cluster_that_the_inventory_does_not_reach_is_refused_at_once(layer, site, context, cluster):
    created = [Created("workspaces/ConfigMap/old/c", {"stack": "small.a"})]
    kubernetes = site.kubernetes.model_copy(update={"credential": None})
    for altered, missing in ((kubernetes, "`kubernetes.credential`"), (None, "section `kubernetes`")):
        with pytest.raises(AccessError, match=f"the inventory has no {missing}") as refused:
            layer.leftovers(site.model_copy(update={"kubernetes": altered}), created)
        assert refused.value.where.rpartition("/")[2].startswith("platform.yaml:")
        assert "one of `credentials`" in refused.value.remedy
    assert cluster.made == []


def test_rendering_is_the_same_each_time_and_has_no_secret(layer, site):
    files = layer.render(site)
    assert sorted(files) == [
        "workspaces/5/many.yaml",
        "workspaces/a/a.yaml",
        "workspaces/a/database.yaml",
        "workspaces/a/objects.yaml",
        "workspaces/a/web.yaml",
    ]
    login = files["workspaces/a/database.yaml"]
    assert "password: (generated)" in login
    assert "token: «env:TOKEN»" in login
    assert login.startswith("---\napiVersion: v1\nkind: Secret\nmetadata:\n")
    assert layer.render(site) == files


def test_what_the_cluster_remembers_is_of_this_layer_and_of_stacks_that_have_gone(layer, context, cluster):
    cluster.stacks = ["platform", "small.a", "small.gone"]
    cluster.objects = {ObjectKey("", "ConfigMap", "old", "c"): "there"}
    layer.resources(context.site)
    found = layer.remembered(context)
    assert [(each.id, each.record["stack"], each.scope) for each in found] == [
        ("workspaces/ConfigMap/old/c", "small.a", "workspaces/a"),
        ("workspaces/ConfigMap/old/c", "small.gone", "workspaces/gone"),
    ]
    assert cluster.made == [("small.a", True), ("small.gone", False)]


def test_what_guards_a_namespace_goes_after_it(layer, site):
    made = {
        "Namespace/old": "v1",
        "NetworkPolicy/old/deny": "networking.k8s.io/v1",
        "ResourceQuota/old/quota": "v1",
        "Deployment/old/web": "apps/v1",
    }
    created = [Created(f"workspaces/{each}", {"stack": "small.a", "api_version": version}) for each, version in made.items()]
    needs = {left.id: left.depends_on for left in layer.leftovers(site, created)}
    namespace, policy, quota, web = needs
    assert needs == {namespace: {policy, quota}, policy: frozenset(), quota: frozenset(), web: {namespace}}
    [alone] = layer.leftovers(site, created[1:2])
    assert alone.depends_on == frozenset()


def test_a_guard_s_recorded_needs_do_not_bring_it_before_its_namespace(layer, site):
    recorded = {"stack": "small.a", "depends_on": ["workspaces/Namespace/old"], "api_version": "networking.k8s.io/v1"}
    created = [Created("workspaces/Namespace/old", {"stack": "small.a"}), Created("workspaces/NetworkPolicy/old/deny", recorded)]
    namespace, policy = layer.leftovers(site, created)
    assert (namespace.depends_on, policy.depends_on) == ({policy.id}, frozenset())


def test_what_is_not_ready_is_named_and_is_no_part_of_the_state(layer, context, cluster):
    plan = make_plan([layer], context)
    carry_out(plan, context)
    web = next(entry for entry in make_plan([layer], context).entries if entry.id == IDS[2])
    cluster.unready[web.resource.item.key] = "0 of 1 replica is available"
    again = make_plan([layer], context)
    assert again.clean
    assert again.notices == ("workspaces/Deployment/a/web is not ready: 0 of 1 replica is available",)
    assert next(entry for entry in again.entries if entry.id == IDS[2]).observed.digest == web.observed.digest
    with pytest.raises(NotReadyError):
        web.resource.await_ready(context)
