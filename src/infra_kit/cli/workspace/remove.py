"""`infra-kit workspace remove`: backed up, taken out, and nothing left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from infra_kit.cli.options import EndpointsOption, SiteArgument, YesOption  # noqa: TC001  typer reads annotations at run time
from infra_kit.cli.workspace.options import NameArgument, NoApplyOption, known
from infra_kit.inventory.errors import ExitCode, InfraKitError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_kit.inventory.access import Access
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.workspaces import Workspace

_SHOWN = 20
"""So many foreign objects are named; of the others only the number is."""


def remove(
    site: SiteArgument,
    name: NameArgument,
    yes: YesOption = False,
    no_backup: Annotated[bool, typer.Option("--no-backup", help="Do not back it up first.")] = False,
    no_apply: NoApplyOption = False,
    endpoints: EndpointsOption = None,
) -> int:
    """Back a workspace up, then remove it from the inventory and the cluster.

    Says what goes and what stays: its namespaces go with all that is in them, secrets among it; files on its volumes stay. Asks for its
    name, unless `--yes` is given. What users and others have put into its namespaces is listed first and goes with them. In the end the
    cluster is searched for anything that is left of it.

    Exit codes: as those of `apply`; 1 something is left, or the backup failed (then nothing is removed), 64 no such workspace.
    """
    from infra_kit.cli.dialogue import require_consent
    from infra_kit.cli.workspace.change import Wish, carry_out
    from infra_kit.cli.workspace.opening import opened
    from infra_kit.inventory.access import open_access

    require_consent(yes=yes)
    loaded = opened(site, endpoints, no_apply=no_apply)
    workspace = known(loaded, name)
    managed = not no_apply and loaded.kubernetes is not None and loaded.kubernetes.credential is not None
    access = open_access(loaded, endpoints) if managed else None
    places = _look(access, name) if access is not None else []
    if access is not None:
        _tell(loaded, workspace, places)
    _ask(name, yes=yes)
    if access is not None and places and not no_backup:
        _back_up(access, workspace)
    wish = Wish(name, lambda items: items.without(name), force=True)
    code = carry_out(loaded, wish, yes=True, no_apply=no_apply, endpoints=endpoints)
    if access is not None and code == ExitCode.OK:
        _require_nothing_left(access, name)
        typer.echo(f"Nothing of workspace {name} is left on the cluster.")
    return code


def _look(access: Access, name: str) -> Sequence[str]:
    """Say what is there; give the workspace's namespaces."""
    from infra_kit.cli.workspace.opening import reader
    from infra_kit.stacks.operations import presence

    with reader(access) as client:
        places = presence.namespaces(client).get(name, [])
        others = presence.foreign(client, name, places)
    if not places:
        typer.echo(f"Workspace {name} is not on the cluster: there is nothing to back up.")
    if others:
        typer.echo(f"{len(others)} objects in its namespaces were made by others, and go with them:")
        for each in others[:_SHOWN]:
            typer.echo(f"  {each}")
        if len(others) > _SHOWN:
            typer.echo(f"  and {len(others) - _SHOWN} more")
    return places


def _tell(site: Site, workspace: Workspace, places: Sequence[str]) -> None:
    """Say what goes for good, and what stays where."""
    from infra_kit.inventory.volumes import on_array

    if places:
        typer.echo(f"Goes for good: namespace{'s' if len(places) > 1 else ''} {', '.join(places)} with all that is in there: services,")
        typer.echo("  sessions, jobs, models, their passwords and keys; and its PersistentVolumes, but not the files on them.")
    if site.kubernetes is None or site.kubernetes.volumes is None:
        return
    nfs = site.kubernetes.volumes.nfs
    typer.echo(f"Stays: what is in {nfs.server}:{nfs.path.rstrip('/')}/{workspace.name} (homes, project, artifacts, database, backups)")
    if on_array(site):
        typer.echo("  Directories that are empty go, and so do their quotas.")
    typer.echo("  A workspace of the same name finds these files again; to be rid of them, delete that directory.")
    if workspace.artifacts.kind == "s3":
        typer.echo(f"Stays: what its runs have put into bucket {workspace.artifacts.bucket} at {workspace.artifacts.endpoint}.")


def _ask(name: str, *, yes: bool) -> None:
    if yes:
        return
    try:
        answer = typer.prompt(f"Type the workspace's name ({name}) to remove it", default="", show_default=False)
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    if answer.strip() != name:
        raise UsageError("that is not its name; nothing was removed")


def _back_up(access: Access, workspace: Workspace) -> None:
    """Run the workspace's own backup now, and wait for its end.

    Raises:
        UsageError: it is suspended: its database, which is to be copied, does not run.
        InfraKitError: it failed, so that nothing is removed.
    """
    from infra_kit.cli.workspace.opening import progress, writer
    from infra_kit.stacks.operations import jobs

    name = workspace.name
    if workspace.suspended:
        raise UsageError(
            f"workspace {name} is suspended, so that its database cannot be copied; nothing was removed",
            remedy=f"`infra-kit workspace resume SITE {name}` first, or `--no-backup`",
        )
    try:
        with writer(access) as client:
            job = jobs.start(client, jobs.require(client, name, jobs.BACKUP))
            typer.echo(f"Backing up: job {job['metadata']['name']} in namespace {name}")
            jobs.wait(client, job, progress=progress())
    except InfraKitError as error:
        raise InfraKitError(
            f"the backup of workspace {name} failed: {error}; nothing was removed", remedy="mend it, or remove it with `--no-backup`"
        ) from error
    typer.echo("Backed up.")


def _require_nothing_left(access: Access, name: str) -> None:
    """Search the cluster.

    Raises:
        InfraKitError: something carries its labels still.
    """
    from infra_kit.cli.workspace.opening import reader
    from infra_kit.stacks.operations import presence

    with reader(access) as client:
        left = presence.remains(client, name)
    if left:
        more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        raise InfraKitError(
            f"of workspace {name} there is left {presence.counted(left)}: {', '.join(left[:_SHOWN])}{more}",
            remedy="what carries its label `infra-kit.dev/workspace` and no stack asks for can be deleted by kubectl",
        )
