"""`infra-kit lab images`."""

from __future__ import annotations

from typing import Annotated

import typer

from infra_kit.cli.lab.arguments import Site  # noqa: TC001  typer reads annotations at run time

_MB = 1e6


def images(
    site: Site,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Of the catalogue; all that the lab can make.")] = None,
) -> None:
    """Build the images that pods on the lab's hosts run from.

    Each is made once, from packages, for all labs of this user. A lab that runs serves it at once.
    """
    from infra_kit.inventory.load import load_site
    from infra_kit.lab.hosts.requirements import require_hosts
    from infra_kit.lab.mirror.supplies import supplies

    require_hosts()
    for image in supplies(load_site(site), typer.echo, images=names or None).images:
        typer.echo(f"{image.size / _MB:6.0f} MB  {image.recipe.reference}")
