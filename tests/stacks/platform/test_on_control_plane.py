"""The platform on a real control plane: its schema, admission, scheduler and authorizer are the judges."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from infra_kit.stacks.parts.labels import Owner
from infra_kit.stacks.parts.place import Place
from infra_kit.stacks.parts.pod import Container, Pod
from infra_kit.stacks.parts.priorities import keep_out_of_reserved_priorities
from infra_kit.stacks.parts.secret import referenced
from infra_kit.stacks.programs.assembly import assemble
from infra_kit.stacks.programs.recording import record
from infra_kit.stacks.stack import Stack

from .conftest import VARIANTS, platform_of

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from tests.conftest import RunningControlPlane

    from infra_kit.stacks.stack import Evaluated

OWN = ("platform", "ingress", "gpu")
LEFT_OUT = {"APIService", "Node"}
LOST = "infra-kit-test/lost-rack"
APPLY = ("apply", "--server-side", "--field-manager=infra-kit", "--validate=strict", "--filename=-")
READY_S = 180


def documents(found: Evaluated, choose: Callable[[Any], bool] = lambda _item: True) -> str:
    items = [item.manifest for item in found.objects if choose(item)]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    for reference, pem in certificate().items():  # as the engine does before it sends
        text = text.replace(f'"{referenced(reference)}"', json.dumps(pem))
    return text


@cache
def certificate() -> dict[str, str]:
    """What the references of the site's certificate and key would resolve to."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "apps.example.internal")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=3650)).sign(key, SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"file:/run/c.pem": made.public_bytes(Encoding.PEM).decode(), "file:/run/k.pem": private.decode()}


def without_warnings(done: subprocess.CompletedProcess[str]) -> None:
    assert "Warning" not in done.stderr, done.stderr


@pytest.fixture(scope="module")
def platform(control_plane: RunningControlPlane) -> Iterator[RunningControlPlane]:
    """The cluster with everything that a platform can have, but the metrics API, which nobody answers on kwok's nodes."""
    text = documents(platform_of("everything"), lambda item: item.key.kind not in LEFT_OUT)
    try:
        # First what the others are in: kubectl sends a list in its order, and the program's order respects what depends on what.
        without_warnings(control_plane.kubectl(*APPLY, stdin=text))
        for name in ("ingress/traefik", "platform/metrics-server", "platform/yunikorn-scheduler", "platform/yunikorn-admission"):
            namespace, _, deployment = name.partition("/")
            rolled_out(control_plane, namespace, deployment)
        yield control_plane
    finally:
        # Pods first: a namespace that finds pods in it sleeps for half of their grace period.
        limit = f"--timeout={READY_S}s"
        for namespace in OWN:
            every = ("delete", "deployments,daemonsets", "--all", "--cascade=foreground", limit)
            control_plane.kubectl("-n", namespace, *every, check=False)
        outermost = documents(platform_of("everything"), lambda item: item.key.namespace not in OWN and item.key.kind not in LEFT_OUT)
        control_plane.kubectl("delete", "--filename=-", "--ignore-not-found", "--wait=true", limit, stdin=outermost, check=False)


def rolled_out(cluster: RunningControlPlane, namespace: str, deployment: str) -> None:
    cluster.kubectl("-n", namespace, "rollout", "status", f"deployment/{deployment}", f"--timeout={READY_S}s")


def racks_of(cluster: RunningControlPlane) -> dict[str, list[str]]:
    """Racks in which the ready pods of each Deployment of the platform are."""
    nodes = json.loads(cluster.kubectl("get", "nodes", "-o", "json").stdout)["items"]
    rack = {node["metadata"]["name"]: node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in nodes}
    found: dict[str, list[str]] = {}
    for namespace in ("platform", "ingress"):
        for pod in json.loads(cluster.kubectl("-n", namespace, "get", "pods", "-o", "json").stdout)["items"]:
            ready = any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", ()))
            if ready and not pod["metadata"].get("deletionTimestamp"):
                found.setdefault(pod["metadata"]["labels"]["app.kubernetes.io/name"], []).append(rack[pod["spec"]["nodeName"]])
    return found


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_api_server_takes_every_object_strictly_and_without_a_warning(platform: RunningControlPlane, variant: str) -> None:
    patches = {"Node"} if variant == "configuration-2" else set()  # whose nodes are not this cluster's
    text = documents(platform_of(variant), lambda item: item.key.kind not in patches)
    without_warnings(platform.kubectl(*APPLY, "--force-conflicts", "--dry-run=server", stdin=text))


def test_what_was_applied_differs_in_nothing(platform: RunningControlPlane) -> None:
    text = documents(platform_of("everything"), lambda item: item.key.kind not in LEFT_OUT)
    done = platform.kubectl("diff", "--server-side", "--field-manager=infra-kit", "--filename=-", stdin=text, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_labels_of_nodes_are_shared_with_whoever_set_them_before(platform: RunningControlPlane) -> None:
    nodes = documents(platform_of("configuration-1"), lambda item: item.key.kind == "Node")
    # Without --force-conflicts: equal values are owned together, so this neither fails nor takes anything away.
    without_warnings(platform.kubectl(*APPLY, "--dry-run=server", stdin=nodes))


def test_the_replicas_of_everything_are_in_different_racks(platform: RunningControlPlane) -> None:
    found = racks_of(platform)
    assert sorted(found.pop("traefik")) == ["rack01", "rack02", "rack03"]
    assert len(found.pop("yunikorn-scheduler")) == 1
    assert found.keys() == {"metrics-server", "yunikorn-admission"}
    assert all(len(set(racks)) == 2 for racks in found.values()), found


def test_the_device_plugin_runs_on_gpu_nodes_and_nowhere_else(platform: RunningControlPlane) -> None:
    platform.kubectl("-n", "gpu", "rollout", "status", "daemonset/nvidia-device-plugin", f"--timeout={READY_S}s")
    nodes = platform.kubectl("-n", "gpu", "get", "pods", "-o", "jsonpath={.items[*].spec.nodeName}").stdout.split()
    assert sorted(nodes) == ["gpu01", "gpu02"]


def test_a_pod_that_is_not_restricted_is_refused_where_people_come_in(platform: RunningControlPlane) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "root", "namespace": "ingress"},
        "spec": {"containers": [{"name": "x", "image": "x", "securityContext": {"runAsUser": 0}}]},
    }
    done = platform.kubectl("create", "--dry-run=server", "--filename=-", stdin=json.dumps(pod), check=False)
    assert done.returncode != 0
    assert 'violates PodSecurity "restricted' in done.stderr


def test_a_lost_rack_leaves_replicas_and_brings_the_others_back_elsewhere(platform: RunningControlPlane) -> None:
    nodes = ("nodes", "-l", "topology.kubernetes.io/zone=rack03")
    platform.kubectl("taint", *nodes, f"{LOST}=true:NoExecute")
    try:
        for name in ("traefik", "metrics-server", "yunikorn-admission", "yunikorn-scheduler"):
            rolled_out(platform, "ingress" if name == "traefik" else "platform", name)
        found = racks_of(platform)
        assert {name: len(racks) for name, racks in found.items()} == {
            "traefik": 3,
            "metrics-server": 2,
            "yunikorn-admission": 2,
            "yunikorn-scheduler": 1,
        }
        assert not any("rack03" in racks for racks in found.values()), found
    finally:
        platform.kubectl("taint", *nodes, f"{LOST}-")


def test_a_node_can_be_drained(platform: RunningControlPlane) -> None:
    node = platform.kubectl(
        "-n", "ingress", "get", "pods", "-l", "app.kubernetes.io/name=traefik", "-o", "jsonpath={.items[0].spec.nodeName}"
    ).stdout
    try:
        platform.kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", f"--timeout={READY_S}s")
        rolled_out(platform, "ingress", "traefik")
        assert len(racks_of(platform)["traefik"]) == 3
    finally:
        platform.kubectl("uncordon", node)


def test_nobody_gets_a_reserved_priority_where_it_is_kept_out(bound: RunningControlPlane) -> None:
    space = "platform-roles-other"
    place = Place(space, Owner("platform"))
    stack = Stack("cluster", "platform")

    def program() -> None:
        keep_out_of_reserved_priorities(place)

    bound.kubectl(*APPLY, stdin=documents(assemble(stack, record(program, stack.name))))
    restricted = Pod(containers=[Container(name="x", image="x")], priority="platform-critical").manifest({})

    def create(priority: str) -> subprocess.CompletedProcess[str]:
        spec = {**restricted, "priorityClassName": priority}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "namespace": space}, "spec": spec}
        return bound.kubectl("create", "--dry-run=server", "--filename=-", stdin=json.dumps(pod), check=False)

    for priority in ("platform-critical", "system-node-critical"):
        assert "no-reserved-priority" in create(priority).stderr
    assert create("batch").returncode == 0


ROLES = {
    "ann": "infra-kit-workspace-admin",
    "ugo": "infra-kit-workspace-user",
    "vic": "infra-kit-workspace-viewer",
    "hub": "infra-kit-spawner",
}
PROBES = [
    # who, what, whether
    ("vic", "get pods", True),
    ("vic", "get pods/log", True),
    ("vic", "list deployments.apps", True),
    ("vic", "get secrets", False),
    ("vic", "create pods/exec", False),
    ("vic", "delete pods", False),
    ("ugo", "create pods", True),
    ("ugo", "create pods/exec", True),
    ("ugo", "get secrets", True),
    ("ugo", "create jobs.batch", True),
    ("ugo", "patch resourcequotas", False),
    ("ugo", "delete networkpolicies.networking.k8s.io", False),
    ("ugo", "create rolebindings.rbac.authorization.k8s.io", False),
    ("ugo", "create serviceaccounts/token", False),
    ("ugo", "delete persistentvolumeclaims", False),
    ("ann", "patch deployments.apps", True),
    ("ann", "delete pods", True),
    ("ann", "create deployments.apps", False),
    ("ann", "get secrets", False),
    ("ann", "create rolebindings.rbac.authorization.k8s.io", False),
    ("hub", "create pods", True),
    ("hub", "create secrets", True),
    ("hub", "create rolebindings.rbac.authorization.k8s.io", False),
    ("hub", "create pods/exec", False),
]


@pytest.fixture(scope="module")
def bound(platform: RunningControlPlane) -> Iterator[RunningControlPlane]:
    """Four people with one role each in one namespace; a second namespace where they have none."""
    spaces = ("platform-roles", "platform-roles-other")
    try:
        for space in spaces:
            platform.kubectl("create", "namespace", space)
        for user, role in ROLES.items():
            platform.kubectl("-n", spaces[0], "create", "rolebinding", user, f"--clusterrole={role}", f"--user={user}")
        yield platform
    finally:
        platform.kubectl("delete", "namespace", *spaces, "--ignore-not-found", "--wait=false", check=False)


def review(who: str, what: str, namespace: str) -> dict[str, Any]:
    """The question whether somebody may do something, as the API server is asked it."""
    verb, _, target = what.partition(" ")
    kind, _, subresource = target.partition("/")
    resource, _, group = kind.partition(".")
    attributes = {"verb": verb, "resource": resource, "subresource": subresource, "group": group, "namespace": namespace}
    spec = {"user": who, "resourceAttributes": attributes}
    return {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}


def test_roles_allow_what_they_are_for_and_nothing_elsewhere(bound: RunningControlPlane) -> None:
    spaces = ("platform-roles", "platform-roles-other", "")
    asked = [(who, what, space) for who, what, _ in PROBES for space in spaces]
    reviews = {"apiVersion": "v1", "kind": "List", "items": [review(*each) for each in asked]}
    done = bound.kubectl("create", "--filename=-", "-o", 'jsonpath={.status.allowed}{"\\n"}', stdin=json.dumps(reviews))
    allowed = [answer == "true" for answer in done.stdout.split()]
    wanted = [whether and space == spaces[0] for _, _, whether in PROBES for space in spaces]
    assert [each for each, is_, should in zip(asked, allowed, wanted, strict=True) if is_ != should] == []


def test_the_operator_can_give_only_the_workspaces_roles(bound: RunningControlPlane) -> None:
    bound.kubectl("create", "clusterrolebinding", "platform-test-operator", "--clusterrole=infra-kit-workspace-operator", "--user=opa")
    try:

        def give(role: str) -> subprocess.CompletedProcess[str]:
            command = ("create", "rolebinding", f"opa-{role}", f"--clusterrole={role}", "--user=x", "--dry-run=server", "--as=opa")
            return bound.kubectl("-n", "platform-roles", *command, check=False)

        assert give("infra-kit-workspace-user").returncode == 0
        refused = give("cluster-admin")
        assert refused.returncode != 0
        assert "attempting to grant RBAC permissions not currently held" in refused.stderr
    finally:
        bound.kubectl("delete", "clusterrolebinding", "platform-test-operator")
