"""`infra-kit validate`: every finding of one or more sites."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra_kit.cli.console import paint
from infra_kit.inventory.errors import ExitCode

if TYPE_CHECKING:
    from infra_kit.inventory.loaded import Loaded


class FindingsFormat(StrEnum):
    """How findings are shown."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


def validate(
    sites: Annotated[list[Path], typer.Argument(metavar="SITE", help="Sites to check.", show_default=False)],
    form: Annotated[FindingsFormat, typer.Option("--format", help="How findings are shown.")] = FindingsFormat.TEXT,
) -> int:
    """Check sites and show every finding with its place.

    Exit codes: 0 no errors (warnings do not count), 65 errors, 64 no such site.
    """
    from infra_kit.inventory.load import load

    loaded = [load(site) for site in sites]
    _show(loaded, form)
    return int(ExitCode.INVENTORY if any(each.errors for each in loaded) else ExitCode.OK)


def _show(loaded: list[Loaded], form: FindingsFormat) -> None:
    findings = [finding for each in loaded for finding in each.findings]
    if form is FindingsFormat.TEXT:
        _show_text(loaded)
    elif form is FindingsFormat.JSON:
        from infra_kit.inventory.findings.json_text import as_json

        typer.echo(as_json(findings))
    elif form is FindingsFormat.GITHUB:
        from infra_kit.inventory.findings.github import as_github

        if findings:
            typer.echo(as_github(findings))
    else:
        from infra_kit import __version__
        from infra_kit.inventory.findings.sarif import as_sarif
        from infra_kit.inventory.rules.registry import every_rule

        typer.echo(as_sarif(findings, {rule.id: rule.summary for rule in every_rule()}, __version__))


def _show_text(loaded: list[Loaded]) -> None:
    from infra_kit.inventory.findings.text import as_text, counted

    for each in loaded:
        if each.findings:
            typer.echo(as_text(each.findings, paint) + "\n")
        verdict = paint("not valid", "red") if each.errors else paint("valid", "green")
        typer.echo(f"{each.folder}: {verdict}, {counted(each.findings)}{_content(each)}")


def _content(loaded: Loaded) -> str:
    site = loaded.site
    if site is None:
        return ""
    array = f", array {site.storage.name}" if site.storage else ""
    return f" ({len(site.servers)} servers, {len(site.switches)} switches{array})"
