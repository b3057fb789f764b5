"""`infra-kit destroy`: remove what infra-kit created."""

from __future__ import annotations

from typing import Annotated

import typer

from infra_kit.cli.options import BreakLockOption, EndpointsOption, ForceOption, SiteArgument, WorkspaceOption, YesOption, selection
from infra_kit.inventory.errors import UsageError


def destroy(
    site: SiteArgument,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="ID-GLOB", help="Which of the created resources; repeatable.", show_default=False),
    ] = None,
    workspace: WorkspaceOption = None,
    yes: YesOption = False,
    force: ForceOption = False,
    break_lock: BreakLockOption = False,
    endpoints: EndpointsOption = None,
) -> int:
    """Remove what infra-kit created.

    Only resources that infra-kit itself created are removed, whether the inventory still has them or not; what a device had
    before is left alone. Exit codes: as those of `apply`.
    """
    from infra_kit.cli.dialogue import carry_out, require_consent
    from infra_kit.cli.reach import open_site
    from infra_kit.plan.request import Request
    from infra_kit.stacks.layer import require_managed

    if not target and not workspace:
        raise UsageError("nothing is named that is to be removed", remedy="name it by --target or --workspace")
    chosen = selection(None, target, workspace=workspace)
    require_consent(yes=yes)
    loaded, access = open_site(site, endpoints, quiet=False)
    if workspace:
        require_managed(loaded)
    return carry_out(loaded, access, Request("destroy", chosen, force=force, break_lock=break_lock), yes=yes)
