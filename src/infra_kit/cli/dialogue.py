"""The terminal's side of `apply` and `destroy`: shows the plan, asks, shows progress, says how it ended."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from infra_kit.cli.console import is_interactive
from infra_kit.inventory.errors import UsageError
from infra_kit.plan.presentation import console, plan_text, report_text
from infra_kit.plan.progress import ProgressDisplay
from infra_kit.plan.run import perform

if TYPE_CHECKING:
    from infra_kit.inventory.access import Access
    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.events import Event
    from infra_kit.plan.planning import Plan
    from infra_kit.plan.request import Report, Request


class TerminalDialogue:
    """Talks to a person, or to a log where `--yes` was given.

    Args:
        access: knows the secrets to mask.
        yes: do not ask.
    """

    def __init__(self, access: Access, *, yes: bool) -> None:
        """Nothing is shown yet."""
        self._access = access
        self._yes = yes
        self.output = console(sys.stdout)
        self.progress = ProgressDisplay(console(sys.stderr), access.mask)

    def notice(self, text: str) -> None:
        """Say it on standard error."""
        typer.echo(self._access.mask(text), err=True)

    def planned(self, plan: Plan) -> None:
        """Show the plan."""
        self.progress.close()
        for line in plan_text(plan, self._access.mask):
            self.output.print(line)

    def agrees(self, plan: Plan) -> bool:
        """Ask, unless told not to."""
        if not self._yes:
            reboots = sum(entry.diff.disruption != "none" for entry in plan.pending)
            warning = f", {reboots} of them disruptive" if reboots else ""
            try:
                if not typer.confirm(f"Carry out {len(plan.pending)} changes{warning}?", default=False):
                    return False
            except typer.Abort as error:
                raise KeyboardInterrupt from error
        self.progress.changing(len(plan.pending))
        return True

    def event(self, event: Event) -> None:
        """Show progress."""
        self.progress.event(event)


def require_consent(*, yes: bool) -> None:
    """Refuse, before any device is contacted, when there is nobody to ask.

    Raises:
        UsageError: no terminal and no `--yes`.
    """
    if not yes and not is_interactive():
        raise UsageError("there is no terminal to ask at", remedy="look at `infra-kit plan` first, then add --yes")


def carry_out(site: Site, access: Access, request: Request, *, yes: bool) -> int:
    """Perform the request at the terminal and give the exit code.

    What could not be compared because its device was only being made is planned and agreed to in a run of its own, the next.
    """
    from infra_kit.plan.later import next_request

    report = performed(site, access, request, yes=yes)
    following = next_request(report, request)
    if following is None or report.state == "declined":
        return report.exit_code
    typer.echo("\nWhat had to wait is compared now.")
    return performed(site, access, following, yes=yes).exit_code


def performed(site: Site, access: Access, request: Request, *, yes: bool) -> Report:
    """Perform the request at the terminal, and say how it ended."""
    from infra_kit.cli.reach import concerned
    from infra_kit.plan.selection import EVERYTHING

    dialogue = TerminalDialogue(access, yes=yes)
    selection = request.of_plan_file(request.plan_file, request).selection if request.plan_file else request.selection
    wanted = concerned(access, EVERYTHING if request.resume else selection)
    with dialogue.progress.reading():
        report = perform(site, wanted, access, request, dialogue)
    if report.state == "declined":
        typer.echo("Nothing was sent.")
        return report
    for line in report_text(report, access.mask, target=str(site.folder)):
        dialogue.output.print(line)
    return report
