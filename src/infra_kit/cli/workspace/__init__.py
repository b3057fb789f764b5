"""`infra-kit workspace`: machine-learning workspaces on demand, one file a command."""

from __future__ import annotations

import typer

from infra_kit.cli.group import SETTINGS
from infra_kit.cli.workspace.add import add
from infra_kit.cli.workspace.list import list_
from infra_kit.cli.workspace.remove import remove
from infra_kit.cli.workspace.restore import restore
from infra_kit.cli.workspace.suspend import resume, suspend

app = typer.Typer(no_args_is_help=True, help="Make, suspend, resume, restore and remove workspaces.", **SETTINGS)
app.command("list")(list_)
for _command in (add, remove, suspend, resume, restore):
    app.command()(_command)
