"""`infra-kit status`: how the site is reached, who holds its lock, what its last run left. Contacts no device."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import typer

from infra_kit.cli.options import Format, FormatOption, SiteArgument

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.record.database import Database
    from infra_kit.plan.record.journal import Journal


def status(site: SiteArgument, form: FormatOption = Format.TEXT) -> int:
    """Say what a site's last run left, and who holds its lock."""
    from infra_kit.inventory.access import lab_overlay
    from infra_kit.inventory.load import load_site
    from infra_kit.plan.record.place import existing_database
    from infra_kit.plan.state import StateFolder

    loaded = load_site(site)
    overlay = lab_overlay(loaded.folder)
    record: dict[str, Any] = {
        "site": loaded.site.name,
        "access": loaded.site.access,
        "lab": {"running": overlay is not None, "endpoints": str(overlay) if overlay else None},
        "lock": None,
        "last_run": None,
        "running": None,
        "unfinished": None,
        "pending": [],
        "created": {},
    }
    database = existing_database(loaded, StateFolder(loaded.folder))
    if database is not None:
        with database:
            record |= _journaled(loaded, database)
    if form is Format.JSON:
        typer.echo(json.dumps(record, indent=1))
    else:
        for line in _text(record):
            typer.echo(line)
    return 0


def _journaled(site: Site, database: Database) -> dict[str, Any]:
    from infra_kit.plan.record.documents import run_record
    from infra_kit.plan.record.journal import Journal
    from infra_kit.plan.record.lock import Lock

    journal = Journal(database, site.site.name)
    held = Lock(database, site.site.name).held_by()
    runs = journal.runs(limit=1)
    last = run_record(runs[0]) if runs else None
    running = last is not None and held is not None and held.run == last["run"] and not held.stale
    return {
        "lock": None if held is None else {"holder": held.text, "stale": held.stale or None},
        "last_run": last,
        "running": last["run"] if last is not None and running else None,
        **(
            _left(site, journal, running=last, dead=False)
            if running
            else _left(site, journal, running=None, dead=held is not None and bool(held.stale))
        ),
        "created": dict(Counter(each.id.partition("/")[0] for each in journal.created())),
    }


def _left(site: Site, journal: Journal, *, running: dict[str, Any] | None, dead: bool) -> dict[str, Any]:
    """What the run that is under way, or else the last unfinished one, has still to do; and what finishes the latter."""
    from infra_kit.plan.continuation import command_line
    from infra_kit.plan.selection import Selection

    if running is not None:
        return {"unfinished": None, "pending": [step.resource for step in journal.left(running["run"])], "finish": None}
    for row in journal.open_runs():
        left = [step.resource for step in journal.left(row.id)]
        if left:
            again = command_line(row.command, Selection.from_dict(row.request["selection"]), site.folder, break_lock=dead)
            return {"unfinished": row.id, "unfinished_command": row.command, "pending": left, "finish": again}
    return {"unfinished": None, "pending": [], "finish": None}


def _text(record: dict[str, Any]) -> list[str]:
    lab = f"running ({record['lab']['endpoints']})" if record["lab"]["running"] else "not running"
    lines = [f"{record['site']}: access {record['access']}, lab {lab}"]
    lock = record["lock"]
    if lock is None:
        lines.append("lock: free")
    else:
        lines.append(f"lock: {lock['holder']}" + (f"; stale: {lock['stale']}" if lock["stale"] else ""))
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
