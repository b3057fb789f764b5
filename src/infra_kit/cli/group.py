"""A group that imports a command only when it is the one to run."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from infra_kit.cli.command_table import COMMANDS

if TYPE_CHECKING:
    from infra_kit.cli.command_table import Entry

SETTINGS: dict[str, Any] = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}
"""Plain help: Rich's costs more than all the rest of `infra-kit --help`. Exceptions are shown by `failure`, never by Typer."""


class CommandTable(TyperGroup):
    """The commands of the table."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """The command, imported now; None where there is no such."""
        entry = COMMANDS.get(cmd_name)
        return None if entry is None else _command(cmd_name, entry)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """The overview, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


def _command(name: str, entry: Entry) -> Any:
    found = getattr(import_module(f"infra_kit.cli.{entry.module}"), entry.attribute)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(**SETTINGS)
        alone.command(name)(found)
        found = alone
    # A family of commands looks like the rest of them.
    found.rich_markup_mode = None
    found.pretty_exceptions_enable = False
    command = get_command(found)
    command.name = name
    return command
