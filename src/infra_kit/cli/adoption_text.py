"""What `infra-kit import` says of an adoption."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from infra_kit.inventory.models.switch import Switch
    from infra_kit.layers.fabric.adoption import Adoption


def say(adoption: Adoption, before: Switch) -> None:
    """Print what was found, what is left alone and what leaves management.

    Args:
        adoption: what importing comes to.
        before: the switch as the inventory had it.
    """
    switch = adoption.switch
    if adoption.differs:
        asked = f"of the {adoption.lines} lines that are not of the switch itself, the inventory asked for {adoption.covered} before"
    else:
        asked = "it is configured as the inventory asked for before, nothing else is on it"
    typer.echo(f"{switch.name}: {asked}")
    found = {key: len(value) if isinstance(value, list) else 1 for key, value in adoption.values.items() if key != "scope"}
    if found:
        typer.echo("Found: " + ", ".join(f"{key} ({count})" for key, count in found.items()))
    scope = "the whole device" if switch.scope == "device" else ", ".join(switch.scope)
    typer.echo(f"Scope: {scope or 'nothing'}")
    for name, count in sorted(adoption.would_change.items()):
        typer.echo(f"  not in it: {name}, managing it would send {count} line{'s' if count > 1 else ''}")
    for reason in adoption.unsaid:
        typer.echo(f"  cannot be said: {reason}")
    _say_left(adoption)
    if adoption.leaves:
        _warn(adoption, before)


def _say_left(adoption: Adoption) -> None:
    if adoption.left_out:
        typer.echo(f"Left alone, as the inventory would not be valid otherwise ({len(adoption.left_out)}):")
        for each in adoption.left_out:
            stays = ", which the switch does not have, stays in the inventory" if each.edit.removes else ""
            typer.echo(f"  {each.edit.place}{stays}: {each.finding.rule} {each.finding.message}")
    if adoption.left_alone:
        typer.echo(f"Left alone ({len(adoption.left_alone)} lines):")
        for line in adoption.left_alone:
            typer.echo(f"  {line}")
    if adoption.of_itself:
        typer.echo(f"{adoption.of_itself} more lines are what every switch has of itself; infra-kit never touches them.")


def _warn(adoption: Adoption, before: Switch) -> None:
    """What is looked after no longer."""
    whole = "the whole device was" if before.scope == "device" else "more of it was"
    typer.echo(f"Warning: {whole} managed before; these sections of {before.name} are not from now on, plan and drift will not see them:")
    for name in adoption.leaves:
        count = adoption.would_change.get(name, 0)
        typer.echo(f"  {name}: it differs from what the inventory can say, managing it would send {count} line{'s' if count != 1 else ''}")
    if before.scope == "device":
        typer.echo("  lines of no section: a scope of sections does not hold them")
    typer.echo(f"To have them back, mend the switch or the inventory, and set `scope: {_scope_text(before)}` again.")


def _scope_text(switch: Switch) -> str:
    return "device" if switch.scope == "device" else f"[{', '.join(switch.scope)}]"
