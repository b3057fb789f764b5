"""`infra-kit status`: how the site is reached, who holds its lock, what its last run left. Contacts no device."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import typer

from infra_kit.cli.options import Format, FormatOption, SiteArgument

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.database import Database


def status(site: SiteArgument, form: FormatOption = Format.TEXT) -> int:
    """Say what a site's last run left, and who holds its lock."""
    from infra_kit.inventory.access import lab_overlay
    from infra_kit.inventory.load import load_site
    from infra_kit.plan.journal_place import existing_database
    from infra_kit.plan.state import StateFolder

    loaded = load_site(site)
    overlay = lab_overlay(loaded.folder)
    record: dict[str, Any] = {
        "site": loaded.site.name,
        "access": loaded.site.access,
        "lab": {"running": overlay is not None, "endpoints": str(overlay) if overlay else None},
        "lock": None,
        "last_run": None,
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
    from infra_kit.plan.journal import Journal
    from infra_kit.plan.lock import Lock
    from infra_kit.plan.record import run_record

    journal = Journal(database, site.site.name)
    held = Lock(database, site.site.name).held_by()
    last = journal.runs(limit=1)
    unfinished = journal.unfinished("apply")
    steps = journal.steps(unfinished.id) if unfinished else []
    return {
        "lock": None if held is None else {"holder": held.text, "stale": held.stale or None},
        "last_run": run_record(last[0]) if last else None,
        "unfinished": unfinished.id if unfinished else None,
        "pending": [step.resource for step in steps if step.state not in {"done", "staged", "none"}],
        "created": dict(Counter(each.id.partition("/")[0] for each in journal.created())),
    }


def _text(record: dict[str, Any]) -> list[str]:
    lab = f"running ({record['lab']['endpoints']})" if record["lab"]["running"] else "not running"
    lines = [f"{record['site']}: access {record['access']}, lab {lab}"]
    lock = record["lock"]
    if lock is None:
        lines.append("lock: free")
    else:
        lines.append(f"lock: {lock['holder']}" + (f"; stale: {lock['stale']}" if lock["stale"] else ""))
    last = record["last_run"]
    lines.append(
        "last run: none" if last is None else f"last run: {last['run']} {last['command']} {last['state']}, started {last['started']}"
    )
    if record.get("unfinished"):
        lines.append(f"unfinished: {record['unfinished']}, {len(record['pending'])} steps left; `infra-kit apply SITE --resume` goes on")
    if record["created"]:
        lines.append("created: " + ", ".join(f"{count} in {layer}" for layer, count in record["created"].items()))
    return lines
