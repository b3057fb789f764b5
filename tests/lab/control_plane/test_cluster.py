"""The running control plane: what it is, what it refuses, what it keeps secret, how its nodes and pods behave."""

from __future__ import annotations

import json
import ssl
import stat
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from infra_kit.inventory.access import KUBERNETES, Access
from infra_kit.inventory.load import load_site
from infra_kit.inventory.nodes import node_shapes
from infra_kit.lab.control_plane.commands import NODE_LABEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import RunningControlPlane


@pytest.fixture(scope="module")
def namespace(control_plane: RunningControlPlane) -> Iterator[str]:
    control_plane.kubectl("create", "namespace", "cluster-test")
    yield "cluster-test"
    control_plane.kubectl("delete", "namespace", "cluster-test", "--wait=false")


def _api(control_plane: RunningControlPlane, **headers: str) -> httpx.Client:
    endpoint = Access(load_site(control_plane.site_folder), control_plane.lab.endpoints).endpoint(KUBERNETES, "kubernetes")
    context = ssl.create_default_context(cafile=endpoint.ca)
    return httpx.Client(base_url=f"https://{endpoint.host}:{endpoint.port}", verify=context, headers=headers, trust_env=False, timeout=30)


def _token(control_plane: RunningControlPlane) -> str:
    endpoint = Access(load_site(control_plane.site_folder), control_plane.lab.endpoints).endpoint(KUBERNETES, "kubernetes")
    return endpoint.password().get_secret_value()


def _pod(name: str, **labels: str) -> dict[str, Any]:
    metadata = {"name": name, "labels": {key.replace("__", "/").replace("_", "-"): value for key, value in labels.items()}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [{"name": "main", "image": "none"}]}}


def _until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def test_the_nodes_are_the_inventorys(control_plane: RunningControlPlane) -> None:
    shapes = {shape.name: shape for shape in node_shapes(load_site(control_plane.site_folder))}
    nodes = json.loads(control_plane.kubectl("get", "nodes", "-o", "json").stdout)["items"]
    assert {node["metadata"]["name"] for node in nodes} == shapes.keys()
    for node in nodes:
        shape = shapes[node["metadata"]["name"]]
        assert node["metadata"]["labels"].items() >= {**shape.labels, NODE_LABEL: "true"}.items()
        taints = [(each["key"], each.get("value", ""), each["effect"]) for each in node["spec"].get("taints", [])]
        assert taints == [(each.key, each.value, each.effect) for each in shape.taints]
        assert node["status"]["capacity"].keys() == shape.capacity.keys()
        assert node["status"]["capacity"].get("nvidia.com/gpu", "0") == str(shape.gpus)
        assert {each["type"]: each["status"] for each in node["status"]["conditions"]}["Ready"] == "True"
        # A call to a node must stay on this machine.
        assert {each["address"] for each in node["status"]["addresses"]} == {"127.0.0.1", shape.name}


def test_infra_kits_token_is_an_administrators(control_plane: RunningControlPlane) -> None:
    with _api(control_plane, Authorization=f"Bearer {_token(control_plane)}") as api:
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        who = api.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json=review).json()["status"]["userInfo"]
        assert who["username"] == "infra-kit"
        assert "system:masters" not in who["groups"], "a role gives the rights, not a group that bypasses RBAC"
        assert api.get("/api/v1/secrets").status_code == 200


def test_nobody_comes_in_anonymously(control_plane: RunningControlPlane) -> None:
    with _api(control_plane) as api:
        for path in ("/api", "/version", "/healthz", "/api/v1/namespaces"):
            assert api.get(path).status_code == 401
    with _api(control_plane, Authorization="Bearer wrong") as api:
        assert api.get("/api/v1/namespaces").status_code == 401


def test_a_service_account_may_do_nothing_by_itself(control_plane: RunningControlPlane) -> None:
    said = control_plane.kubectl("auth", "can-i", "list", "secrets", "--as=system:serviceaccount:default:default", check=False)
    assert said.stdout.strip() == "no"


def test_secrets_are_encrypted_in_the_store_and_not_in_the_audit_log(control_plane: RunningControlPlane, namespace: str) -> None:
    value = "do-not-show-me-anywhere"
    control_plane.kubectl("-n", namespace, "create", "secret", "generic", "hidden", f"--from-literal=password={value}")
    state = control_plane.lab.folder.state / "kubernetes"
    # The write-ahead log holds every value as it was put.
    log = b"".join(file.read_bytes() for file in (state / "etcd" / "member" / "wal").iterdir())
    place = log.index(f"/registry/secrets/{namespace}/hidden".encode())
    assert b"k8s:enc:secretbox:v1:lab:" in log[place : place + 300]
    assert value.encode() not in log
    audit = control_plane.lab.folder.root / "kubernetes" / "audit.log"
    events = [json.loads(line) for line in audit.read_text().splitlines() if f"/namespaces/{namespace}/secrets" in line]
    creation = next(event for event in events if event["verb"] == "create")
    assert creation["level"] == "Metadata"
    assert creation["user"]["username"] == "lab-administrator"
    assert value not in audit.read_text()


def test_what_it_writes_is_closed_to_others(control_plane: RunningControlPlane) -> None:
    folder = control_plane.lab.folder
    for place in (folder.root / "kubernetes", folder.state / "kubernetes"):
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        for file in place.iterdir():
            assert not stat.S_IMODE(file.stat().st_mode) & 0o077, file
    assert stat.S_IMODE(folder.kubeconfig.stat().st_mode) == 0o600


def test_no_secret_is_in_a_process_list(control_plane: RunningControlPlane) -> None:
    from pathlib import Path

    secrets = [file.read_text().strip() for file in control_plane.lab.folder.secrets.iterdir()]
    for line in (control_plane.lab.folder.root / "kubernetes" / "pids").read_text().splitlines():
        process = Path("/proc") / line.split()[1]
        shown = (process / "cmdline").read_text() + (process / "environ").read_text()
        assert not any(secret in shown for secret in secrets)


def test_it_listens_on_loopback_alone(control_plane: RunningControlPlane) -> None:
    from pathlib import Path

    pids = [line.split()[1] for line in (control_plane.lab.folder.root / "kubernetes" / "pids").read_text().splitlines()]
    sockets = {link.readlink().name for pid in pids for link in (Path("/proc") / pid / "fd").iterdir() if "socket" in str(link.readlink())}
    numbers = {name.removeprefix("socket:[").removesuffix("]") for name in sockets}
    listening = [
        fields
        for table in ("tcp", "tcp6", "udp", "udp6")
        for fields in (line.split() for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:])
        if fields[9] in numbers and (fields[3] == "0A" or table.startswith("udp"))
    ]
    assert listening
    assert {fields[1].split(":")[0] for fields in listening} == {"0100007F"}


def test_pod_security_refuses_a_privileged_pod(control_plane: RunningControlPlane, namespace: str) -> None:
    control_plane.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=baseline")
    pod = _pod("privileged")
    pod["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    refused = control_plane.kubectl("-n", namespace, "apply", "-f", "-", stdin=json.dumps(pod), check=False)
    assert 'violates PodSecurity "baseline' in refused.stderr


def test_pods_get_ready_complete_fail_or_never_get_ready(control_plane: RunningControlPlane, namespace: str) -> None:
    well = _pod("well")
    well["spec"]["initContainers"] = [{"name": "first", "image": "none"}, {"name": "beside", "image": "none", "restartPolicy": "Always"}]
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "none"}]}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "done"}, "spec": {"template": template}}
    bad = {**job, "metadata": {"name": "failed"}, "spec": {"backoffLimit": 0, "template": {**template, "metadata": {}}}}
    bad["spec"]["template"]["metadata"] = {"labels": {"infra-kit.dev/lab-fails": "true"}}
    never = _pod("never", infra_kit_dev__lab_never_ready="true")
    never["metadata"]["labels"] = {"infra-kit.dev/lab-never-ready": "true"}
    crashing = _pod("crashing")
    crashing["metadata"]["labels"] = {"infra-kit.dev/lab-fails": "true"}
    items = {"apiVersion": "v1", "kind": "List", "items": [well, job, bad, never, crashing]}
    control_plane.kubectl("-n", namespace, "apply", "-f", "-", stdin=json.dumps(items))
    control_plane.kubectl("-n", namespace, "wait", "pod/well", "--for=condition=Ready", "--timeout=60s")
    control_plane.kubectl("-n", namespace, "wait", "job/done", "--for=condition=Complete", "--timeout=60s")
    control_plane.kubectl("-n", namespace, "wait", "job/failed", "--for=condition=Failed", "--timeout=60s")

    def events() -> str:
        return control_plane.kubectl("-n", namespace, "get", "events").stdout

    _until(lambda: "the lab was told that this pod never gets ready" in events())
    _until(lambda: "Back-off restarting failed container" in events())
    shown = control_plane.kubectl("-n", namespace, "get", "pods").stdout
    assert "CrashLoopBackOff" in shown
    assert [line.split()[1] for line in shown.splitlines() if line.startswith("never ")] == ["0/1"]


def test_a_gpu_pod_goes_to_a_gpu_node_and_needs_its_toleration(control_plane: RunningControlPlane, namespace: str) -> None:
    pods = [_pod("gpu-tolerating"), _pod("gpu-intolerant")]
    for pod in pods:
        pod["spec"]["containers"][0]["resources"] = {"limits": {"nvidia.com/gpu": "1"}}
    pods[0]["spec"]["tolerations"] = [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    items = {"apiVersion": "v1", "kind": "List", "items": pods}
    control_plane.kubectl("-n", namespace, "apply", "-f", "-", stdin=json.dumps(items))
    control_plane.kubectl("-n", namespace, "wait", "pod/gpu-tolerating", "--for=condition=Ready", "--timeout=60s")
    control_plane.kubectl("-n", namespace, "wait", "pod/gpu-intolerant", "--for=condition=PodScheduled=false", "--timeout=60s")
    where = control_plane.kubectl("-n", namespace, "get", "pod", "gpu-tolerating", "-o", "jsonpath={.spec.nodeName}").stdout
    assert where in {"gpu01", "gpu02"}


def test_a_node_can_be_down_and_up_again(control_plane: RunningControlPlane) -> None:
    control_plane.kubectl("label", "node", "worker06", "infra-kit.dev/lab-down=true")
    try:
        control_plane.kubectl("wait", "node/worker06", "--for=condition=Ready=false", "--timeout=60s")
        _until(lambda: "node.kubernetes.io/not-ready" in control_plane.kubectl("get", "node", "worker06", "-o", "yaml").stdout)
    finally:
        control_plane.kubectl("label", "node", "worker06", "infra-kit.dev/lab-down-")
    control_plane.kubectl("wait", "node/worker06", "--for=condition=Ready", "--timeout=60s")


def test_events_are_what_infra_kit_asked(control_plane: RunningControlPlane, namespace: str) -> None:
    control = control_plane.lab.control
    control.clear_events(KUBERNETES)
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "asked", "namespace": namespace}}
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    with _api(control_plane, Authorization=f"Bearer {_token(control_plane)}") as api:
        assert api.post(f"{path}?dryRun=All", json=document).status_code == 201
        assert api.post(path, json=document).status_code == 201
        assert api.get(f"{path}/asked").status_code == 200
    control_plane.kubectl("-n", namespace, "get", "configmaps")  # somebody else's
    assert control.events(KUBERNETES) == [("DRY-RUN", f"{path}?dryRun=All"), ("POST", path), ("GET", f"{path}/asked")]
    control.clear_events(KUBERNETES)
    assert control.events(KUBERNETES) == []


def test_the_api_server_is_killed_and_comes_back_at_its_place(control_plane: RunningControlPlane) -> None:
    control_plane.lab.kill_api_server()
    try:
        assert "refused" in control_plane.kubectl("get", "nodes", check=False).stderr
    finally:
        control_plane.lab.restart_api_server()
    assert "worker01" in control_plane.kubectl("get", "nodes").stdout


def test_a_frozen_api_server_does_not_answer_until_it_is_thawed(control_plane: RunningControlPlane) -> None:
    control_plane.lab.control.faults(KUBERNETES, stopped=True)
    try:
        assert control_plane.kubectl("get", "nodes", "--request-timeout=300ms", check=False).returncode != 0
    finally:
        control_plane.lab.control.faults(KUBERNETES, stopped=False)
    assert "worker01" in control_plane.kubectl("get", "nodes").stdout


def test_tampering_names_the_way_that_there_is(control_plane: RunningControlPlane) -> None:
    from infra_kit.inventory.errors import LabError

    with pytest.raises(LabError, match="infra-kit lab kubectl"):
        control_plane.lab.control.tamper(KUBERNETES, {"anything": 1})
