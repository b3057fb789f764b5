"""`infra-kit lab status`."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra_kit.cli.lab.arguments import Site, folder_of

if TYPE_CHECKING:
    from infra_kit.lab.folder import LabFolder


class StatusFormat(StrEnum):
    """How the lab's state is shown."""

    TEXT = "text"
    JSON = "json"


def status(site: Site, form: Annotated[StatusFormat, typer.Option("--format", help="How it is shown.")] = StatusFormat.TEXT) -> None:
    """Say whether the lab runs, and where.

    Shows where the endpoints overlay is, where each device listens, and which faults are set.
    """
    from infra_kit.lab import process
    from infra_kit.lab.control import LabControl

    folder = folder_of(site)
    found = process.find(folder)
    if form is StatusFormat.JSON:
        state: dict[str, Any] = {"site": str(folder.site), "running": found is not None}
        if found is not None:
            state |= {"pid": found.pid, "started": found.started, "endpoints": str(folder.endpoints), "log": str(folder.log)}
            state |= {"kubeconfig": str(folder.kubeconfig)} if folder.kubeconfig.exists() else {}
            state |= {"control": found.control, "devices": LabControl.of(folder.site).devices()}
        typer.echo(json.dumps(state, indent=2))
    elif found is None:
        typer.echo(f"no lab runs for {site}; start it with `infra-kit lab up {site}`")
    else:
        typer.echo(f"running (pid {found.pid}, since {found.started})")
        show_places(folder)


def show_places(folder: LabFolder) -> None:
    """Say where each device listens, and where the overlay is."""
    _table(folder)
    typer.echo(f"endpoints overlay: {folder.endpoints}")
    if folder.kubeconfig.exists():
        typer.echo(f"kubeconfig: {folder.kubeconfig}")


def _table(folder: LabFolder) -> None:
    from infra_kit.lab.control import LabControl

    for device in LabControl.of(folder.site).devices():
        at_work = {name: value for name, value in device["faults"].items() if value not in (0, False, None)}
        faults = f"  faults: {at_work}" if at_work else ""
        typer.echo(f"  {device['name']:16} {device['model']:10} {device['protocol']:8} {device['host']}:{device['port']}{faults}")
