"""From an edit of the inventory to the cluster: shown, checked, written, planned, asked, applied; taken back where nothing was sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from infra_kit.cli.console import paint
from infra_kit.inventory.errors import ExitCode, ProgramError, StateError
from infra_kit.inventory.site_change import SiteChange, alone, change

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.inventory.block_list import BlockList
    from infra_kit.inventory.models.site import Site

SECTION = "workspaces"
NEW_FILE = "platform.yaml"
"""Where `init` puts workspaces."""
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to become of one workspace.

    Args:
        name: the workspace's.
        edit: gives the new text of the list of workspaces.
        force: what others put into its namespaces may go.
    """

    name: str
    edit: Callable[[BlockList], str]
    force: bool = False


def carry_out(site: Site, wish: Wish, *, yes: bool, no_apply: bool, endpoints: Path | None) -> int:
    """Edit the inventory, then plan and apply that workspace alone.

    Where nothing was sent in the end (declined, locked by another run, no cluster), the inventory is as it was.

    Args:
        site: the site as it is.
        wish: what is to change.
        yes: do not ask.
        no_apply: leave it at the edit.
        endpoints: an overlay.

    Returns:
        The exit code: as that of `apply`; 65 where the changed inventory would have errors.
    """
    made = _written(site, wish)
    if made is None:
        return int(ExitCode.INVENTORY)
    again = f"infra-kit apply {site.folder} --workspace {wish.name}{' --force' if wish.force else ''}"
    if no_apply or not _managed(site):
        why = "" if no_apply else "The site names no `kubernetes.credential`, so infra-kit does not talk to its cluster. "
        typer.echo(f"{why}Nothing is sent; `{again}` does the rest.")
        return int(ExitCode.OK)
    touched = False
    try:
        code, touched = _applied(site.folder, wish, yes=yes, endpoints=endpoints)
    except BaseException:
        _take_back(made, again)
        raise
    if code != ExitCode.OK and not touched:
        _take_back(made, again)
    elif code != ExitCode.OK:
        typer.echo(f"The inventory keeps the change ({made.path}).")
    return code


def _written(site: Site, wish: Wish) -> SiteChange | None:
    """The edit, written; None where the inventory would have errors, which are shown."""
    from infra_kit.inventory.block_list import BlockList
    from infra_kit.inventory.findings.text import counted

    with alone(site.folder):
        made = change(site.folder, SECTION, lambda text, where: wish.edit(BlockList(text, SECTION, where)), new_file=NEW_FILE)
        if not made.diff:
            typer.echo("The inventory says so already.")
            return made
        findings, text = made.findings(paint)
        if any(finding.severity == "error" for finding in findings):
            typer.echo(_coloured(made.diff))
            typer.echo(text)
            typer.echo(f"The inventory would have {counted(findings)}; nothing is written.")
            return None
        typer.echo(_coloured(made.diff))
        made.write()
    return made


def _applied(folder: Path, wish: Wish, *, yes: bool, endpoints: Path | None) -> tuple[int, bool]:
    """Plan and apply the workspace: the exit code, and whether anything was sent."""
    from infra_kit.cli.dialogue import performed
    from infra_kit.inventory.access import open_access
    from infra_kit.inventory.load import load_site
    from infra_kit.plan.request import Request
    from infra_kit.plan.selection import Selection

    request = Request(selection=Selection(workspaces=(wish.name,)), force=wish.force)
    for left in reversed(range(_ATTEMPTS)):
        site = load_site(folder)
        try:
            report = performed(site, open_access(site, endpoints), request, yes=yes)
            break
        except ProgramError:
            # Programs read the files themselves, and another operator may have added a workspace of theirs in between.
            if not left or load_site(folder).digest == site.digest:
                raise
    if report.exit_code == ExitCode.OK and site.kubernetes is not None and site.kubernetes.queues == "yunikorn":
        typer.echo(f"The scheduler's queues are the platform's: `infra-kit apply {folder} --layer cluster` brings them up to date.")
    return report.exit_code, report.touched


def _take_back(made: SiteChange, again: str) -> None:
    if not made.diff:
        return
    try:
        with alone(made.path.parent):
            made.take_back()
    except StateError as error:
        typer.echo(f"The inventory keeps the change: {error.where} {error.what}. `{again}` carries it out.", err=True)
    else:
        typer.echo("The inventory is as it was.", err=True)


def _managed(site: Site) -> bool:
    return site.kubernetes is not None and site.kubernetes.credential is not None


def _coloured(diff: str) -> str:
    colours = {"+": "green", "-": "red", "@": "cyan"}
    return "\n".join(paint(line, colours[line[0]]) if line[:1] in colours else line for line in diff.splitlines())
