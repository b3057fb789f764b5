"""`infra-kit plan`: what `apply` would do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from infra_kit.inventory.access import Access
    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.planning import Plan
    from infra_kit.plan.selection import Selection


def plan(
    site: SiteArgument,
    layer: LayerOption = None,
    target: TargetOption = None,
    workspace: WorkspaceOption = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the plan for `apply FILE`.", show_default=False)] = None,
    form: FormatOption = Format.TEXT,
    detailed_exitcode: DetailedOption = False,
    endpoints: EndpointsOption = None,
    full: FullOption = False,
) -> int:
    """Read every device and show what would change.

    Exit codes: 0 fine, 2 changes or unknowns (with --detailed-exitcode), 1 error, 65 the inventory has errors.
    """
    from infra_kit.cli.reach import open_site
    from infra_kit.plan import planfile

    chosen = selection(layer, target, workspace=workspace)
    loaded, access = open_site(site, endpoints, quiet=form is Format.JSON)
    found = look(loaded, access, chosen, full=full)
    show(found, access, form, title="Plan")
    if out is not None:
        planfile.write(planfile.document(found, access.mask), out)
        typer.echo(f"Plan written to {out}; `infra-kit apply {out}` carries it out within 24 h.", err=form is Format.JSON)
    return int(ExitCode.CHANGES) if detailed_exitcode and not found.clean else int(ExitCode.OK)


def look(site: Site, access: Access, chosen: Selection, *, full: bool = False) -> Plan:
    """Make a plan with connections that cannot write."""
    from infra_kit.cli.reach import concerned
    from infra_kit.plan.connections import Connections
    from infra_kit.plan.planning import make_plan
    from infra_kit.plan.presentation import console
    from infra_kit.plan.progress import ProgressDisplay
    from infra_kit.plan.record.place import existing_database
    from infra_kit.plan.resource import ReadContext
    from infra_kit.plan.state import StateFolder

    database = existing_database(site, StateFolder(site.folder))
    created = []
    if database is not None:
        from infra_kit.plan.record.journal import Journal

        with database:
            created = Journal(database, site.site.name).created()
    progress = ProgressDisplay(console(sys.stderr), access.mask)
    with Connections(access, read_only=True) as connections, progress.reading():
        context = ReadContext(site, connections, full=full)
        return make_plan(concerned(access, chosen), context, selection=chosen, created=created, listener=progress.event)


def show(found: Plan, access: Access, form: Format, *, title: str) -> None:
    """Print a plan in the asked-for form."""
    import json

    from infra_kit.plan import planfile
    from infra_kit.plan.presentation import console, plan_text

    for notice in found.notices:
        typer.echo(access.mask(f"note: {notice}"), err=True)
    if form is Format.JSON:
        typer.echo(json.dumps(planfile.document(found, access.mask), indent=1))
        return
    output = console(sys.stdout)
    for line in plan_text(found, access.mask, title=title):
        output.print(line)
