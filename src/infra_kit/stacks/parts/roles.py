"""The platform's cluster roles by name, and how a workspace gives them to somebody in a namespace.

What each may do: `templates/kubernetes/platform/roles.yaml`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from infra_kit.stacks.parts.accounts import RBAC

if TYPE_CHECKING:
    from pulumi_kubernetes.rbac.v1 import ClusterRoleBinding, RoleBinding

    from infra_kit.stacks.parts.place import Place

RoleName = Literal["workspace-viewer", "workspace-user", "workspace-admin", "workspace-operator", "spawner", "spawner-cluster"]


def role_name(name: str) -> str:
    """The ClusterRole's name on the cluster."""
    return f"infra-kit-{name}"


def group(name: str) -> dict[str, str]:
    """A group of the directory as the subject of a binding."""
    return {"apiGroup": RBAC, "kind": "Group", "name": name}


def user(name: str) -> dict[str, str]:
    """A user of the directory as the subject of a binding."""
    return {"apiGroup": RBAC, "kind": "User", "name": name}


def grant(place: Place, role: RoleName, subjects: Sequence[dict[str, str]], *, name: str = "") -> RoleBinding:
    """Give a role of the platform to somebody, in one namespace.

    Args:
        place: the namespace.
        role: which.
        subjects: to whom: `user`, `group`, `parts.accounts.subject`.
        name: the binding's name; empty: the role's.
    """
    from pulumi_kubernetes.rbac.v1 import RoleBinding

    chosen, everyone = name or role, list[Any](subjects)
    return RoleBinding(
        place.logical(chosen),
        metadata=place.metadata(chosen, "roles"),
        role_ref={"api_group": RBAC, "kind": "ClusterRole", "name": role_name(role)},
        subjects=everyone,
        opts=place.options(),
    )


def grant_everywhere(place: Place, role: RoleName, subjects: Sequence[dict[str, str]], *, name: str) -> ClusterRoleBinding:
    """Give a role of the platform to somebody, in all namespaces.

    Args:
        place: a place without a namespace.
        role: which.
        subjects: to whom.
        name: the binding's name, which is cluster-wide: it begins with the workspace's.
    """
    from pulumi_kubernetes.rbac.v1 import ClusterRoleBinding

    everyone = list[Any](subjects)
    return ClusterRoleBinding(
        name,
        metadata=place.metadata(name, "roles"),
        role_ref={"api_group": RBAC, "kind": "ClusterRole", "name": role_name(role)},
        subjects=everyone,
        opts=place.options(),
    )
