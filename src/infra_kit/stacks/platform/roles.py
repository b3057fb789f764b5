"""The cluster roles that workspaces bind; what each may do stands in `templates/kubernetes/platform/roles.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.rbac.v1 import ClusterRole

from infra_kit.stacks.parts.labels import PREFIX
from infra_kit.stacks.parts.roles import role_name
from infra_kit.stacks.parts.template import rendered
from infra_kit.stacks.platform.frame import cluster_wide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi import Resource


class Roles(ComponentResource):
    """Makes the cluster roles."""

    def __init__(self, parent: Resource) -> None:
        super().__init__("infra-kit:platform:Roles", "roles", None, ResourceOptions(parent=parent))
        described = yaml.safe_load(rendered("platform/roles.yaml"))
        for role in described["roles"]:
            self._role(role)
        for name in described["aggregate"]:
            self._aggregate(name)
        self.register_outputs({})

    def _role(self, role: Mapping[str, Any]) -> None:
        place = cluster_wide(self)
        name = role_name(role["name"])
        metadata = place.metadata(name, "roles")
        metadata["labels"] |= {_label(target): "true" for target in role.get("to", ())}
        rules: Any = role["rules"]
        ClusterRole(name, metadata=metadata, rules=rules, opts=place.options())

    def _aggregate(self, name: str) -> None:
        """A role whose rules the control plane collects; they are its to write, so none are given here."""
        place = cluster_wide(self)
        full = role_name(name)
        collected: Any = {"clusterRoleSelectors": [{"matchLabels": {_label(name): "true"}}]}
        ClusterRole(full, metadata=place.metadata(full, "roles"), aggregation_rule=collected, opts=place.options())


def _label(name: str) -> str:
    return f"{PREFIX}to-{name}"
