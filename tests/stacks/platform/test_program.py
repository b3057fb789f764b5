"""What the platform's program asks for, before any cluster sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from infra_kit.inventory.errors import ProgramError
from infra_kit.stacks.programs.evaluation import evaluate
from infra_kit.stacks.stack import Stack

from .conftest import by_path, changed, evaluated, platform_of, site_of

if TYPE_CHECKING:
    from infra_kit.stacks.stack import StackObject

ONE_ONLY = {"yunikorn-scheduler"}
"""It has no leader election: two would place the same pods twice."""


def objects(variant: str, kind: str) -> list[StackObject]:
    return [item for item in platform_of(variant).objects if item.key.kind == kind]


def pods(variant: str) -> dict[str, dict[str, Any]]:
    kinds = ("Deployment", "DaemonSet")
    return {item.key.path: item.manifest["spec"]["template"]["spec"] for kind in kinds for item in objects(variant, kind)}


def test_a_child_process_evaluates_the_same_objects() -> None:
    [found] = evaluate(site_of("configuration-1"), [Stack("cluster", "platform")])
    assert by_path(found).keys() == by_path(platform_of("configuration-1")).keys()


def test_every_object_is_plain_and_named(variant: str) -> None:
    for item in platform_of(variant).objects:
        group = item.key.group
        assert not group or "." not in group or group.endswith(".k8s.io"), item.key
        assert item.key.name
        if not item.patch:
            assert item.manifest["metadata"]["labels"]["app.kubernetes.io/part-of"] == "platform", item.key


def test_both_configurations_have_the_same_platform() -> None:
    one, two = (
        {path for path in by_path(platform_of(name)) if not path.startswith("Node/")} for name in ("configuration-1", "configuration-2")
    )
    assert one == two


def test_what_is_not_asked_for_is_not_made() -> None:
    found = by_path(platform_of("bare"))
    assert {path for path in found if path.startswith("Namespace/")} == {"Namespace/platform"}
    assert not objects("bare", "Deployment")
    assert not objects("bare", "DaemonSet")
    assert not objects("bare", "StorageClass")


def test_a_site_without_a_cluster_has_no_platform() -> None:
    site = site_of("configuration-1").model_copy(update={"kubernetes": None})
    with pytest.raises(ProgramError, match="no `kubernetes`"):
        evaluated(site)


def test_every_namespace_is_restricted_or_says_why_and_denies_by_default(variant: str) -> None:
    for item in objects(variant, "Namespace"):
        enforced = item.manifest["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        assert enforced == ("privileged" if item.key.name == "gpu" else "restricted")
        policy = by_path(platform_of(variant))[f"NetworkPolicy/{item.key.name}/default-deny"]
        assert policy.manifest["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_pods_come_after_their_namespace_is_closed_and_their_priority_is_there(variant: str) -> None:
    for kind in ("Deployment", "DaemonSet"):
        for item in objects(variant, kind):
            paths = {key.path for key in item.depends_on}
            assert f"Namespace/{item.key.namespace}" in paths
            assert f"NetworkPolicy/{item.key.namespace}/default-deny" in paths
            assert "PriorityClass/platform-critical" in paths


@pytest.mark.parametrize("variant", ["configuration-1", "everything"], indirect=True)
def test_every_deployment_survives_a_rack_and_is_updated_without_a_gap(variant: str) -> None:
    budgets = {
        (item.key.namespace, frozenset(item.manifest["spec"]["selector"]["matchLabels"].items()))
        for item in objects(variant, "PodDisruptionBudget")
    }
    deployments = [item for item in objects(variant, "Deployment") if item.key.name not in ONE_ONLY]
    assert deployments
    for item in deployments:
        spec = item.manifest["spec"]
        selected = spec["selector"]["matchLabels"]
        assert spec["replicas"] >= 2
        assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
        assert (item.key.namespace, frozenset(selected.items())) in budgets
        rack, host = spec["template"]["spec"]["topologySpreadConstraints"]
        assert (rack["topologyKey"], rack["whenUnsatisfiable"]) == ("topology.kubernetes.io/zone", "DoNotSchedule")
        assert host["topologyKey"] == "kubernetes.io/hostname"
        assert rack["labelSelector"]["matchLabels"] == selected


def test_every_pod_is_bounded_probed_and_ranked(variant: str) -> None:
    for path, pod in pods(variant).items():
        assert pod["priorityClassName"] in {"platform-critical", "system-node-critical"}
        assert pod["enableServiceLinks"] is False
        assert pod["automountServiceAccountToken"] is bool(pod.get("serviceAccountName"))
        for container in pod["containers"]:
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
            assert "memory" in container["resources"]["limits"]
            if path.startswith("Deployment/"):
                assert {"readinessProbe", "livenessProbe"} <= container.keys()
            assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_a_mirror_stands_in_front_of_every_image() -> None:
    names = [container["image"] for pod in pods("everything").values() for container in pod["containers"]]
    assert len(names) == 5
    assert all(name.startswith("mirror.example.internal/proxy/") for name in names), names
    settings = by_path(platform_of("everything"))["ConfigMap/platform/yunikorn-configs"].manifest["data"]
    assert settings["service.placeHolderImage"] == "mirror.example.internal/proxy/registry.k8s.io/pause:3.10.2"


def test_containerd_is_told_the_mirror_of_each_registry() -> None:
    files = by_path(platform_of("everything"))["ConfigMap/platform/registry-mirrors"].manifest["data"]
    assert {"docker.io.hosts.toml", "quay.io.hosts.toml", "registry.k8s.io.hosts.toml", "nvcr.io.hosts.toml"} <= files.keys()
    assert '[host."https://mirror.example.internal/v2/proxy/docker.io"]' in files["docker.io.hosts.toml"]


def test_the_certificate_stays_a_reference_and_reaches_the_controller() -> None:
    found = by_path(platform_of("everything"))
    secret = found["Secret/ingress/certificate"].manifest
    assert secret["stringData"]["tls.key"] == "${infra-kit-secret:file:/run/k.pem}"
    assert "/certificate/tls.key" in found["ConfigMap/ingress/traefik"].manifest["data"]["tls.yaml"]
    mounts = pods("everything")["Deployment/ingress/traefik"]["containers"][0]["volumeMounts"]
    assert "/certificate" in {mount["mountPath"] for mount in mounts}
    assert "Secret/ingress/certificate" not in by_path(platform_of("configuration-1"))


def test_the_controllers_settings_are_valid_yaml_that_believes_the_edge_alone() -> None:
    data = by_path(platform_of("configuration-1"))["ConfigMap/ingress/traefik"].manifest["data"]
    settings = yaml.safe_load(data["traefik.yaml"])
    assert settings["entryPoints"]["websecure"]["forwardedHeaders"]["trustedIPs"] == ["10.21.1.15/32"]
    assert settings["providers"]["kubernetesIngress"]["ingressClass"] == "platform"
    assert yaml.safe_load(data["tls.yaml"])["tls"]["options"]["default"]["minVersion"] == "VersionTLS12"


def test_the_metrics_api_is_registered_only_where_pods_really_run() -> None:
    path = "APIService/v1beta1.metrics.k8s.io"
    assert path not in by_path(platform_of("configuration-1")), "in the lab it would keep every namespace from being deleted"
    item = by_path(platform_of("everything"))[path]
    assert "Deployment/platform/metrics-server" in {key.path for key in item.depends_on}


def test_nodes_get_labels_and_never_taints() -> None:
    nodes = objects("everything", "Node")
    assert all(item.patch and "spec" not in item.manifest for item in nodes)
    labels = {item.key.name: item.manifest["metadata"]["labels"] for item in nodes}
    assert labels["gpu01"]["nvidia.com/gpu.present"] == "true"
    assert labels["gpu01"]["topology.kubernetes.io/zone"] == "rack02"
    assert labels["worker02"]["infra-kit.dev/node-group"] == "cpu"
    assert "kubernetes.io/hostname" not in labels["worker02"]


def test_priorities_are_ordered_and_batch_pushes_nobody_out() -> None:
    found = {item.key.name: item.manifest for item in objects("configuration-1", "PriorityClass")}
    values = [found[name]["value"] for name in ("platform-critical", "serving", "interactive", "batch")]
    assert values == sorted(values, reverse=True)
    assert found["batch"]["preemptionPolicy"] == "Never"
    assert not any(manifest["globalDefault"] for manifest in found.values())


def test_storage_classes_keep_what_is_in_them() -> None:
    found = {item.key.name: item.manifest for item in objects("everything", "StorageClass")}
    assert found.keys() == {"shared", "local"}
    assert {manifest["reclaimPolicy"] for manifest in found.values()} == {"Retain"}
    assert found["local"]["volumeBindingMode"] == "WaitForFirstConsumer"


def test_node_groups_say_bounds_and_what_a_node_offers() -> None:
    text = by_path(platform_of("everything"))["ConfigMap/platform/node-groups"].manifest["data"]["node-groups.yaml"]
    [group] = yaml.safe_load(text)["groups"]
    assert (group["name"], group["min"], group["max"], group["servers"]) == ("cpu", 1, 2, ["worker01", "worker02"])
    assert group["node"]["cpu"].endswith("m")
    text = by_path(platform_of("bare"))["ConfigMap/platform/node-groups"].manifest["data"]["node-groups.yaml"]
    assert yaml.safe_load(text) == {"groups": []}


def test_more_replicas_change_one_object_and_its_ceiling() -> None:
    site = site_of("configuration-1")
    assert site.kubernetes is not None
    assert site.kubernetes.ingress is not None
    after = by_path(evaluated(changed(site, {}, ingress=site.kubernetes.ingress.model_copy(update={"replicas": 4}))))
    before = by_path(platform_of("configuration-1"))
    assert {path for path in before if before[path].manifest != after[path].manifest} == {
        "Deployment/ingress/traefik",
        "ResourceQuota/ingress/ceiling",
    }
