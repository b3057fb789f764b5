"""A workspace: one component made of small ones, each in its own file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi import ComponentResource

from infra_kit.stacks.workspaces.access import Access
from infra_kit.stacks.workspaces.context import Context
from infra_kit.stacks.workspaces.division import Division
from infra_kit.stacks.workspaces.isolation import Isolation
from infra_kit.stacks.workspaces.names import Names
from infra_kit.stacks.workspaces.namespaces import Namespaces
from infra_kit.stacks.workspaces.quotas import Quotas
from infra_kit.stacks.workspaces.volumes import Volumes

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.workspaces import Workspace


class MachineLearningWorkspace(ComponentResource):
    """Everything of one workspace."""

    def __init__(self, site: Site, workspace: Workspace) -> None:
        names = Names(site, workspace)
        super().__init__("infra-kit:workspaces:Workspace", workspace.name)
        context = Context(site, workspace, names)
        division = Division(site, workspace, names)
        Namespaces(context, self)
        Quotas(context, division, self)
        Isolation(context, self)
        Access(context, self)
        Volumes(context, division, self)
        self.register_outputs({})
