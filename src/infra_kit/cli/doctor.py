"""`infra-kit doctor`: what is installed, what is missing, how to get it."""

from __future__ import annotations

import json
import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from infra_kit.cli.console import paint
from infra_kit.inventory.errors import ExitCode

if TYPE_CHECKING:
    from infra_kit.doctor import Diagnosis


class DoctorFormat(StrEnum):
    """How the diagnosis is shown."""

    TEXT = "text"
    JSON = "json"


def doctor(
    form: Annotated[DoctorFormat, typer.Option("--format", help="How the diagnosis is shown.")] = DoctorFormat.TEXT,
) -> int:
    """Say what is installed, what is missing, and how to get it.

    Notes as well whether the lab may have hosts, and how many images of the catalogue go by their tag alone.

    Exit codes: 0 nothing that is required is missing, 1 something is.
    """
    from infra_kit.doctor import diagnose

    found = [*diagnose(), *_rights(), *_images()]
    if form is DoctorFormat.JSON:
        typer.echo(json.dumps([each.as_dict() for each in found], indent=2))
    else:
        for each in found:
            _show(each)
    return int(ExitCode.ERROR if any(each.is_fatal for each in found) else ExitCode.OK)


def _rights() -> list[Diagnosis]:
    """A note where the lab could have no hosts, whatever programs are there."""
    from infra_kit.doctor import Diagnosis

    if os.geteuid() == 0:
        return []
    purpose = "the lab's hosts are containers in network namespaces, which takes root; you are not"
    return [
        Diagnosis("root", purpose, "note", "", "", required=False, get="run the lab as root, or leave the hosts out: `--without hosts`")
    ]


def _images() -> list[Diagnosis]:
    """A note where the shipped catalogue leaves it to a registry what an image's tag stands for."""
    from infra_kit.doctor import Diagnosis
    from infra_kit.inventory.catalog.load import shipped

    images = shipped().images
    unpinned = [name for name, image in images.items() if not image.digest]
    if not unpinned:
        return []
    purpose = f"{len(unpinned)} of the {len(images)} images that infra-kit comes with have no digest: what their tag stands for may change"
    get = (
        "to pin them: look the digests up in your registry, and write the entries with `digest: sha256:...` "
        "into a file of the site's catalog/ folder"
    )
    return [Diagnosis("images", purpose, "note", "", "", required=False, get=get)]


def _show(diagnosis: Diagnosis) -> None:
    is_found = diagnosis.state == "found"
    is_note = diagnosis.state == "note"
    colour = "cyan" if is_note else "green" if is_found else "red" if diagnosis.required else "yellow"
    typer.echo(f"{paint(f'{diagnosis.state:8}', colour)} {diagnosis.name:11} {diagnosis.version:9} {diagnosis.purpose}")
    if is_note:
        typer.echo(f"{'':8} {'':11} {'':9} {diagnosis.get}")
    elif not is_found:
        at = f" (at {diagnosis.place})" if diagnosis.place else ""
        need = "required" if diagnosis.required else "optional"
        typer.echo(f"{'':8} {'':11} {'':9} {need}{at}; get it: {diagnosis.get}")
