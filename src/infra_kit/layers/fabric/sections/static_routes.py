"""Static routes to what lies beyond the fabric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.inventory.models.switch import StaticRoute
    from infra_kit.layers.fabric.facts import SwitchFacts


def build(facts: SwitchFacts) -> list[StaticRoute]:
    """By prefix."""
    return sorted(facts.switch.static_routes, key=lambda route: (route.prefix, route.next_hop))


SECTION = Section("static_routes", build, (r"ip route ",))
