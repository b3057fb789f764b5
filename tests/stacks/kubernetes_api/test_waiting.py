"""Waiting for objects of a real control plane: controllers, scheduler, quota and admission are the real ones."""

from __future__ import annotations

import socket
import threading

import pytest

from infra_kit.inventory.access import Endpoint
from infra_kit.inventory.errors import NotReadyError
from infra_kit.plan.interruption import WaitInterruptedError
from infra_kit.stacks.kubernetes_api import waiting
from infra_kit.stacks.kubernetes_api.client import KubernetesReader
from infra_kit.stacks.kubernetes_api.deletion import wait_gone
from infra_kit.stacks.kubernetes_api.outage import AwayError
from infra_kit.stacks.kubernetes_api.waiting import wait_ready

MANAGER = "infra-kit"
NOWHERE = {"nodeSelector": {"example.org/none": "true"}}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(waiting, "PATIENCE", waiting.Patience(refusal_grace_s=1.0, inspect_s=0.3))


def workload(kind, namespace, name="web", *, replicas=1, **pod):
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "main", "image": "example.org/a:1"}], **pod}}
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template}
    spec |= {} if kind == "DaemonSet" else {"replicas": replicas}
    spec |= {"serviceName": name} if kind == "StatefulSet" else {}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def job(namespace, name="once", **spec):
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "example.org/a:1"}], **spec.pop("pod", {})}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"template": template, **spec},
    }


def claim(namespace, storage_class):
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": namespace},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": storage_class},
    }


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"])
def test_a_workload_becomes_ready(cluster_writer, fresh_namespace, kind):
    said = []
    live = cluster_writer.apply(workload(kind, fresh_namespace, replicas=2), manager=MANAGER)

    ready = wait_ready(cluster_writer, live, progress=said.append)

    assert ready["status"].get("availableReplicas", ready["status"].get("numberAvailable")) >= 2
    assert said[0] == f"{kind}/{fresh_namespace}/web: its controller has not seen the change yet"


def test_a_job_ends_and_a_suspended_one_is_not_waited_for(cluster_writer, fresh_namespace):
    done = wait_ready(cluster_writer, cluster_writer.apply(job(fresh_namespace), manager=MANAGER))
    assert done["status"]["succeeded"] == 1

    suspended = cluster_writer.apply(job(fresh_namespace, "later", suspend=True), manager=MANAGER)
    assert wait_ready(cluster_writer, suspended) == suspended


def test_what_is_ready_costs_no_request(fresh_namespace):
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": fresh_namespace, "uid": "1"}}
    assert wait_ready(None, settings) == settings


def test_a_pod_without_a_node_is_named_with_the_schedulers_words(cluster_writer, fresh_namespace):
    live = cluster_writer.apply(workload("Deployment", fresh_namespace, **NOWHERE), manager=MANAGER)

    with pytest.raises(NotReadyError) as raised:
        wait_ready(cluster_writer, live, within_s=1.5)

    text = str(raised.value)
    assert f"Deployment/{fresh_namespace}/web is not ready after 2 s: 0 of 1 replica is available; pod web-" in text
    assert "Unschedulable: 0/" in text
    assert f"kubectl -n {fresh_namespace} describe pod web-" in text


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "Job"])
def test_refused_pods_are_reported_long_before_the_limit(cluster_writer, fresh_namespace, kind):
    cluster_writer.apply(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "tight", "namespace": fresh_namespace},
            "spec": {"hard": {"pods": "0"}},
        },
        manager=MANAGER,
    )
    manifest = job(fresh_namespace) if kind == "Job" else workload(kind, fresh_namespace)

    with pytest.raises(NotReadyError, match=r"its pods are refused: .*exceeded quota: tight, requested: pods=1") as raised:
        wait_ready(cluster_writer, cluster_writer.apply(manifest, manager=MANAGER))
    assert "last event" not in str(raised.value), "the words are not said twice"


def test_a_quota_that_is_raised_in_time_heals(cluster_writer, fresh_namespace, monkeypatch):
    monkeypatch.setattr(waiting.PATIENCE, "refusal_grace_s", 60.0)
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "tight", "namespace": fresh_namespace},
        "spec": {"hard": {"pods": "0"}},
    }
    cluster_writer.apply(quota, manager=MANAGER)
    live = cluster_writer.apply(workload("Deployment", fresh_namespace), manager=MANAGER)

    def raise_it(text):
        if "refused" in text:
            cluster_writer.apply(quota | {"spec": {"hard": {"pods": "1"}}}, manager=MANAGER)

    assert wait_ready(cluster_writer, live, progress=raise_it)["status"]["availableReplicas"] == 1


def test_a_failed_job_is_reported_at_once(cluster_writer, fresh_namespace):
    live = cluster_writer.apply(job(fresh_namespace, activeDeadlineSeconds=1, pod=NOWHERE), manager=MANAGER)

    with pytest.raises(NotReadyError, match="it has failed: DeadlineExceeded: Job was active longer than specified deadline"):
        wait_ready(cluster_writer, live)


def test_a_claim_whose_class_does_not_exist_says_so(cluster_writer, fresh_namespace):
    live = cluster_writer.apply(claim(fresh_namespace, "none-such"), manager=MANAGER)

    with pytest.raises(
        NotReadyError, match=r'it is Pending; last event: ProvisioningFailed: storageclass.storage.k8s.io "none-such" not found'
    ):
        wait_ready(cluster_writer, live, within_s=1.5)


def test_a_claim_that_binds_with_its_first_pod_is_not_waited_for(cluster_writer, fresh_namespace):
    name = f"late-{fresh_namespace}"
    late = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "example.org/none",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    cluster_writer.apply(late, manager=MANAGER)
    live = cluster_writer.apply(claim(fresh_namespace, name), manager=MANAGER)

    assert wait_ready(cluster_writer, live)["status"]["phase"] == "Pending"
    cluster_writer.delete("storage.k8s.io/v1", "StorageClass", "", name)


def test_a_definition_is_ready_once_its_objects_are_served(cluster_writer, fresh_namespace):
    group = f"{fresh_namespace}.example.org"
    names = {"plural": "widgets", "kind": "Widget"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": names,
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }
    live = wait_ready(cluster_writer, cluster_writer.apply(definition, manager=MANAGER))

    widget = {
        "apiVersion": f"{group}/v1",
        "kind": "Widget",
        "metadata": {"name": "a", "namespace": fresh_namespace, "finalizers": ["example.org/hold"]},
    }
    cluster_writer.apply(widget, manager=MANAGER)
    cluster_writer.delete(live["apiVersion"], live["kind"], "", live["metadata"]["name"])
    with pytest.raises(NotReadyError, match=r"held by finalizer customresourcecleanup\.apiextensions\.k8s\.io"):
        wait_gone(cluster_writer, live, within_s=0.5)
    cluster_writer.patch(f"{group}/v1", "Widget", fresh_namespace, "a", {"metadata": {"finalizers": None}})
    wait_gone(cluster_writer, live)


def test_the_waiting_can_be_called_off(cluster_writer, fresh_namespace):
    live = cluster_writer.apply(workload("Deployment", fresh_namespace, **NOWHERE), manager=MANAGER)
    told = threading.Event()

    def tell(text):
        if "0 of 1 replica is available" in text:
            told.set()

    with pytest.raises(
        WaitInterruptedError, match=f"interrupted while waiting for Deployment/{fresh_namespace}/web: 0 of 1 replica is available"
    ):
        wait_ready(cluster_writer, live, progress=tell, interrupted=told.is_set)


def test_a_server_that_stays_away_is_not_waited_for_forever(cluster_writer, fresh_namespace, tmp_path):
    live = cluster_writer.apply(workload("Deployment", fresh_namespace, **NOWHERE), manager=MANAGER)
    (tmp_path / "token").write_text("x", encoding="utf-8")
    with socket.socket() as taken:
        # A port that nobody listens on, and nobody else takes meanwhile.
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        nobody = KubernetesReader(Endpoint("kubernetes", "kubernetes", "127.0.0.1", port, "", f"file:{tmp_path / 'token'}"))
        with pytest.raises(AwayError, match="Connection refused"):
            wait_ready(nobody, live)
        with pytest.raises(AwayError, match="was not asked again"):
            wait_ready(nobody, live)
        nobody.close()


def test_an_object_deleted_by_another_hand_is_not_waited_for(cluster_writer, fresh_namespace):
    live = cluster_writer.apply(workload("Deployment", fresh_namespace, **NOWHERE), manager=MANAGER)

    def delete(text):
        if "available" in text:
            cluster_writer.delete("apps/v1", "Deployment", fresh_namespace, "web")

    with pytest.raises(NotReadyError, match="was deleted by another hand while it was waited for"):
        wait_ready(cluster_writer, live, progress=delete)


def test_a_namespace_that_does_not_go_names_what_is_left_and_the_finalizer(cluster_writer, fresh_namespace):
    held = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "stuck", "namespace": fresh_namespace, "finalizers": ["example.org/hold"]},
    }
    cluster_writer.apply(held, manager=MANAGER)
    live = cluster_writer.get("v1", "Namespace", "", fresh_namespace)
    cluster_writer.delete("v1", "Namespace", "", fresh_namespace, uid=live["metadata"]["uid"])
    said = []

    def remaining():
        return any("Some content" in text for text in said)

    with pytest.raises(WaitInterruptedError):
        wait_gone(cluster_writer, live, progress=said.append, interrupted=remaining)
    with pytest.raises(NotReadyError) as raised:
        wait_gone(cluster_writer, live, within_s=0)
    cluster_writer.patch("v1", "ConfigMap", fresh_namespace, "stuck", {"metadata": {"finalizers": None}})

    text = str(raised.value)
    assert "Some resources are remaining: configmaps. has 1 resource instances" in text
    assert "Some content in the namespace has finalizers remaining: example.org/hold in 1 resource instances" in text
    assert "left in it: ConfigMap/stuck (finalizer example.org/hold)" in text
