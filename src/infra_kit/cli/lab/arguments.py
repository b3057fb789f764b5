"""What the commands of `infra-kit lab` are told: a site, a device."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra_kit.inventory.errors import UsageError

if TYPE_CHECKING:
    from infra_kit.lab.control import LabControl
    from infra_kit.lab.folder import LabFolder

Site = Annotated[Path, typer.Argument(metavar="SITE", help="The site's folder, or its site.yaml.", show_default=False)]
Device = Annotated[str, typer.Argument(metavar="DEVICE", help="A device of the site, by its name.", show_default=False)]


def folder_of(site: Path) -> LabFolder:
    """The lab's folder of a site.

    Raises:
        UsageError: there is no site.
    """
    from infra_kit.lab.folder import LabFolder

    return LabFolder(_site_folder(site))


def _site_folder(site: Path) -> Path:
    folder = site.parent if site.name == "site.yaml" and not site.is_dir() else site
    if not folder.is_dir():
        raise UsageError(f"no site at {site}", remedy="name a site's folder")
    return folder


def control_of(site: Path) -> LabControl:
    """The control call of a site's running lab.

    Raises:
        LabError: none runs.
        UsageError: there is no site.
    """
    from infra_kit.lab.control import LabControl

    return LabControl.of(_site_folder(site))
