"""`infra-kit lab fault`, `tamper` and `events`: devices that misbehave, that somebody else changes, and what they were asked."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from infra_kit.cli.lab.arguments import Device, Site, control_of
from infra_kit.inventory.errors import UsageError


def fault(
    site: Site,
    device: Device,
    settings: Annotated[
        list[str] | None,
        typer.Argument(
            help="name=value, such as latency_s=0.2; for `kubernetes` unreachable=true or stopped=true; for a host powered_off=true; "
            "for `mirror`, which hosts install from, unreachable=true."
        ),
    ] = None,
) -> None:
    """Make a device misbehave, or show its faults.

    Without settings it only shows them.
    """
    control = control_of(site)
    for name, value in control.faults(device, **read_settings(settings or [])).items():
        typer.echo(f"{name}={json.dumps(value)}")


def tamper(
    site: Site,
    device: Device,
    changes: Annotated[list[str], typer.Argument(help="name=value, such as bios.SysProfile=Custom or lines='[\"no ip routing\"]'.")],
) -> None:
    """Change a device behind infra-kit's back.

    As somebody at its console would; `drift` finds it. A host (NAME:ssh) takes command='a shell command'. On Kubernetes,
    `infra-kit lab kubectl` does it.
    """
    control_of(site).tamper(device, read_settings(changes))
    typer.echo(f"{device} was changed behind infra-kit's back")


def events(
    site: Site,
    device: Device,
    clear: Annotated[bool, typer.Option("--clear", help="Forget them afterwards.")] = False,
) -> None:
    """Show every request that a device was sent."""
    control = control_of(site)
    for verb, what in control.events(device):
        typer.echo(f"{verb:9} {what}")
    if clear:
        control.clear_events(device)


def read_settings(pairs: list[str]) -> dict[str, Any]:
    """`a=1 b.c=text` as {"a": 1, "b": {"c": "text"}}; a value that is JSON is read as JSON."""
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"`{pair}` is not name=value")
        *outer, last = name.split(".")
        place = settings
        for part in outer:
            place = place.setdefault(part, {})
        try:
            place[last] = json.loads(text)
        except ValueError:
            place[last] = text
    return settings
