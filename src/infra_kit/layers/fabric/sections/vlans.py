"""VLANs and their routed interfaces; the gateway is held by VRRP on both members of a pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.inventory.models.switch import Vlan
    from infra_kit.layers.fabric.facts import SwitchFacts

_DEFAULT_PRIORITY = 100  # VRRP's own (RFC 5798, 6.1)


@dataclass(frozen=True, slots=True)
class Vrrp:
    """A virtual gateway."""

    group: int
    priority: int
    address: str


@dataclass(frozen=True, slots=True)
class VlanInterface:
    """One VLAN."""

    id: int
    description: str
    mtu: int
    address: str
    vrrp: Vrrp | None


def build(facts: SwitchFacts) -> list[VlanInterface]:
    """Every VLAN of the switch, by number."""
    return sorted((_interface(facts, vlan) for vlan in facts.switch.vlans), key=lambda vlan: vlan.id)


def _interface(facts: SwitchFacts, vlan: Vlan) -> VlanInterface:
    network = facts.networks[vlan.network]
    address = f"{vlan.address}/{network.subnet.prefixlen}" if vlan.address else ""
    vrrp = None
    if vlan.vrrp_group is not None and network.gateway is not None:
        vrrp = Vrrp(vlan.vrrp_group, vlan.vrrp_priority or _DEFAULT_PRIORITY, str(network.gateway))
    return VlanInterface(facts.vlan_id(vlan.network), vlan.network, facts.site.fabric.mtu, address, vrrp)


SECTION = Section("vlans", build, (r"interface vlan",))
