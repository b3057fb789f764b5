"""`infra-kit history`: what was done to a site, when, by whom, and how it ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra_kit.cli.console import cut, width, wrapped
from infra_kit.cli.options import Format, FormatOption, SiteArgument
from infra_kit.inventory.errors import UsageError

if TYPE_CHECKING:
    from infra_kit.plan.record.journal import Journal


def history(
    site: SiteArgument,
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="A run's id, or the beginning of it.", show_default=False)] = None,
    form: FormatOption = Format.TEXT,
) -> int:
    """List the runs of a site, or the steps of one.

    The list has a line for each run, which may be cut; what is told of one run is whole.
    """
    from infra_kit.inventory.load import load_site
    from infra_kit.plan.record.journal import Journal
    from infra_kit.plan.record.lock import Lock
    from infra_kit.plan.record.place import existing_database
    from infra_kit.plan.state import StateFolder

    loaded = load_site(site)
    database = existing_database(loaded, StateFolder(loaded.folder))
    if database is None:
        if run is not None:
            raise UsageError(f"site {loaded.site.name} has no run yet")
        typer.echo("[]" if form is Format.JSON else f"{loaded.site.name}: no run yet")
        return 0
    with database:
        journal = Journal(database, loaded.site.name)
        alive = {held.run for held in Lock(database, loaded.site.name).held_by() if not held.stale}
        if run is None:
            _list(journal, form, alive)
        else:
            _detail(journal, run, form, alive)
    return 0


def _list(journal: Journal, form: Format, alive: set[str]) -> None:
    from infra_kit.plan.record.documents import run_record

    records = [run_record(row) for row in journal.runs()]
    if form is Format.JSON:
        typer.echo(json.dumps(records, indent=1))
        return
    for each in records:
        typer.echo(cut(_run_line(each, alive)))


def _detail(journal: Journal, run: str, form: Format, alive: set[str]) -> None:
    from infra_kit.plan.record.documents import run_record, step_record

    row = journal.run(run)
    record = {**run_record(row), "steps": [step_record(step) for step in journal.steps(row.id)]}
    if form is Format.JSON:
        typer.echo(json.dumps(record, indent=1))
        return
    for line in _told(_run_line({**record, "message": ""}, alive), record["message"], "  ", 2):
        typer.echo(line)
    for step in record["steps"]:
        seconds = "" if step["seconds"] is None else f" {step['seconds']:.1f} s"
        for line in _told(f"  {step['state']:8} {step['action']:7} {step['resource']}{seconds}", step["message"], ": ", 6):
            typer.echo(line)


def _told(head: str, message: str, between: str, by: int) -> list[str]:
    """What is told of a run or a step, whole: in one line, or the message in lines of its own."""
    line = f"{head}{between}{message}" if message else head
    return [line] if len(line) <= width() else [head, *wrapped(message, by)]


def _run_line(record: dict[str, Any], alive: set[str]) -> str:
    from infra_kit.plan.scope import workspaces

    # What such a run was doing when it was killed, `status` says.
    state = "killed" if record["state"] in {"planning", "running"} and record["run"] not in alive else record["state"]
    about = "".join(f"  {','.join(names)}" for names in [workspaces(record["scopes"])] if names)
    seconds = "" if record["seconds"] is None else f"  {record['seconds']:.1f} s"
    message = f"  {record['message']}" if record["message"] else ""
    who = f"{record['user']}@{record['host']}"
    return f"{record['run']}  {record['command']:8} {state:11} {who}  {record['access']}{about}{seconds}{message}"
