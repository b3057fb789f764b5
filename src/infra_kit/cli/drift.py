"""`infra-kit drift`: where devices differ from the inventory, found by clients that cannot write."""

from __future__ import annotations

from typing import Annotated

import typer

from infra_kit.cli.options import (
    DetailedOption,
    EndpointsOption,
    Format,
    FormatOption,
    FullOption,
    LayerOption,
    SiteArgument,
    TargetOption,
    WorkspaceOption,
    selection,
)
from infra_kit.inventory.errors import ExitCode


def drift(
    site: SiteArgument,
    layer: LayerOption = None,
    target: TargetOption = None,
    workspace: WorkspaceOption = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="ID-GLOB", help="Leave out resources whose id matches; repeatable.")
    ] = None,
    form: FormatOption = Format.TEXT,
    detailed_exitcode: DetailedOption = False,
    endpoints: EndpointsOption = None,
    full: FullOption = False,
) -> int:
    """Show where devices differ from the inventory; changes nothing.

    Exit codes: 0 fine, 2 drift or unknowns (with --detailed-exitcode), 1 error, 65 the inventory has errors.
    """
    from infra_kit.cli.plan import look, show
    from infra_kit.cli.reach import open_site

    chosen = selection(layer, target, ignore, workspace)
    loaded, access = open_site(site, endpoints, quiet=form is Format.JSON)
    found = look(loaded, access, chosen, full=full)
    show(found, access, form, title="Drift")
    if ignore and form is Format.TEXT:
        typer.echo(f"Left out: {', '.join(ignore)}")
    return int(ExitCode.CHANGES) if detailed_exitcode and not found.clean else int(ExitCode.OK)
