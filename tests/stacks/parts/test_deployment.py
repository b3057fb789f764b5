"""The builder of what serves, and the small parts around it, as the program of a stack would use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from infra_kit.stacks.parts.accounts import account
from infra_kit.stacks.parts.deployment import Workload, deploy
from infra_kit.stacks.parts.ingress import expose
from infra_kit.stacks.parts.labels import Owner
from infra_kit.stacks.parts.place import Place
from infra_kit.stacks.parts.pod import GPU, Container, Pod, command_probe, from_pod, from_secret, http_probe, tcp_probe
from infra_kit.stacks.parts.priorities import keep_out_of_reserved_priorities
from infra_kit.stacks.parts.roles import grant, grant_everywhere, group, user
from infra_kit.stacks.programs.assembly import assemble
from infra_kit.stacks.programs.recording import record
from infra_kit.stacks.stack import Stack, StackObject

PLACE = Place("fraud", Owner("fraud", team="risk", workspace="fraud"))
SERVER = Container(name="server", image="registry/server:1", ports={"http": 8080}, readiness=http_probe("/", "http"), leaves_after_s=5)


def made(program: Callable[[], object]) -> Mapping[str, StackObject]:
    stack = Stack("workspaces", "workspaces", "fraud")

    def run() -> None:
        program()

    return {item.key.path: item for item in assemble(stack, record(run, stack.name)).objects}


def deployed(**different: Any) -> Mapping[str, StackObject]:
    different.setdefault("pod", Pod(containers=[SERVER]))
    return made(lambda: deploy(PLACE, Workload(name="server", **different)))


def pod_of(found: Mapping[str, StackObject]) -> dict[str, Any]:
    spec: dict[str, Any] = found["Deployment/fraud/server"].manifest["spec"]["template"]["spec"]
    return spec


def test_what_serves_has_two_replicas_a_service_and_a_budget() -> None:
    found = deployed(ports={"http": 80})
    assert found.keys() == {"Deployment/fraud/server", "Service/fraud/server", "PodDisruptionBudget/fraud/server"}
    selected = {"app.kubernetes.io/name": "server", "app.kubernetes.io/part-of": "fraud"}
    assert found["Service/fraud/server"].manifest["spec"]["selector"] == selected
    assert found["PodDisruptionBudget/fraud/server"].manifest["spec"]["maxUnavailable"] == 1
    assert found["Deployment/fraud/server"].manifest["spec"]["replicas"] == 2
    assert found["Deployment/fraud/server"].ready_within_s == 300
    assert pod_of(found)["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}


def test_what_cannot_run_twice_is_replaced_and_keeps_no_node_from_being_drained() -> None:
    found = deployed(replicas=1, single=True)
    assert found.keys() == {"Deployment/fraud/server"}
    assert found["Deployment/fraud/server"].manifest["spec"]["strategy"] == {"type": "Recreate"}


def test_what_is_suspended_keeps_everything_but_its_pods() -> None:
    found = deployed(ports={"http": 80}, replicas=0)
    assert found.keys() == deployed(ports={"http": 80}).keys()
    assert found["Deployment/fraud/server"].manifest["spec"]["replicas"] == 0


def test_replicas_are_left_to_an_autoscaler() -> None:
    assert deployed(scaled=True)["Deployment/fraud/server"].given_up == ("spec.replicas",)
    assert deployed()["Deployment/fraud/server"].given_up == ()


def test_changed_configuration_makes_new_pods_and_equal_one_does_not() -> None:
    def annotations(*texts: str) -> Any:
        return deployed(configuration=texts)["Deployment/fraud/server"].manifest["spec"]["template"]["metadata"]["annotations"]

    assert annotations("a", "b") == annotations("a", "b")
    assert annotations("a", "b") != annotations("a", "c")
    assert annotations("ab", "") != annotations("a", "b")


def test_a_service_can_be_on_every_node() -> None:
    spec = deployed(ports={"http": 80}, node_ports={"http": 30080}, service_name="front")["Service/fraud/front"].manifest["spec"]
    assert (spec["type"], spec["ports"][0]["nodePort"]) == ("NodePort", 30080)


def test_a_gpu_is_asked_for_and_its_nodes_are_tolerated() -> None:
    server = Container(name="server", image="x", gpus=1, cpu="2", cpu_limit="4", memory="8Gi")
    pod = pod_of(deployed(pod=Pod(containers=[server], spread="preferred")))
    assert pod["containers"][0]["resources"] == {
        "requests": {"cpu": "2", "memory": "8Gi", GPU: "1"},
        "limits": {"cpu": "4", "memory": "8Gi", GPU: "1"},
    }
    assert {"key": GPU, "operator": "Exists", "effect": "NoSchedule"} in pod["tolerations"]
    assert {each["whenUnsatisfiable"] for each in pod["topologySpreadConstraints"]} == {"ScheduleAnyway"}
    assert GPU not in {each["key"] for each in pod_of(deployed())["tolerations"]}


def test_a_container_writes_only_where_it_says() -> None:
    server = Container(name="server", image="x", writable=("/tmp", "/var/lib/app_data"))
    pod = pod_of(deployed(pod=Pod(containers=[server], init_containers=[Container(name="prepare", image="x", writable=())])))
    mounts = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    assert mounts == {"server-tmp": "/tmp", "server-var-lib-app-data": "/var/lib/app_data"}
    assert {volume["name"] for volume in pod["volumes"]} == mounts.keys()
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
    assert "volumeMounts" not in pod["initContainers"][0]


def test_only_what_has_an_account_gets_a_token() -> None:
    assert pod_of(deployed())["automountServiceAccountToken"] is False
    pod = pod_of(deployed(pod=Pod(containers=[SERVER], service_account="server")))
    assert (pod["automountServiceAccountToken"], pod["serviceAccountName"]) == (True, "server")


@pytest.mark.parametrize(
    ("probe", "what"),
    [
        (
            http_probe("/x", 80, headers={"Host": "h"}),
            {"httpGet": {"path": "/x", "port": 80, "httpHeaders": [{"name": "Host", "value": "h"}]}},
        ),
        (tcp_probe("db"), {"tcpSocket": {"port": "db"}}),
        (command_probe("pg_isready", "-q"), {"exec": {"command": ["pg_isready", "-q"]}}),
    ],
)
def test_probes_ask_by_http_by_connecting_or_by_a_program(probe: dict[str, Any], what: dict[str, Any]) -> None:
    assert what.items() <= probe.items()
    assert probe["timeoutSeconds"] < probe["periodSeconds"]


def test_variables_come_from_secrets_and_from_the_pod() -> None:
    assert from_secret("A", "s", "k") == {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    assert from_pod("A", "status.podIP") == {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}


def test_rights_everywhere_carry_the_namespaces_name() -> None:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    found = made(lambda: account(PLACE, "hub", rules=rules, cluster_rules=rules, cluster_roles=["system:auth-delegator"]))
    assert found.keys() == {
        "ServiceAccount/fraud/hub",
        "Role/fraud/hub",
        "RoleBinding/fraud/hub",
        "ClusterRole/fraud-hub",
        "ClusterRoleBinding/fraud-hub",
        "ClusterRoleBinding/fraud-hub-system-auth-delegator",
    }
    assert found["ServiceAccount/fraud/hub"].manifest["automountServiceAccountToken"] is False


def test_a_role_of_the_platform_is_given_in_a_namespace_or_everywhere() -> None:
    def program() -> None:
        grant(PLACE, "workspace-user", [user("ada"), group("risk")])
        grant_everywhere(Place("", PLACE.owner), "spawner-cluster", [user("hub")], name="fraud-spawner")

    found = made(program)
    binding = found["RoleBinding/fraud/workspace-user"].manifest
    assert binding["roleRef"]["name"] == "infra-kit-workspace-user"
    assert [subject["kind"] for subject in binding["subjects"]] == ["User", "Group"]
    assert found["ClusterRoleBinding/fraud-spawner"].manifest["roleRef"]["name"] == "infra-kit-spawner-cluster"


def test_an_application_is_exposed_under_its_host_with_the_platforms_certificate() -> None:
    spec = made(lambda: expose(PLACE, "hub", "hub.fraud.example", "proxy", "http"))["Ingress/fraud/hub"].manifest["spec"]
    assert spec["ingressClassName"] == "platform"
    assert spec["tls"] == [{"hosts": ["hub.fraud.example"]}]


def test_reserved_priorities_are_out_of_reach() -> None:
    spec = made(lambda: keep_out_of_reserved_priorities(PLACE))["ResourceQuota/fraud/no-reserved-priority"].manifest["spec"]
    assert spec["hard"] == {"pods": "0"}
    assert "platform-critical" in spec["scopeSelector"]["matchExpressions"][0]["values"]
