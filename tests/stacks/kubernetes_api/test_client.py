"""The client on a real API server: what it addresses, lists, watches and is refused."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.inventory.access import Endpoint, open_access
from infra_kit.inventory.errors import AuthenticationError, TrustError
from infra_kit.inventory.load import load_site
from infra_kit.lab.trust import Authority
from infra_kit.stacks.kubernetes_api import client as client_module
from infra_kit.stacks.kubernetes_api.answers import ConflictError, ForbiddenError, InvalidError, NotFoundError
from infra_kit.stacks.kubernetes_api.client import KubernetesReader, KubernetesWriter
from infra_kit.stacks.kubernetes_api.outage import AwayError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import RunningControlPlane

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def endpoint(control_plane: RunningControlPlane) -> Endpoint:
    """Where the control plane is, and as whom infra-kit talks to it."""
    return open_access(load_site(control_plane.site_folder)).endpoint("kubernetes", "kubernetes")


@pytest.fixture(scope="module")
def writer(endpoint: Endpoint) -> Iterator[KubernetesWriter]:
    """A client that writes."""
    made = KubernetesWriter(endpoint)
    yield made
    made.close()


@pytest.fixture
def namespace(writer: KubernetesWriter) -> Iterator[str]:
    """A namespace of the test's own."""
    name = f"client-{next(_NUMBERS)}"
    writer.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    writer.delete("v1", "Namespace", "", name)


def config_map(namespace: str, name: str = "one", **data: Any) -> dict[str, Any]:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


def test_what_the_server_serves(writer: KubernetesWriter) -> None:
    deployment = writer.resource("apps/v1", "Deployment")
    assert (deployment.group, deployment.version, deployment.plural, deployment.namespaced) == ("apps", "v1", "deployments", True)
    assert deployment.path("a", "b") == "/apis/apps/v1/namespaces/a/deployments/b"
    assert writer.resource("v1", "Node").path("", "n") == "/api/v1/nodes/n"
    kinds = [(each.group, each.kind) for each in writer.resources()]
    assert len(kinds) == len(set(kinds))
    assert ("", "ConfigMap") in kinds
    assert all("list" in each.verbs for each in writer.resources())
    assert writer.version()["gitVersion"].startswith("v1.")
    assert "components" in writer.openapi("apps/v1")
    with pytest.raises(NotFoundError, match=r"does not serve Thing in example\.com/v1"):
        writer.resource("example.com/v1", "Thing")


def test_a_server_without_aggregated_discovery(writer: KubernetesWriter, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra_kit.stacks.kubernetes_api.discovery._AGGREGATED", "application/json")
    old = KubernetesReader(endpoint)
    assert {each.path() for each in old.resources()} == {each.path() for each in writer.resources()}
    old.close()


def test_a_list_is_read_page_by_page(writer: KubernetesWriter, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_PAGE", 2)
    for number in range(5):
        writer.apply(config_map(namespace, f"m{number}", number=str(number)), manager="infra-kit")
    found = writer.list("v1", "ConfigMap", namespace, fields="metadata.name!=kube-root-ca.crt")
    assert [each["metadata"]["name"] for each in found] == [f"m{number}" for number in range(5)]
    assert {(each["apiVersion"], each["kind"]) for each in found} == {("v1", "ConfigMap")}
    bare = writer.list("v1", "ConfigMap", namespace, metadata_only=True)
    assert all("data" not in each for each in bare)


def test_what_is_not_there_is_none(writer: KubernetesWriter, namespace: str) -> None:
    assert writer.get("v1", "ConfigMap", namespace, "nothing") is None
    assert writer.delete("v1", "ConfigMap", namespace, "nothing") is None


def test_a_dry_run_stores_nothing(endpoint: Endpoint, namespace: str) -> None:
    reader = KubernetesReader(endpoint)
    assert not reader.can_write
    assert reader.dry_run_apply(config_map(namespace, a="b"), manager="infra-kit", force=False)["data"] == {"a": "b"}
    assert reader.dry_run_create(config_map(namespace, a="b"))["data"] == {"a": "b"}
    assert reader.get("v1", "ConfigMap", namespace, "one") is None
    reader.close()


def test_a_conflict_names_field_and_manager(writer: KubernetesWriter, namespace: str) -> None:
    writer.apply(config_map(namespace, a="b"), manager="infra-kit")
    writer.patch("v1", "ConfigMap", namespace, "one", {"data": {"a": "c"}}, manager='odd"name')
    with pytest.raises(ConflictError) as refusal:
        writer.apply(config_map(namespace, a="d"), manager="infra-kit")
    (conflict,) = refusal.value.conflicts
    assert (conflict.path, conflict.manager) == (".data.a", 'odd"name')
    assert writer.apply(config_map(namespace, a="d"), manager="infra-kit", force=True)["data"] == {"a": "d"}
    with pytest.raises(ConflictError) as taken:
        writer.create(config_map(namespace))
    assert taken.value.exists


def test_only_the_very_object_is_deleted(writer: KubernetesWriter, namespace: str) -> None:
    made = writer.apply(config_map(namespace, a="b"), manager="infra-kit")
    with pytest.raises(ConflictError):
        writer.delete("v1", "ConfigMap", namespace, "one", uid="00000000-0000-0000-0000-000000000000")
    writer.delete("v1", "ConfigMap", namespace, "one", uid=made["metadata"]["uid"])
    assert writer.get("v1", "ConfigMap", namespace, "one") is None


def test_unknown_fields_and_wrong_types_are_refused(writer: KubernetesWriter, namespace: str) -> None:
    with pytest.raises(InvalidError, match="field not declared in schema") as unknown:
        writer.apply({**config_map(namespace), "bogus": 1}, manager="infra-kit")
    assert unknown.value.causes[0].field == "bogus"
    with pytest.raises(InvalidError, match="expected string"):
        writer.apply(config_map(namespace, a=1), manager="infra-kit")


def test_a_field_that_is_fixed_at_creation(writer: KubernetesWriter, namespace: str) -> None:
    writer.apply({**config_map(namespace, a="b"), "immutable": True}, manager="infra-kit")
    with pytest.raises(InvalidError, match="field is immutable when") as refusal:
        writer.apply({**config_map(namespace, a="c"), "immutable": True}, manager="infra-kit")
    assert refusal.value.immutable


def test_what_rbac_forbids_names_who_may_not_do_what(control_plane: RunningControlPlane, endpoint: Endpoint, namespace: str) -> None:
    control_plane.kubectl("-n", namespace, "create", "serviceaccount", "weak")
    token = control_plane.kubectl("-n", namespace, "create", "token", "weak").stdout.strip()
    endpoint.secrets.remember("env:WEAK", token)
    weak = KubernetesReader(replace(endpoint, password_reference="env:WEAK"))
    with pytest.raises(ForbiddenError, match=f'User "system:serviceaccount:{namespace}:weak" cannot get resource "secrets"') as refusal:
        weak.get("v1", "Secret", namespace, "any")
    assert refusal.value.why == "permission"
    weak.close()


def test_a_token_that_is_refused_is_not_sent_again(endpoint: Endpoint) -> None:
    endpoint.secrets.remember("env:WRONG", "not-a-token")
    stranger = KubernetesReader(replace(endpoint, password_reference="env:WRONG"))
    whole, short = (
        "GET /api: Unauthorized: the API server does not take the token .*expired",
        "not take the token, and was not asked again$",
    )
    for words in (whole, short, short):
        with pytest.raises(AuthenticationError, match=words) as refusal:
            stranger.get("v1", "Node", "", "any")
        assert "not-a-token" not in str(refusal.value)
    stranger.close()


def test_another_authority_is_not_trusted(endpoint: Endpoint, tmp_path: Path) -> None:
    other = KubernetesReader(replace(endpoint, ca=Authority(tmp_path).certificate_file))
    with pytest.raises(TrustError, match="is not trusted"):
        other.version()
    with pytest.raises(TrustError, match="is not there"):
        KubernetesReader(replace(endpoint, ca=tmp_path / "missing.pem"))


def test_a_server_that_is_away_is_asked_once_for_all(endpoint: Endpoint) -> None:
    away = KubernetesReader(replace(endpoint, port=1))
    with pytest.raises(AwayError, match=r"GET /readyz: .*Connection refused .*check the address"):
        away.version()
    for _ in range(100):
        with pytest.raises(AwayError, match=r"kubernetes: the API server does not answer, and was not asked again$"):
            away.version()
    away.close()


def test_a_watch_tells_what_happens(writer: KubernetesWriter, namespace: str) -> None:
    made = writer.apply(config_map(namespace, a="b"), manager="infra-kit")
    events = writer.watch("v1", "ConfigMap", namespace, name="one", resource_version=made["metadata"]["resourceVersion"], timeout_s=20)
    writer.apply(config_map(namespace, a="c"), manager="infra-kit")
    writer.delete("v1", "ConfigMap", namespace, "one")
    assert [event["type"] for event in itertools.islice(events, 2)] == ["MODIFIED", "DELETED"]


def test_warnings_are_kept(writer: KubernetesWriter, namespace: str) -> None:
    writer.patch("v1", "Namespace", "", namespace, {"metadata": {"labels": {"pod-security.kubernetes.io/warn": "restricted"}}})
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": namespace}}
    writer.dry_run_apply({**pod, "spec": {"containers": [{"name": "a", "image": "b"}]}}, manager="infra-kit", force=False)
    (warning,) = writer.warnings("Pod", namespace, "p")
    assert "would violate PodSecurity" in warning
    assert writer.all_warnings()[f"Pod/{namespace}/p"] == (warning,)
