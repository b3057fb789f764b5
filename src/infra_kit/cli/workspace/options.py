"""What the commands for workspaces share on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from infra_kit.inventory.errors import UsageError

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.workspaces import Workspace

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The workspace's name.", show_default=False)]
NoApplyOption = Annotated[bool, typer.Option("--no-apply", help="Only edit the inventory; nothing is sent to the cluster.")]


def known(site: Site, name: str) -> Workspace:
    """The site's workspace of that name.

    Raises:
        UsageError: there is none.
    """
    found = site.workspace_by_name.get(name)
    if found is None:
        names = ", ".join(site.workspace_by_name) or "none at all"
        raise UsageError(f"the site has no workspace {name}", remedy=f"it has {names}")
    return found
