"""`infra-kit workspace restore`: a workspace's databases from a backup."""

from __future__ import annotations

from typing import Annotated

import typer

from infra_kit.cli.options import EndpointsOption, SiteArgument, YesOption  # noqa: TC001  typer reads annotations at run time
from infra_kit.cli.workspace.options import NameArgument, known
from infra_kit.inventory.errors import ExitCode, UsageError


def restore(
    site: SiteArgument,
    name: NameArgument,
    source: Annotated[str, typer.Option("--from", metavar="BACKUP", help="Which backup; by default the newest.", show_default=False)] = "",
    yes: YesOption = False,
    endpoints: EndpointsOption = None,
) -> int:
    """Put a workspace's databases back to what a backup holds.

    Runs as a job in the workspace, from the template `restore` that its backup ships, and is waited for.

    Exit codes: 0 restored, 1 it failed (named with its pod and last event), 64 no such workspace, or it is suspended.
    """
    from infra_kit.cli.dialogue import require_consent
    from infra_kit.cli.reach import open_site
    from infra_kit.cli.workspace.opening import progress, writer
    from infra_kit.stacks.operations import jobs

    require_consent(yes=yes)
    loaded, access = open_site(site, endpoints, quiet=False)
    workspace = known(loaded, name)
    if workspace.suspended:
        raise UsageError(f"workspace {name} is suspended: its database does not run", remedy=f"`infra-kit workspace resume {site} {name}`")
    which = f"backup {source}" if source else "its newest backup"
    if not yes and not typer.confirm(f"Put the databases of workspace {name} back to {which}? What came after it is lost.", default=False):
        typer.echo("Nothing was sent.")
        return int(ExitCode.ERROR)
    with writer(access) as client:
        job = jobs.start(client, jobs.require(client, name, jobs.RESTORE), {jobs.CHOSEN: source} if source else None)
        typer.echo(f"Restoring: job {job['metadata']['name']} in namespace {name}")
        jobs.wait(client, job, progress=progress())
    typer.echo(f"Workspace {name} is restored from {which}.")
    return int(ExitCode.OK)
