"""`infra-kit render`: what the devices would get, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra_kit.cli.console import paint
from infra_kit.inventory.errors import ExitCode


def render(
    site: Annotated[Path, typer.Argument(metavar="SITE", show_default=False)],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the files are.", show_default=False)],
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; compare with what is in DIR, and exit 2 where it differs.")
    ] = False,
) -> int:
    """Write everything that the devices would get, as files.

    Files in DIR that the site no longer renders are removed, if `render` wrote them. No device is contacted.
    """
    from infra_kit.inventory.load import load_site
    from infra_kit.layers import layers
    from infra_kit.plan.rendering import compare, rendered, write

    files = rendered(load_site(site), layers())
    if not check:
        write(out, files)
        typer.echo(f"{out}: {len(files)} files")
        return int(ExitCode.OK)
    differences = compare(out, files)
    for difference in differences:
        for line in difference.splitlines():
            typer.echo(_painted(line))
    if differences:
        typer.echo(f"{out}: {len(differences)} of {len(files)} files differ from what {site} renders now")
        return int(ExitCode.CHANGES)
    typer.echo(f"{out}: {len(files)} files, as {site} renders them")
    return int(ExitCode.OK)


def _painted(line: str) -> str:
    if line.startswith("+") and not line.startswith("+++"):
        return paint(line, "green")
    if line.startswith("-") and not line.startswith("---"):
        return paint(line, "red")
    return paint(line, "cyan") if line.startswith("@@") else line
