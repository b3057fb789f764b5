"""The ports that no other section uses: shut down, or an access port for a host that is cabled without a LAG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.layers.fabric.facts import SwitchFacts


@dataclass(frozen=True, slots=True)
class Port:
    """One port; without a VLAN it is shut down."""

    port: str
    description: str
    vlan: int | None
    mtu: int


def build(facts: SwitchFacts) -> list[Port]:
    """In the switch's order."""
    switch = facts.switch
    used = {*facts.member_ports, *(link.port for link in switch.links), *(switch.vlt.interconnect_ports if switch.vlt else ())}
    return [_port(facts, port) for port in facts.interfaces if port not in used]


def _port(facts: SwitchFacts, port: str) -> Port:
    host = facts.cable(port)
    return Port(port, host or "unused", _host_vlan(facts, port) if host else None, facts.site.fabric.mtu)


def _host_vlan(facts: SwitchFacts, port: str) -> int | None:
    """Array ports without a LAG carry the storage network of the switch untagged."""
    storage = facts.site.storage
    nodes = [node for chassis in storage.chassis for node in chassis.nodes] if storage else []
    if not any((each.switch, each.port) == (facts.switch.name, port) for node in nodes for each in node.ports):
        return None
    here = (facts.networks[vlan.network] for vlan in facts.switch.vlans)
    return next((network.vlan for network in here if network.purpose == "storage-front-end"), None)


SECTION = Section("interfaces", build)
