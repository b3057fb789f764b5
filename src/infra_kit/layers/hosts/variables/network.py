"""Variables of the role network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra_kit.inventory.models.server import BondAddress
    from infra_kit.layers.hosts.facts import HostFacts


def build(facts: HostFacts) -> dict[str, Any]:
    """The variables of a host: its bonds as the inventory has them; the default route leaves by the network that it is managed at."""
    networks = facts.site.network_by_name
    return {
        "network_bonds": [
            {
                "name": bond.name,
                "members": bond.members,
                "mtu": max((networks[each.network].mtu for each in bond.addresses), default=1500),
                "addresses": [_address(facts, each) for each in bond.addresses],
            }
            for bond in facts.server.bonds
        ]
    }


def _address(facts: HostFacts, bond_address: BondAddress) -> dict[str, Any]:
    network = facts.site.network_by_name[bond_address.network]
    is_main = str(bond_address.address) == facts.address and network.gateway is not None
    found: dict[str, Any] = {"address": f"{bond_address.address}/{network.subnet.prefixlen}", "mtu": network.mtu}
    if not bond_address.native and network.vlan is not None:
        found["vlan"] = network.vlan
    return found | ({"gateway": str(network.gateway)} if is_main else {})
