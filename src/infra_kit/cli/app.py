"""The command line: one table of commands, one place where failures end."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.main import get_command

from infra_kit import __version__
from infra_kit.cli.group import SETTINGS, CommandTable
from infra_kit.inventory.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(cls=CommandTable, no_args_is_help=True, **SETTINGS)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"infra-kit {__version__}")
        raise typer.Exit


@app.callback()
def overview(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version)] = False,
) -> None:
    """One typed inventory, one plan: servers, switches, storage, and what runs on them.

    SITE is a folder of YAML files, or its site.yaml. `infra-kit COMMAND --help` says more.

    Exit codes: 0 fine, 1 error, 2 changes pending or drift (with --detailed-exitcode), 3 stale plan,
    4 locked by another run, 5 partly applied, 64 wrong usage, 65 the inventory has errors.
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and give its exit code.

    Args:
        arguments: without the program's name; by default those of the process.
    """
    from infra_kit.cli import failure

    try:
        result: Any = get_command(app).main(args=arguments, prog_name="infra-kit", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  the last line of defence: a user never sees a traceback
        return failure.say(error)
    if result == failure.INTERRUPTED:
        return failure.say(KeyboardInterrupt())
    return result if isinstance(result, int) else int(ExitCode.OK)


def main() -> None:
    """The entry point `infra-kit`."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot show a letter gets its code, not a failure half way through the output.
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(run())
