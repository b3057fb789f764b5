"""`infra-kit destroy`: remove what infra-kit created."""

from __future__ import annotations

from typing import Annotated

import typer

from infra_kit.cli.options import BreakLockOption, EndpointsOption, ForceOption, SiteArgument, YesOption, selection


def destroy(
    site: SiteArgument,
    target: Annotated[
        list[str],
        typer.Option("--target", metavar="ID-GLOB", help="Which of the created resources; repeatable.", show_default=False),
    ],
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

    chosen = selection(None, target)
    require_consent(yes=yes)
    loaded, access = open_site(site, endpoints, quiet=False)
    return carry_out(loaded, access, Request("destroy", chosen, force=force, break_lock=break_lock), yes=yes)
