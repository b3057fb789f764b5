"""Objects are told apart, and named in a plan, as the design says."""

from __future__ import annotations

import pytest

from infra_kit.stacks.stack import ObjectKey, Stack, StackObject


@pytest.mark.parametrize(
    ("key", "path"),
    [
        (ObjectKey("apps", "Deployment", "fraud", "mlflow"), "Deployment/fraud/mlflow"),
        (ObjectKey("", "Namespace", "", "fraud"), "Namespace/fraud"),
        (ObjectKey("networking.k8s.io", "NetworkPolicy", "fraud", "default-deny"), "NetworkPolicy/fraud/default-deny"),
        (ObjectKey("example.com", "Ingress", "fraud", "x"), "Ingress.example.com/fraud/x"),
    ],
)
def test_an_object_has_a_path(key: ObjectKey, path: str) -> None:
    assert key.path == path


def test_a_core_object_has_an_empty_group() -> None:
    item = StackObject(
        "x", "kubernetes:core/v1:ConfigMap", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "n"}}
    )
    assert item.key == ObjectKey("", "ConfigMap", "n", "x")


def test_a_stack_of_a_workspace_has_a_scope_of_its_own() -> None:
    assert (Stack("workspaces", "workspaces", "fraud").name, Stack("workspaces", "workspaces", "fraud").scope) == (
        "workspaces.fraud",
        "workspaces/fraud",
    )
    assert (Stack("cluster", "platform").name, Stack("cluster", "platform").scope) == ("platform", "")
