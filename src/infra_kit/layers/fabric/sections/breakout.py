"""Port modes: port-groups where the platform has them, breakout port by port elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.facts import natural
from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.inventory.models.switch import Breakout, PortGroup
    from infra_kit.layers.fabric.facts import SwitchFacts


@dataclass(frozen=True, slots=True)
class Breakouts:
    """What the breakout template prints."""

    ports: list[Breakout]
    groups: list[PortGroup]


def build(facts: SwitchFacts) -> Breakouts | None:
    """The modes that the inventory names; the other ports keep the platform's default."""
    switch = facts.switch
    if not (switch.breakouts or switch.port_groups):
        return None
    ports = sorted(switch.breakouts, key=lambda each: natural(each.port))
    return Breakouts(ports, sorted(switch.port_groups, key=lambda each: natural(each.group)))


SECTION = Section("breakout", build, (r"interface breakout ", r"port-group "))
