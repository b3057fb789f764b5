"""Service accounts, and what they may ask the API server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.stacks.parts.place import Place

Rules = Sequence[dict[str, Any]]
RBAC = "rbac.authorization.k8s.io"


def account(
    place: Place, name: str, *, rules: Rules = (), cluster_rules: Rules = (), cluster_roles: Sequence[str] = ()
) -> tuple[Resource, ...]:
    """A service account with its rights.

    Args:
        place: its namespace.
        name: its name, and that of its roles.
        rules: what it may do in its own namespace.
        cluster_rules: what it may do everywhere.
        cluster_roles: roles that are there already, and that it has everywhere.

    Returns:
        Everything that a pod under the account has to wait for.
    """
    from pulumi_kubernetes.core.v1 import ServiceAccount

    # A token is mounted only where a pod asks for it, not into everything that runs under the account.
    made: list[Resource] = [
        ServiceAccount(
            place.logical(name), metadata=place.metadata(name, name), automount_service_account_token=False, opts=place.options()
        )
    ]
    if rules:
        made += _in_namespace(place, name, rules)
    if cluster_rules:
        made += _everywhere(place, name, cluster_rules)
    wide = replace(place, namespace="")
    for role in cluster_roles:
        made.append(_bound_everywhere(wide, f"{place.namespace}-{name}-{role.replace(':', '-')}", role, name, place.namespace))
    return tuple(made)


def subject(namespace: str, name: str) -> dict[str, str]:
    """A service account as the subject of a binding."""
    return {"kind": "ServiceAccount", "namespace": namespace, "name": name}


def _in_namespace(place: Place, name: str, rules: Rules) -> list[Resource]:
    from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

    chosen: Any = list(rules)
    role = Role(place.logical(name), metadata=place.metadata(name, name), rules=chosen, opts=place.options())
    binding = RoleBinding(
        place.logical(name),
        metadata=place.metadata(name, name),
        role_ref={"api_group": RBAC, "kind": "Role", "name": name},
        subjects=_subjects(place.namespace, name),
        opts=place.options(role),
    )
    return [role, binding]


def _everywhere(place: Place, name: str, rules: Rules) -> list[Resource]:
    from pulumi_kubernetes.rbac.v1 import ClusterRole

    # Cluster-wide names carry the namespace's, so that two namespaces may have an account of one name.
    own, wide = f"{place.namespace}-{name}", replace(place, namespace="")
    chosen: Any = list(rules)
    role = ClusterRole(own, metadata=wide.metadata(own, name), rules=chosen, opts=wide.options())
    return [role, _bound_everywhere(wide, own, own, name, place.namespace, role)]


def _bound_everywhere(wide: Place, name: str, role: str, account_name: str, namespace: str, *after: Resource) -> Resource:
    from pulumi_kubernetes.rbac.v1 import ClusterRoleBinding

    return ClusterRoleBinding(
        name,
        metadata=wide.metadata(name, account_name),
        role_ref={"api_group": RBAC, "kind": "ClusterRole", "name": role},
        subjects=_subjects(namespace, account_name),
        opts=wide.options(*after),
    )


def _subjects(namespace: str, name: str) -> Any:
    return [subject(namespace, name)]
