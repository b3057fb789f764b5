"""VLT: the domain, its interconnect ports and its heartbeat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.facts import natural, port_ranges
from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.layers.fabric.facts import SwitchFacts


@dataclass(frozen=True, slots=True)
class VltDomain:
    """What the VLT template prints."""

    domain: int
    description: str
    ports: list[str]
    discovery: str
    backup_destination: str
    management_vrf: bool
    delay_restore_s: int
    primary_priority: int
    mac: str
    mtu: int


def build(facts: SwitchFacts) -> VltDomain | None:
    """This switch's half of its pair."""
    vlt, fabric = facts.switch.vlt, facts.site.fabric
    if vlt is None:
        return None
    return VltDomain(
        domain=vlt.domain,
        description=f"VLT interconnect to {vlt.peer}",
        ports=sorted(vlt.interconnect_ports, key=natural),
        discovery=",".join(port_ranges(vlt.interconnect_ports)),
        backup_destination=str(vlt.backup_destination),
        management_vrf=fabric.management_vrf,
        delay_restore_s=fabric.vlt_delay_restore_s,
        primary_priority=vlt.primary_priority,
        mac=vlt.mac,
        mtu=fabric.mtu,
    )


SECTION = Section("vlt", build, (r"vlt-domain ",))
