"""Gateways: held by VRRP, on both switches of the pair, with different priorities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.switch import Switch, Vlan
    from infra_kit.inventory.rules.index import Index

_MAX_GROUP = 255
_MAX_PRIORITY = 254


def _vlans(site: Site) -> Iterator[tuple[Switch, Vlan]]:
    for switch in site.switches:
        for vlan in switch.vlans:
            yield switch, vlan


def _facing(site: Site) -> Iterator[tuple[Switch, Vlan, Switch, Vlan]]:
    """The same network on both peers, once."""
    for switch, vlan in _vlans(site):
        peer = site.switch_by_name.get(switch.vlt.peer) if switch.vlt else None
        other = next((each for each in peer.vlans if each.network == vlan.network), None) if peer else None
        if peer and other and peer.name < switch.name:
            yield switch, vlan, peer, other


@rule("IK1520")
def vrrp_half_written(site: Site, _index: Index) -> Iterator[Problem]:
    """A VLAN has a VRRP group without priority or address, or the other way round."""
    for switch, vlan in _vlans(site):
        given = {"vrrp_group": vlan.vrrp_group, "vrrp_priority": vlan.vrrp_priority}
        missing = [name for name, value in given.items() if value is None]
        if len(missing) == 1:
            message = f"network {vlan.network} on {switch.name} has no `{missing[0]}`, but the other half of VRRP"
            yield Problem(vlan, "network", message, f"add `{missing[0]}`")
        if not missing and vlan.address is None:
            message = f"network {vlan.network} on {switch.name} has a VRRP group, but no `address`"
            yield Problem(vlan, "network", message, "VRRP needs the switch's own address in the network")


@rule("IK1521")
def vrrp_groups_differ(site: Site, _index: Index) -> Iterator[Problem]:
    """The two peers hold one gateway in different VRRP groups."""
    for switch, vlan, peer, other in _facing(site):
        if vlan.vrrp_group != other.vrrp_group:
            message = f"network {vlan.network} is in VRRP group {vlan.vrrp_group} on {switch.name}, in {other.vrrp_group} on {peer.name}"
            yield Problem(vlan, "vrrp_group", message, "write the same group on both")


@rule("IK1522", "warning")
def vrrp_priorities_equal(site: Site, _index: Index) -> Iterator[Problem]:
    """Both peers have the same VRRP priority, so chance decides which is master."""
    for switch, vlan, peer, other in _facing(site):
        if vlan.vrrp_priority is not None and vlan.vrrp_priority == other.vrrp_priority:
            message = f"{switch.name} and {peer.name} both have VRRP priority {vlan.vrrp_priority} in network {vlan.network}"
            yield Problem(vlan, "vrrp_priority", message, "give the primary of the VLT pair the higher one")


@rule("IK1523")
def vrrp_out_of_range(site: Site, _index: Index) -> Iterator[Problem]:
    """A VRRP group (1 to 255) or priority (1 to 254) is out of range."""
    for switch, vlan in _vlans(site):
        if vlan.vrrp_group is not None and not 1 <= vlan.vrrp_group <= _MAX_GROUP:
            message = f"VRRP group {vlan.vrrp_group} of {vlan.network} on {switch.name} is not 1 to {_MAX_GROUP}"
            yield Problem(vlan, "vrrp_group", message, "choose a number in the range")
        if vlan.vrrp_priority is not None and not 1 <= vlan.vrrp_priority <= _MAX_PRIORITY:
            message = f"VRRP priority {vlan.vrrp_priority} of {vlan.network} on {switch.name} is not 1 to {_MAX_PRIORITY}"
            yield Problem(vlan, "vrrp_priority", message, "choose a number in the range")


@rule("IK1524")
def vrrp_without_gateway(site: Site, _index: Index) -> Iterator[Problem]:
    """A VLAN holds a gateway by VRRP, but its network has none."""
    for switch, vlan in _vlans(site):
        network = site.network_by_name.get(vlan.network)
        if network and vlan.vrrp_group is not None and network.gateway is None:
            message = f"{switch.name} has VRRP group {vlan.vrrp_group} in network {network.name}, which has no `gateway`"
            yield Problem(vlan, "vrrp_group", message, "add the gateway to the network, or remove the group")


@rule("IK1525")
def gateway_held_by_nobody(site: Site, _index: Index) -> Iterator[Problem]:
    """A network of a leaf pair has a gateway that no switch holds."""
    held = {vlan.network for _, vlan in _vlans(site) if vlan.address is not None and vlan.vrrp_group is not None}
    for network in site.networks:
        if network.gateway is not None and network.leaf_pair is not None and network.name not in held:
            message = f"no switch holds gateway {network.gateway} of network {network.name}"
            yield Problem(network, "gateway", message, f"give the VLAN an address and a VRRP group on the switches of {network.leaf_pair}")


@rule("IK1526")
def vrrp_group_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """A switch has one VRRP group in two VLANs: both gateways would have one virtual MAC address."""
    for switch in site.switches:
        first: dict[int, str] = {}
        for vlan in switch.vlans:
            if vlan.vrrp_group is None:
                continue
            other = first.setdefault(vlan.vrrp_group, vlan.network)
            if other != vlan.network:
                message = f"{switch.name} has VRRP group {vlan.vrrp_group} in {vlan.network} and in {other}"
                yield Problem(vlan, "vrrp_group", message, "number the groups of a switch apart")
