"""What every component of a workspace is given: the inventory, the names, and where objects go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infra_kit.stacks.parts.place import Place

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.inventory.models.kubernetes import Kubernetes
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.workspaces import Workspace
    from infra_kit.stacks.workspaces.names import Names, User


@dataclass(frozen=True, slots=True)
class Context:
    """One workspace in the making.

    Args:
        site: the site.
        workspace: the workspace.
        names: its names.
        namespaces: the namespaces' objects by their names, as they are made; everything in a namespace comes after it.
    """

    site: Site
    workspace: Workspace
    names: Names
    namespaces: dict[str, Resource] = field(default_factory=dict)

    @property
    def kubernetes(self) -> Kubernetes:
        """The platform beneath the workspace."""
        assert self.site.kubernetes is not None, "rule IK4104: no workspaces without Kubernetes"
        return self.site.kubernetes

    def cluster_wide(self, parent: Resource) -> Place:
        """Where a component's cluster-wide objects are made."""
        return Place("", self.names.owner, parent)

    def services(self, parent: Resource, *after: Resource) -> Place:
        """Where a component's objects among the workspace's services are made."""
        return Place(self.names.services, self.names.owner, parent, (self.namespaces[self.names.services], *after))

    def user(self, user: User, parent: Resource, *after: Resource) -> Place:
        """Where a component's objects for one user are made."""
        return Place(user.namespace, user.owner, parent, (self.namespaces[user.namespace], *after))

    def replicas(self, wanted: int) -> int:
        """How many replicas of a service run: none while the workspace is suspended."""
        return 0 if self.workspace.suspended else wanted
