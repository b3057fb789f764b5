"""Deployed models: what the programs make of the inventory, and how the real scheduler and controllers take it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra_kit.inventory.errors import ProgramError
from infra_kit.inventory.models.workspaces import Artifacts, Lineage, Model
from infra_kit.inventory.quantities import in_bytes, millicores
from infra_kit.stacks.workspaces.services import service

from .conftest import evaluated, large, manifests, reference, standard
from .test_on_control_plane import eventually

SMALL = {"users": ["ada"], "admins": [], "jobs": []}


def found(kind: str, name: str, objects: Any = None) -> dict[str, Any]:
    return next(each for each in manifests(objects or standard(), kind) if each["metadata"]["name"] == name)


def container(name: str, which: str = "") -> dict[str, Any]:
    pods = found("Deployment", name)["spec"]["template"]["spec"]["containers"]
    return next(each for each in pods if not which or each["name"] == which)


def test_a_model_is_exchanged_without_a_gap():
    spec = found("Deployment", "score")["spec"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    model = container("score")
    assert model["lifecycle"]["preStop"]["sleep"]["seconds"] == 5
    assert model["readinessProbe"]["httpGet"]["path"] == "/v2/models/score/ready"
    assert found("PodDisruptionBudget", "score")["spec"]["maxUnavailable"] == 1


def test_the_autoscaler_alone_says_how_many():
    scaler = found("HorizontalPodAutoscaler", "score")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 4)
    given_up = {item.key.name: item.given_up for item in standard().objects if item.key.kind == "Deployment"}
    assert given_up["score"] == ("spec.replicas",)
    assert given_up["public"] == ()  # its limit is its number: nothing scales it
    assert [each["metadata"]["name"] for each in manifests(standard(), "HorizontalPodAutoscaler")] == ["score"]


def test_nothing_of_a_model_runs_in_a_suspended_workspace_and_its_keys_stay():
    objects = evaluated(reference(), large(**SMALL, suspended=True))
    names = {(each["kind"], each["metadata"]["name"]) for each in manifests(objects)}
    assert not {("Deployment", "score"), ("HorizontalPodAutoscaler", "score")} & names
    assert {("Secret", "model-score"), ("Secret", "model-public")} <= names
    assert {each["spec"]["replicas"] for kind in ("Deployment", "StatefulSet") for each in manifests(objects, kind)} == {0}
    assert all(each["spec"]["suspend"] for each in manifests(objects, "CronJob"))


def test_each_model_has_keys_of_its_own_that_are_made_once():
    secrets = [item for item in standard().objects if item.key.kind == "Secret" and item.key.name.startswith("model-")]
    values = [value for item in secrets for value in item.manifest["stringData"].values()]
    assert len(secrets) == 2
    assert len(set(values)) == 4
    assert all(len(value) == 32 for value in values)
    assert all(set(item.given_up) == {"stringData", "data"} for item in secrets)


def test_requests_are_those_of_the_table():
    for name in ("mlflow", "model-metrics", "auth-proxy"):
        row = service(name)
        requests = [each["resources"]["requests"] for each in found("Deployment", name)["spec"]["template"]["spec"]["containers"]]
        assert sum(millicores(each["cpu"]) for each in requests) <= millicores(row.cpu)
        assert sum(in_bytes(each["memory"]) for each in requests) <= in_bytes(row.memory)


def test_mlflow_is_told_what_was_seen_to_matter():
    mlflow = container("mlflow")
    arguments = dict(each.partition("=")[::2] for each in mlflow["args"])
    assert arguments["--backend-store-uri"].startswith("postgresql+psycopg2://")
    assert "mlflow.atelier.svc.cluster.local:*" in arguments["--allowed-hosts"].split(",")
    assert "mlflow.atelier.apps.configuration-1.example.internal" in arguments["--allowed-hosts"].split(",")
    assert {"name": "MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "value": "false"} in mlflow["env"]
    assert "artifacts" in [each["name"] for each in mlflow["volumeMounts"]]


def test_artifacts_in_a_bucket_need_no_volume_and_show_no_key():
    store = Artifacts(kind="s3", endpoint="https://s3.example.internal", bucket="fraud", access_key="env:A", secret_key="env:B")
    objects = evaluated(reference(), large(**SMALL, artifacts=store))
    pod = found("Deployment", "mlflow", objects)["spec"]["template"]["spec"]
    assert not [each for each in pod["volumes"] if "persistentVolumeClaim" in each]
    assert "--artifacts-destination=s3://fraud" in pod["containers"][0]["args"]
    assert {"name": "AWS_SHARED_CREDENTIALS_FILE", "value": "/etc/artifact-store/credentials"} in pod["containers"][0]["env"]
    assert "${infra-kit-secret:env:B}" in found("Secret", "artifacts", objects)["stringData"]["credentials"]
    with pytest.raises(ProgramError, match="names no bucket"):
        evaluated(reference(), large(**SMALL, artifacts=Artifacts(kind="s3")))


def test_lineage_is_known_to_sessions_and_to_models_with_an_account():
    site = reference()
    credential = site.credentials[0]
    objects = evaluated(site, large(**SMALL, lineage=Lineage(atlas="https://atlas.example.internal:31443", credential=credential.name)))
    runtime = json.loads(found("ConfigMap", "runtime", objects)["data"]["lineage.json"])
    assert runtime["atlas"] == "https://atlas.example.internal:31443"
    secret = found("Secret", "lineage", objects)["stringData"]
    assert secret["username"] == credential.user
    assert secret["password"].startswith("${infra-kit-secret:")
    model = found("Deployment", "score", objects)["spec"]["template"]["spec"]
    assert {"name": "lineage", "secret": {"secretName": "lineage"}} in model["volumes"]


def test_a_runtime_that_serves_nothing_is_refused_with_those_that_do():
    with pytest.raises(ProgramError, match="no image serves models of runtime `r-jupyterlab`") as refused:
        evaluated(reference(), large(**SMALL, models=[Model(name="m", runtime="r-jupyterlab", uri="models:/m/1")]))
    assert "python-jupyterlab" in (refused.value.remedy or "")


# --- on the control plane ----------------------------------------------------------------------------------------------------------------


def pods(live, name: str) -> list[dict[str, Any]]:
    selector = f"app.kubernetes.io/name={name}"
    listed = live.get("pods", "-n", "atelier", "-l", selector)
    return [each for each in listed if each["spec"].get("nodeName") and not each["metadata"].get("deletionTimestamp")]


@pytest.fixture
def racks(atelier) -> dict[str, str]:
    nodes = json.loads(atelier.plane.kubectl("get", "nodes", "-o", "json").stdout)["items"]
    return {each["metadata"]["name"]: each["metadata"]["labels"]["topology.kubernetes.io/zone"] for each in nodes}


@pytest.mark.parametrize("name", ["score", "public", "auth-proxy"])
def test_replicas_stand_in_different_racks(atelier, racks, name):
    placed = eventually(lambda: pods(atelier, name), lambda seen: len(seen) == 2)
    assert len({racks[each["spec"]["nodeName"]] for each in placed}) == 2


def test_a_lost_rack_leaves_a_replica_of_every_model_and_brings_the_other_back(atelier, racks):
    """The rack's nodes are cordoned and what was on them is gone, as after a power cut; then they return."""
    names = ("score", "public", "auth-proxy")
    first = {name: eventually(lambda name=name: pods(atelier, name), lambda seen: len(seen) == 2) for name in names}
    lost = racks[first["score"][0]["spec"]["nodeName"]]
    nodes = [node for node, rack in racks.items() if rack == lost]
    atelier.plane.kubectl("cordon", *nodes)
    try:
        for name in names:
            gone = [each["metadata"]["name"] for each in first[name] if each["spec"]["nodeName"] in nodes]
            assert len(gone) <= 1  # the other one is elsewhere and goes on
            if gone:
                atelier.plane.kubectl("delete", "pod", *gone, "-n", "atelier", "--grace-period=0", "--force")
        for name in names:
            again = eventually(lambda name=name: pods(atelier, name), lambda seen: len(seen) == 2)
            assert not {each["spec"]["nodeName"] for each in again} & set(nodes)
    finally:
        atelier.plane.kubectl("uncordon", *nodes)


def test_what_the_autoscaler_chose_survives_the_next_apply(atelier, cluster_writer):
    """By the engine itself, on the live object: the program says 2, the cluster has 3, and 3 it stays."""
    from infra_kit.stacks.engines.server_side.given_up import give_up
    from infra_kit.stacks.engines.server_side.ownership import owned

    atelier.plane.kubectl("scale", "deployment/score", "-n", "atelier", "--replicas=3")
    try:
        live = cluster_writer.get("apps/v1", "Deployment", "atelier", "score")
        manifest = json.loads(json.dumps(found("Deployment", "score")))
        give_up(manifest, live, owned(live, "kubectl"), "spec.replicas")  # who applied it here
        assert manifest["spec"].get("replicas") in {None, 3}
    finally:
        atelier.plane.kubectl("scale", "deployment/score", "-n", "atelier", "--replicas=2")


def test_a_batch_is_started_from_its_template(atelier):
    atelier.plane.kubectl("create", "job", "batch-now", "--from=cronjob/batch-score", "-n", "atelier")
    try:
        (pod,) = eventually(lambda: pods(atelier, "batch-score"), lambda seen: len(seen) == 1)
        assert pod["metadata"]["labels"]["app.kubernetes.io/component"] == "model"
        service_of = atelier.get("service", "-n", "atelier", "-l", "app.kubernetes.io/name=score")[0]["spec"]["selector"]
        assert not service_of.items() <= pod["metadata"]["labels"].items()
    finally:
        atelier.plane.kubectl("delete", "job", "batch-now", "-n", "atelier")


def test_the_database_runs_and_waits_for_its_volume(atelier):
    (pod,) = eventually(lambda: pods(atelier, "database"), lambda seen: len(seen) == 1)
    assert pod["status"]["phase"] == "Running"
    claims = [each["persistentVolumeClaim"]["claimName"] for each in pod["spec"]["volumes"] if "persistentVolumeClaim" in each]
    assert claims == ["database"]
