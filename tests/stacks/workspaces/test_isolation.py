"""Who reaches whom, reckoned from the NetworkPolicies that the API server really has."""

from __future__ import annotations

import pytest

from .reachability import End, Network

ADA, GRACE, SERVICES = "atelier-user-ada", "atelier-user-grace", "atelier"


def service(name: str, namespace: str = SERVICES) -> End:
    return End(namespace, {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "atelier"})


def session(namespace: str) -> End:
    return End(namespace, {"app.kubernetes.io/name": "session", "component": "singleuser-server"})


def executor(namespace: str) -> End:
    return End(namespace, {"app.kubernetes.io/name": "spark", "app.kubernetes.io/component": "executor"})


HUB, PROXY, DATABASE, MLFLOW, METRICS, HISTORY, KEYS = map(
    service, ("hub", "proxy", "database", "mlflow", "model-metrics", "spark-history", "auth-proxy")
)
MODEL = End(SERVICES, {"app.kubernetes.io/name": "score", "app.kubernetes.io/component": "model"})
APPLICATION = End(SERVICES, {"app.kubernetes.io/name": "review", "app.kubernetes.io/component": "application"})
INGRESS, PROMETHEUS = End("ingress", {"app.kubernetes.io/name": "traefik"}), End("monitoring", {"app.kubernetes.io/name": "prometheus"})
DNS, OTHER = End("kube-system", {"k8s-app": "kube-dns"}), End("default", {})
API_SERVER, KUBELET, NAMENODE = (End(address=address) for address in ("10.21.1.11", "10.21.1.16", "10.23.0.20"))
INTERNET, DATA_HOST, MAIL_RELAY = End(address="203.0.113.7"), End(address="10.21.2.15"), End(address="10.10.0.25")

OPEN = [
    (INGRESS, PROXY, 8000),
    (PROXY, HUB, 8081),
    (HUB, PROXY, 8001),
    (PROXY, session(ADA), 8888),
    (HUB, session(ADA), 8888),
    (session(ADA), HUB, 8081),
    (session(ADA), MLFLOW, 5000),
    (session(ADA), METRICS, 8080),
    (session(ADA), HISTORY, 18080),
    (session(ADA), KEYS, 8080),
    (session(ADA), DNS, 53),
    (executor(ADA), DNS, 53),
    (executor(ADA), session(ADA), 7078),
    (session(ADA), executor(ADA), 7079),
    (executor(ADA), executor(ADA), 7079),
    (session(ADA), API_SERVER, 6443),
    (executor(ADA), NAMENODE, 8020),
    (session(ADA), DATA_HOST, 10000),
    (session(ADA), INTERNET, 88),
    (HUB, DATABASE, 5432),
    (MLFLOW, DATABASE, 5432),
    (METRICS, DATABASE, 5432),
    (service("backup"), DATABASE, 5432),
    (HUB, API_SERVER, 6443),
    (KEYS, MODEL, 8080),
    (INGRESS, KEYS, 8080),
    (MODEL, METRICS, 8080),
    (PROMETHEUS, MODEL, 8082),
    (KEYS, HUB, 8081),
    (KEYS, APPLICATION, 8100),
    (MODEL, MLFLOW, 5000),
    (APPLICATION, MLFLOW, 5000),
    (PROMETHEUS, HUB, 8081),
    (service("failed-jobs"), MAIL_RELAY, 25),
    (service("failed-jobs"), API_SERVER, 6443),
]
CLOSED = [
    (session(ADA), session(GRACE), 8888),
    (executor(ADA), session(GRACE), 7078),
    (session(GRACE), executor(ADA), 7079),
    (session(ADA), DATABASE, 5432),
    (executor(ADA), DATABASE, 5432),
    (session(ADA), PROXY, 8001),
    (session(ADA), PROXY, 8000),
    (session(ADA), MODEL, 8080),
    (session(ADA), KUBELET, 10250),
    (session(ADA), KUBELET, 22),
    (session(ADA), INTERNET, 443),
    (session(ADA), MAIL_RELAY, 25),
    (session(ADA), OTHER, 80),
    (OTHER, session(ADA), 8888),
    (OTHER, HUB, 8081),
    (OTHER, DATABASE, 5432),
    (INGRESS, session(ADA), 8888),
    (INGRESS, HUB, 8081),
    (INGRESS, PROXY, 8001),
    (INGRESS, MODEL, 8080),
    (INGRESS, MLFLOW, 5000),
    (INTERNET, PROXY, 8000),
    (APPLICATION, DATABASE, 5432),
    (MODEL, DATABASE, 5432),
    (KEYS, DATABASE, 5432),
    (PROMETHEUS, MODEL, 8080),
    (INGRESS, APPLICATION, 8100),
    (session(ADA), APPLICATION, 8100),
    (MODEL, session(ADA), 8888),
    (MODEL, INTERNET, 443),
    (PROXY, DATABASE, 5432),
    (PROXY, API_SERVER, 6443),
    (HUB, INTERNET, 443),
    (HUB, executor(ADA), 7078),
    (PROXY, executor(ADA), 7078),
    (METRICS, MLFLOW, 5000),
    (PROMETHEUS, DATABASE, 5432),
    (DATABASE, INTERNET, 443),
]


@pytest.fixture(scope="module")
def network(atelier) -> Network:
    elsewhere = {name: {"kubernetes.io/metadata.name": name} for name in ("ingress", "monitoring")}
    namespaces = {each["metadata"]["name"]: each["metadata"]["labels"] for each in atelier.get("namespaces")}
    return Network(atelier.get("networkpolicies"), {**elsewhere, **namespaces})


@pytest.mark.parametrize(("opened", "table"), [(True, OPEN), (False, CLOSED)], ids=["open", "closed"])
def test_reachability(network, opened, table):
    wrong = [
        f"{source.namespace or source.address} {source.labels} -> {target.namespace or target.address} {target.labels} port {port}"
        for source, target, port in table
        if network.reaches(source, target, port) != opened
    ]
    assert not wrong, "\n".join(wrong)


def test_every_namespace_denies_first(atelier, network):
    for namespace in atelier.namespaces():
        denying = [
            each for each in network.policies if each["metadata"] == {**each["metadata"], "namespace": namespace, "name": "default-deny"}
        ]
        assert [each["spec"]["policyTypes"] for each in denying] == [["Ingress", "Egress"]]


def test_every_service_of_the_table_is_reached_by_its_callers_only(network):
    from infra_kit.stacks.workspaces.services import table

    rows = [row for row in table().services if row.port and not row.when]
    names = [row.name for row in rows if not row.pods and row.name != "models"]
    for row in rows:
        called = MODEL if row.name == "models" else service(row.application)
        for caller in names:
            expected = caller in row.callers
            assert network.reaches(service(caller), called, row.port) == expected, (caller, row.name)
