"""`infra-kit schema`: what editors check and complete with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from infra_kit.inventory.errors import StateError


def schema(
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there instead of printing it.", show_default=False)] = None,
) -> None:
    """Print the JSON Schema of a site's files, for editors.

    With the YAML language server: infra-kit schema --out .infra-kit.schema.json, and as the first line of each file
    `# yaml-language-server: $schema=.infra-kit.schema.json`.
    """
    from infra_kit.inventory.schema import site_schema

    text = json.dumps(site_schema(), indent=2, ensure_ascii=False)
    if out is None:
        typer.echo(text)
        return
    try:
        out.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise StateError(f"cannot be written: {error.strerror}", where=str(out), remedy="name another file with --out") from error
    typer.echo(f"{out}: for an editor's first line `# yaml-language-server: $schema={out}`")
