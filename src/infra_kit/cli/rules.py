"""`infra-kit rules`: what validation checks."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class ListFormat(StrEnum):
    """How a list is shown."""

    TEXT = "text"
    JSON = "json"


def rules(form: Annotated[ListFormat, typer.Option("--format", help="How rules are shown.")] = ListFormat.TEXT) -> None:
    """List every rule that validation knows."""
    from infra_kit.inventory.rules.registry import every_rule

    found = every_rule()
    if form is ListFormat.JSON:
        import json

        rows = [{"id": rule.id, "family": rule.family, "severity": rule.severity, "docstring": rule.summary} for rule in found]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    family = max(len(rule.family) for rule in found)
    for rule in found:
        first_line = rule.summary.partition("\n")[0]
        typer.echo(f"{rule.id}  {rule.severity:7}  {rule.family:{family}}  {first_line}")
    typer.echo(f"\n{len(found)} rules")
