"""The first line of every run: whether it talks to the lab or to live devices."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.inventory.access import Access
    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.resource import Layer
    from infra_kit.plan.selection import Selection


def open_site(target: Path, endpoints: Path | None, *, quiet: bool) -> tuple[Site, Access]:
    """Load the site, find out how its devices are reached, and say so.

    Args:
        target: the site.
        endpoints: an overlay given on the command line.
        quiet: standard output is for JSON; the line goes to standard error.

    Raises:
        InventoryError: the site has errors.
        AccessError: the site is `access: lab` and no lab is running for it.
    """
    from infra_kit.inventory.access import open_access
    from infra_kit.inventory.load import load_site

    site = load_site(target)
    access = open_access(site, endpoints)
    typer.echo(reach(site, access), err=quiet)
    # The libraries' own warnings would reach the terminal unmasked; a run's log takes them, and nobody else.
    logging.getLogger().addHandler(logging.NullHandler())
    return site, access


def reach(site: Site, access: Access) -> str:
    """Such as `configuration-1: lab (endpoints /.../endpoints.yaml)`; an overlay that no lab of the site wrote is `live`."""
    if access.overlay_file is not None:
        overlay = access.overlay_file.resolve()
        return f"{site.site.name}: " + (f"lab (endpoints {overlay})" if access.kind == "lab" else f"live, through endpoints {overlay}")
    return f"{site.site.name}: live devices at their own addresses"


def concerned(access: Access, chosen: Selection) -> list[Layer]:
    """The layers that a command is about: those chosen, less those whose part the site's own lab was told to leave out.

    What is left out is said, and is not left out where `--layer` names it: then it shows as unknown.
    """
    from infra_kit.layers import NAMES, TALKS_TO, layers

    names = [name for name in NAMES if chosen.concerns(name)]
    absent = [name for name in names if TALKS_TO[name] in access.left_out and name not in chosen.layers]
    if absent:
        parts = ", ".join(dict.fromkeys(TALKS_TO[name] for name in absent))
        typer.echo(f"note: the lab runs without {parts}: left out of this run: {', '.join(absent)}", err=True)
    return layers([name for name in names if name not in absent])
