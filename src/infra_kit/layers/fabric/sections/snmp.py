"""SNMP v2c, read-only, and where its traps go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.facts import marker
from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.inventory.models.fabric import SnmpTrapReceiver
    from infra_kit.layers.fabric.facts import SwitchFacts


@dataclass(frozen=True, slots=True)
class Snmp:
    """What the SNMP template prints."""

    community: str
    contact: str
    location: str
    receivers: list[SnmpTrapReceiver]


def build(facts: SwitchFacts) -> Snmp | None:
    """From the fabric's settings; the location is the switch's own rack and unit."""
    snmp = facts.site.fabric.snmp
    if snmp is None:
        return None
    head, switch = facts.site.site, facts.switch
    place = " ".join(part for part in (head.location, f"rack {switch.rack} unit {switch.unit}") if part)
    return Snmp(marker(snmp.community), head.contact, place, list(snmp.trap_receivers))


SECTION = Section("snmp", build, (r"snmp-server ",))
