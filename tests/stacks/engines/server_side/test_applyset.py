"""What the cluster remembers of a stack; kubectl, which keeps the same convention, is the judge."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
import yaml

from infra_kit.inventory.errors import RefusedError
from infra_kit.lab.programs.program import locate_all
from infra_kit.stacks.engines.server_side.applyset import TOOLING, ApplySet, KnownStack, applyset_id, stacks
from infra_kit.stacks.engines.server_side.covered import KINDS, NAMESPACE, NAMESPACES

SETTINGS = ("", "ConfigMap")
WEB = ("apps", "Deployment")


@pytest.fixture
def applyset(cluster_writer, fresh_namespace):
    """An ApplySet of the test's own; its parent goes with the test."""
    name = f"tests.{fresh_namespace}"
    yield ApplySet(name)
    cluster_writer.delete("v1", "ConfigMap", NAMESPACE, name)


def settings(namespace, applyset, name="settings"):
    metadata = {"name": name, "namespace": namespace, "labels": applyset.labels()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}


def kubectl(control_plane, *arguments, stdin=""):
    return subprocess.run(
        [str(locate_all()["kubectl"]), f"--kubeconfig={control_plane.kubeconfig}", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KUBECTL_APPLYSET": "true"},
    )


def test_the_id_is_the_one_of_the_convention():
    # sha256("platform.infra-kit.ConfigMap."), computed with openssl and basenc
    assert applyset_id("platform") == "applyset-MIeXgAJKJC6nUH7SfEfhQMhbaBiw1XA8iwXA91-lmK0-v1"


def test_the_parent_grows_before_and_shrinks_after(cluster_writer, fresh_namespace, applyset):
    applyset.ensure(cluster_writer, [SETTINGS], [fresh_namespace], "server-side")
    applyset.ensure(cluster_writer, [WEB], ["", "other"], "server-side")

    parent = applyset.parent(cluster_writer)
    assert parent["metadata"]["annotations"] | {TOOLING: ""} == {
        TOOLING: "",
        KINDS: "ConfigMap,Deployment.apps",
        NAMESPACES: ",".join(sorted(["other", fresh_namespace])),
        "infra-kit.dev/engine": "server-side",
    }
    assert parent["metadata"]["annotations"][TOOLING].startswith("infra-kit/")

    cluster_writer.apply(settings(fresh_namespace, applyset), manager="infra-kit")
    applyset.shrink(cluster_writer, "server-side")
    annotations = applyset.parent(cluster_writer)["metadata"]["annotations"]
    assert (annotations[KINDS], annotations[NAMESPACES]) == ("ConfigMap", fresh_namespace)

    cluster_writer.delete("v1", "ConfigMap", fresh_namespace, "settings")
    applyset.shrink(cluster_writer, "server-side")
    assert applyset.parent(cluster_writer) is None


def test_what_is_known_already_is_not_written_again(cluster_writer, fresh_namespace, applyset):
    applyset.ensure(cluster_writer, [SETTINGS], [fresh_namespace], "server-side")
    version = applyset.parent(cluster_writer)["metadata"]["resourceVersion"]

    applyset.ensure(cluster_writer, [SETTINGS], [fresh_namespace], "server-side")
    ApplySet(applyset.stack).ensure(cluster_writer, [SETTINGS], [], "server-side")
    assert applyset.parent(cluster_writer)["metadata"]["resourceVersion"] == version


def test_members_are_found_by_label_in_every_namespace(cluster_writer, fresh_namespace, applyset):
    assert applyset.members(cluster_writer) == []
    applyset.ensure(cluster_writer, [SETTINGS, ("example.org", "Gone")], [fresh_namespace], "server-side")
    cluster_writer.apply(settings(fresh_namespace, applyset), manager="infra-kit")
    cluster_writer.apply(settings("default", applyset, f"settings-{fresh_namespace}"), manager="infra-kit")
    cluster_writer.apply(settings(fresh_namespace, ApplySet("another"), "not-ours"), manager="infra-kit")

    found = applyset.members(cluster_writer)
    cluster_writer.delete("v1", "ConfigMap", "default", f"settings-{fresh_namespace}")

    assert {(each["apiVersion"], each["kind"], each["metadata"]["namespace"]) for each in found} == {
        ("v1", "ConfigMap", "default"),
        ("v1", "ConfigMap", fresh_namespace),
    }
    assert all("data" not in each for each in found), "metadata alone"


def test_the_cluster_knows_its_stacks_and_whose_engine_they_are_of(cluster_writer, fresh_namespace, applyset):
    assert applyset.owner_engine(cluster_writer) is None
    applyset.ensure(cluster_writer, [SETTINGS], [], "automation")

    assert KnownStack(applyset.stack, "automation") in stacks(cluster_writer)
    assert applyset.owner_engine(cluster_writer) == "automation"
    with pytest.raises(RefusedError, match="belongs to the engine automation, and this run uses server-side"):
        ApplySet(applyset.stack).ensure(cluster_writer, [SETTINGS], [], "server-side")


@pytest.mark.parametrize(
    "change", [{"annotations": {TOOLING: "kubectl/v1.36.3"}}, {"labels": {"applyset.kubernetes.io/id": "applyset-x-v1"}}]
)
def test_a_parent_of_another_tool_is_not_touched(cluster_writer, fresh_namespace, applyset, change):
    applyset.ensure(cluster_writer, [SETTINGS], [], "server-side")
    cluster_writer.patch("v1", "ConfigMap", NAMESPACE, applyset.stack, {"metadata": change}, manager="kubectl")

    for ask in (
        lambda: applyset.members(cluster_writer),
        lambda: applyset.shrink(cluster_writer, "server-side"),
        lambda: ApplySet(applyset.stack).ensure(cluster_writer, [WEB], [], "server-side"),
    ):
        with pytest.raises(RefusedError, match="is not infra-kit's: its tooling is"):
            ask()


@pytest.mark.judge
def test_kubectl_leaves_our_members_alone(control_plane, cluster_writer, fresh_namespace, applyset):
    applyset.ensure(cluster_writer, [SETTINGS], [fresh_namespace], "server-side")
    cluster_writer.apply(settings(fresh_namespace, applyset), manager="infra-kit")
    other = yaml.safe_dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other", "namespace": NAMESPACE}})

    done = kubectl(
        control_plane,
        "apply",
        "-n",
        NAMESPACE,
        "--prune",
        f"--applyset=configmaps/{applyset.stack}",
        "--dry-run=server",
        "-f",
        "-",
        stdin=other,
    )

    assert done.returncode != 0
    assert "infra-kit" in done.stderr, done.stderr
    assert "tool" in done.stderr, done.stderr


@pytest.mark.judge
def test_kubectl_reads_our_parent_as_its_own(control_plane, cluster_writer, fresh_namespace, applyset):
    """With nothing but the tool's name changed, kubectl finds exactly our members to prune."""
    applyset.ensure(cluster_writer, [SETTINGS, ("networking.k8s.io", "NetworkPolicy"), WEB], [fresh_namespace], "server-side")
    cluster_writer.apply(settings(fresh_namespace, applyset), manager="infra-kit")
    cluster_writer.apply(settings(fresh_namespace, ApplySet("another"), "not-ours"), manager="infra-kit")
    tool = json.loads(kubectl(control_plane, "version", "-o", "json").stdout)["clientVersion"]["gitVersion"]
    cluster_writer.patch(
        "v1", "ConfigMap", NAMESPACE, applyset.stack, {"metadata": {"annotations": {TOOLING: f"kubectl/{tool}"}}}, manager="kubectl"
    )
    other = yaml.safe_dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other", "namespace": NAMESPACE}})

    done = kubectl(
        control_plane,
        "apply",
        "-n",
        NAMESPACE,
        "--prune",
        f"--applyset=configmaps/{applyset.stack}",
        "--dry-run=server",
        "-f",
        "-",
        stdin=other,
    )

    assert done.returncode == 0, done.stderr
    assert "configmap/settings pruned (server dry run)" in done.stdout
    assert "not-ours" not in done.stdout
