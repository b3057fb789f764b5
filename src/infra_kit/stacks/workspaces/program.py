"""The program of the stack `workspaces`: one workspace of a site."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.workspaces import Workspace


def program(site: Site, workspace: Workspace) -> None:
    """Make a workspace's objects. Run by an engine, inside Pulumi.

    Raises:
        ProgramError: the workspace cannot be made as the inventory has it; says what to change there.
    """
    from infra_kit.stacks.workspaces.workspace import MachineLearningWorkspace

    MachineLearningWorkspace(site, workspace)
