"""`infra-kit init`: a new site."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from infra_kit.cli.console import is_interactive
from infra_kit.inventory.errors import UsageError

_DEFAULT_WORKERS = {1: 6, 2: 8}
_DEFAULT_GPU_WORKERS = 2
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class AccessChoice(StrEnum):
    """How the site's devices are reached."""

    LIVE = "live"
    LAB = "lab"


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is empty or does not exist yet.", show_default=False)],
    configuration: Annotated[
        int | None,
        typer.Option(help="1: compute on R6515, HDFS on PowerScale. 2: R7515 workers carry HDFS.", show_default=False),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Workers, 3 to 1,000; 6 (configuration 1) or 8 (2) by default.", show_default=False)
    ] = None,
    gpu_workers: Annotated[
        int | None,
        typer.Option(help="R7525 with GPUs, 0 or more; 2 by default. With the workers at most 1,000 together.", show_default=False),
    ] = None,
    access: Annotated[
        AccessChoice | None,
        typer.Option(help="live: the devices' own addresses (the default). lab: only stand-ins on this machine.", show_default=False),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The site's name; that of the folder by default.", show_default=False)] = None,
) -> None:
    """Write a complete, valid, explicit site to edit.

    Racks, leaf pairs, cabling and addresses are derived from the counts: three masters, one utility and one edge node are
    added to the workers. Nothing is overwritten: DIR must be empty.
    """
    from infra_kit.inventory.scaffold.counts import MAX_WORKERS, Counts
    from infra_kit.inventory.scaffold.design import design
    from infra_kit.inventory.scaffold.write import write_site

    chosen = _configuration(configuration)
    asked = _DEFAULT_WORKERS[chosen] if workers is None else workers
    # What is asked for goes before what would come by default.
    room = min(_DEFAULT_GPU_WORKERS, max(0, MAX_WORKERS - asked))
    counts = Counts(chosen, asked, room if gpu_workers is None else gpu_workers)
    site = design(_name(name, directory), counts, _access(access))
    write_site(directory, site)
    typer.echo(
        f"{directory}: configuration {chosen}, {counts.servers} servers, {len(site.switches)} switches, "
        f"{len(site.racks)} racks, access: {site.access}"
    )
    typer.echo(f"Next: infra-kit validate {directory}")
    if site.access == "lab":
        typer.echo(f"      infra-kit lab up {directory}")
    else:
        typer.echo("      then replace service tags and MAC addresses: those written are placeholders")


def _configuration(given: int | None) -> Literal[1, 2]:
    if given is None and is_interactive():
        given = typer.prompt("Configuration (1: HDFS on PowerScale, 2: HDFS on the workers)", type=int, default=1)
    if given is None:
        raise UsageError("which reference configuration?", remedy="give --configuration 1 or --configuration 2")
    if given not in {1, 2}:
        raise UsageError(f"there is no configuration {given}", remedy="give --configuration 1 or --configuration 2")
    return 1 if given == 1 else 2


def _access(given: AccessChoice | None) -> Literal["live", "lab"]:
    if given is None and is_interactive():
        live = typer.confirm("Will commands reach real devices at the addresses in the inventory (live)?", default=True)
        return "live" if live else "lab"
    return "lab" if given is AccessChoice.LAB else "live"


def _name(given: str | None, directory: Path) -> str:
    name = given if given is not None else directory.resolve().name
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"`{name}` cannot be a site's name", remedy="give --name with lower-case letters, digits and hyphens, 1 to 63 characters"
        )
    return name
