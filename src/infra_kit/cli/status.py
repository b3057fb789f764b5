"""`infra-kit status`: how the site is reached, who holds its lock, what its last run left. Contacts no device."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import typer

from infra_kit.cli.options import Format, FormatOption, SiteArgument, WorkspaceOption

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.record.database import Database
    from infra_kit.plan.record.holding import Held
    from infra_kit.plan.record.journal import Journal
    from infra_kit.plan.record.tables import RunRow


def status(site: SiteArgument, workspace: WorkspaceOption = None, form: FormatOption = Format.TEXT) -> int:
    """Say what a site's last run left, and who holds its lock."""
    from infra_kit.inventory.access import lab_overlay
    from infra_kit.inventory.load import load_site
    from infra_kit.plan.record.place import existing_database
    from infra_kit.plan.selection import Selection
    from infra_kit.plan.state import StateFolder

    loaded = load_site(site)
    overlay = lab_overlay(loaded.folder)
    record: dict[str, Any] = {
        "site": loaded.site.name,
        "access": loaded.site.access,
        "lab": {"running": overlay is not None, "endpoints": str(overlay) if overlay else None},
        "lock": None,
        "locks": [],
        "last_run": None,
        "running": None,
        "unfinished": None,
        "pending": [],
        "created": {},
    }
    database = existing_database(loaded, StateFolder(loaded.folder))
    known = set(loaded.workspace_by_name)
    if database is not None:
        with database:
            known |= _remembered(loaded, database)
            record |= _journaled(loaded, database, _meant(workspace))
    Selection(workspaces=tuple(workspace or ())).require_workspaces(known)
    if form is Format.JSON:
        typer.echo(json.dumps(record, indent=1))
    else:
        for line in _text(record):
            typer.echo(line)
    return 0


def _meant(workspace: list[str] | None) -> tuple[str, ...]:
    from infra_kit.plan import scope

    return scope.together(map(scope.workspace, workspace or ()))


def _remembered(site: Site, database: Database) -> set[str]:
    """Workspaces that the journal has something to tell of, though they may have left the inventory."""
    from infra_kit.plan.record.journal import Journal
    from infra_kit.plan.resumption import scopes_of
    from infra_kit.plan.scope import workspaces

    journal = Journal(database, site.site.name)
    scopes = [*(each.scope for each in journal.created()), *(scope for row in journal.open_runs() for scope in scopes_of(row))]
    return set(workspaces(scopes))


def _journaled(site: Site, database: Database, meant: tuple[str, ...]) -> dict[str, Any]:
    """What the journal says of these scopes; a run of the whole site is about each of them."""
    from infra_kit.plan.record.documents import run_record
    from infra_kit.plan.record.journal import Journal
    from infra_kit.plan.record.lock import Lock
    from infra_kit.plan.resumption import scopes_of
    from infra_kit.plan.scope import overlap

    journal = Journal(database, site.site.name)
    locks = [held for held in Lock(database, site.site.name).held_by() if overlap(held.scopes, meant)]
    runs = [row for row in journal.runs() if overlap(scopes_of(row), meant)]
    last = run_record(runs[0]) if runs else None
    running = last is not None and any(held.run == last["run"] and not held.stale for held in locks)
    created = [each for each in journal.created() if overlap((each.scope,), meant)]
    shown = [{"holder": held.text, "run": held.run, "scopes": list(held.scopes), "stale": held.stale or None} for held in locks]
    return {
        "lock": shown[0] if shown else None,
        "locks": shown,
        "last_run": last,
        "running": last["run"] if last is not None and running else None,
        **_left(site, journal, locks, [row for row in journal.open_runs() if overlap(scopes_of(row), meant)]),
        **({"pending": [step.resource for step in journal.left(last["run"])]} if last is not None and running else {}),
        "created": dict(Counter(each.id.partition("/")[0] for each in created)),
    }


def _left(site: Site, journal: Journal, locks: list[Held], unfinished: list[RunRow]) -> dict[str, Any]:
    """What the last unfinished run has still to do, and what finishes it; not where a living run may be doing just that."""
    from infra_kit.plan.continuation import command_line
    from infra_kit.plan.resumption import scopes_of
    from infra_kit.plan.scope import overlap
    from infra_kit.plan.selection import Selection

    for row in unfinished:
        left = [step.resource for step in journal.left(row.id)]
        near = [held for held in locks if overlap(held.scopes, scopes_of(row))]
        if left and all(held.stale for held in near):
            chosen = Selection.from_dict(row.request["selection"])
            again = command_line(row.command, chosen, site.folder, scopes=scopes_of(row), break_lock=bool(near))
            return {"unfinished": row.id, "unfinished_command": row.command, "pending": left, "finish": again}
    return {"unfinished": None, "pending": [], "finish": None}


def _text(record: dict[str, Any]) -> list[str]:
    lab = f"running ({record['lab']['endpoints']})" if record["lab"]["running"] else "not running"
    lines = [f"{record['site']}: access {record['access']}, lab {lab}"]
    for lock in record["locks"]:
        stale = f"; stale: {lock['stale']}" if lock["stale"] else ""
        part = "" if lock["scopes"] == [""] else f" on {', '.join(lock['scopes'])}"
        lines.append(f"lock{part}: {lock['holder']}{stale}")
    if not record["locks"]:
        lines.append("lock: free")
    lines.append(_last_run(record))
    if record.get("unfinished"):
        left = f"{len(record['pending'])} step{'s' if len(record['pending']) > 1 else ''} left"
        lines.append(f"unfinished: {record['unfinished']} {record['unfinished_command']}, {left}; `{record['finish']}` finishes it")
    if record["created"]:
        lines.append("created: " + ", ".join(f"{count} in {layer}" for layer, count in record["created"].items()))
    return lines


def _last_run(record: dict[str, Any]) -> str:
    last = record["last_run"]
    if last is None:
        return "last run: none"
    state = last["state"]
    if record.get("running"):
        state = f"running ({len(record['pending'])} steps to go)" if state == "running" else f"running ({state})"
    elif state in {"planning", "running"}:
        # Only a run that lives can be doing that.
        state = f"killed while {state}"
    return f"last run: {last['run']} {last['command']} {state}, started {last['started']}"
