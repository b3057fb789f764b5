"""The loopback that carries the router id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.layers.fabric.facts import SwitchFacts


@dataclass(frozen=True, slots=True)
class Loopback:
    """What the loopback template prints."""

    address: str


def build(facts: SwitchFacts) -> Loopback | None:
    """Only where the switch routes."""
    return Loopback(f"{facts.switch.bgp.router_id}/32") if facts.switch.bgp else None


SECTION = Section("loopback", build, (r"interface loopback",))
