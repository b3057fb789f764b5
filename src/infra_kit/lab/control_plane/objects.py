"""What the lab itself puts on the cluster: who may do what, and the nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.lab.control_plane.commands import NODE_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_kit.inventory.nodes import NodeShape

_RBAC = "rbac.authorization.k8s.io"
_KWOK_RULES: tuple[tuple[str, str, str], ...] = (
    ("", "events", "create delete get list patch update watch"),
    ("", "nodes", "get list watch"),
    ("", "nodes/status pods/status", "patch update"),
    ("", "pods", "delete get list patch update watch"),
    ("coordination.k8s.io", "leases", "create get list patch update watch"),
)
"""API group, resources, verbs: the role that comes with kwok v0.8.0 (kustomize/rbac), less its own kinds, which the lab does not have."""


def grants(user: str) -> list[dict[str, Any]]:
    """The roles and bindings of infra-kit's user (administrator) and of kwok.

    Args:
        user: as whom infra-kit comes.
    """
    rules = [{"apiGroups": [group], "resources": what.split(), "verbs": verbs.split()} for group, what, verbs in _KWOK_RULES]
    role = {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": "infra-kit-lab:kwok"}, "rules": rules}
    return [
        _binding("infra-kit-lab:administrator", "cluster-admin", user),
        role,
        _binding("infra-kit-lab:kwok", "infra-kit-lab:kwok", "system:kwok"),
    ]


def _binding(name: str, role: str, user: str) -> dict[str, Any]:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": user}],
    }


def nodes(shapes: Iterable[NodeShape]) -> list[dict[str, Any]]:
    """The nodes whose servers are on, with their labels and taints; their status is what `status` gives."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": shape.name, "labels": {**shape.labels, NODE_LABEL: "true"}},
            "spec": {"taints": [{"key": each.key, "value": each.value, "effect": each.effect} for each in shape.taints]},
            "status": {"capacity": shape.capacity, "allocatable": shape.allocatable},
        }
        for shape in shapes
        if shape.server.power == "on"
    ]
