"""Static routes: to what lies beyond the fabric, and to the pods of the nodes behind the switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.inventory.models.switch import StaticRoute
    from infra_kit.layers.fabric.facts import SwitchFacts


def build(facts: SwitchFacts) -> list[StaticRoute]:
    """By prefix."""
    return facts.static_routes


SECTION = Section("static_routes", build, (r"ip route ",))
