"""`infra-kit workspace list`: the site's workspaces, and which of them are on the cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

from infra_kit.cli.options import EndpointsOption, Format, FormatOption, SiteArgument
from infra_kit.inventory.errors import InfraKitError

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.inventory.models.site import Site

_COLUMNS = ("NAME", "TEAM", "USERS", "CPU", "MEMORY", "GPUS", "STORAGE", "STATE", "CLUSTER")


def list_(site: SiteArgument, form: FormatOption = Format.TEXT, endpoints: EndpointsOption = None) -> int:
    """List the workspaces of a site, and say which are on the cluster.

    Works without a cluster, too, and says so. What is on the cluster and not in the inventory is listed as left behind.
    """
    from infra_kit.inventory.load import load_site

    loaded = load_site(site)
    present, reason = _present(loaded, endpoints)
    rows = [_row(loaded, name, present) for name in loaded.workspace_by_name]
    left = sorted(set(present or ()) - set(loaded.workspace_by_name))
    if form is Format.JSON:
        record = {"site": loaded.site.name, "cluster": {"asked": present is not None, "reason": reason}, "workspaces": rows}
        typer.echo(json.dumps({**record, "left_behind": left}, indent=1))
        return 0
    for line in _table(rows):
        typer.echo(line)
    for name in left:
        typer.echo(f"{name} is on the cluster and not in the inventory; `infra-kit destroy {loaded.folder} --workspace {name}` removes it")
    if reason:
        typer.echo(f"The cluster was not asked: {reason}")
    return 0


def _present(site: Site, endpoints: Path | None) -> tuple[dict[str, list[str]] | None, str]:
    """Workspace -> its namespaces; None with the reason where the cluster cannot be asked."""
    from infra_kit.cli.workspace.opening import reader
    from infra_kit.inventory.access import open_access
    from infra_kit.stacks.operations import presence

    if site.kubernetes is None or site.kubernetes.credential is None:
        return None, "the site names no `kubernetes.credential`"
    try:
        access = open_access(site, endpoints)
        with reader(access) as client:
            return presence.namespaces(client), ""
    except InfraKitError as error:
        return None, str(error)


def _row(site: Site, name: str, present: dict[str, list[str]] | None) -> dict[str, Any]:
    workspace = site.workspace_by_name[name]
    return {
        "name": name,
        "team": workspace.team,
        "users": list(workspace.users),
        "quota": workspace.quota.model_dump(mode="json"),
        "suspended": workspace.suspended,
        "on_cluster": None if present is None else name in present,
        "namespaces": None if present is None else present.get(name, []),
    }


def _table(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return ["The site has no workspaces; `infra-kit workspace add` makes one."]
    cells = [_COLUMNS, *(_cells(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_COLUMNS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    quota = row["quota"]
    number = len(row["namespaces"] or ())
    places = {None: "not asked", True: f"{number} namespace{'' if number == 1 else 's'}", False: "no"}
    return (
        row["name"],
        row["team"],
        str(len(row["users"])),
        *(str(quota[key]) for key in ("cpu", "memory", "gpus", "storage")),
        "suspended" if row["suspended"] else "active",
        places[row["on_cluster"]],
    )
