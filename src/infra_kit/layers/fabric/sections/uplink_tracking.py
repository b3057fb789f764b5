"""Uplink state: a leaf that has lost every uplink takes its hosts' links down, so that they use the other leaf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.facts import port_ranges
from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.layers.fabric.facts import SwitchFacts


@dataclass(frozen=True, slots=True)
class UplinkTracking:
    """What the uplink-tracking template prints."""

    upstream: list[str]
    downstream: list[str]


def build(facts: SwitchFacts) -> UplinkTracking | None:
    """Host ports follow the links to the spines; ports to other networks (the core) do not, they may be the way out."""
    if facts.switch.vlt is None or not facts.switch.links:
        return None
    hosts = [port for port in facts.member_ports if facts.cable(port)]
    if not hosts:
        return None
    return UplinkTracking(port_ranges([link.port for link in facts.switch.links]), port_ranges(hosts))


SECTION = Section("uplink_tracking", build, (r"uplink-state-group ",))
