"""VLANs and which leaf pair carries which network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

_VLT_VLAN = 4094


@rule("IK1501")
def vlan_reserved(site: Site, _index: Index) -> Iterator[Problem]:
    """VLAN 4094 is the VLT's own."""
    for network in site.networks:
        if network.vlan == _VLT_VLAN:
            yield Problem(
                network, "vlan", f"VLAN {_VLT_VLAN} of network {network.name} is reserved by VLT", "choose a number from 2 to 4093"
            )


@rule("IK1502", "warning")
def vlan_default(site: Site, _index: Index) -> Iterator[Problem]:
    """VLAN 1 is the default that every unconfigured port is in."""
    for network in site.networks:
        if network.vlan == 1:
            message = f"network {network.name} uses VLAN 1, which every unconfigured port is in"
            yield Problem(network, "vlan", message, "choose a number from 2 to 4093")


@rule("IK1503")
def vlan_used_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """Two networks on one leaf pair have the same VLAN."""
    first: dict[tuple[str | None, int], str] = {}
    for network in site.networks:
        if network.vlan is None:
            continue
        other = first.setdefault((network.leaf_pair, network.vlan), network.name)
        if other != network.name:
            message = f"VLAN {network.vlan} of network {network.name} is already that of {other} on {network.leaf_pair}"
            yield Problem(network, "vlan", message, "give each network of a pair a VLAN of its own")


@rule("IK1504")
def vlan_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """A network on the leaves has no VLAN, or no leaf pair."""
    for network in site.networks:
        if network.purpose == "out-of-band":
            continue
        if network.vlan is None:
            yield Problem(network, "name", f"network {network.name} ({network.purpose}) has no VLAN", "add `vlan:`")
        if network.leaf_pair is None:
            yield Problem(network, "name", f"network {network.name} ({network.purpose}) is on no leaf pair", "add `leaf_pair:`")


@rule("IK1505")
def leaf_pair_unknown(site: Site, index: Index) -> Iterator[Problem]:
    """A network names a leaf pair that does not exist."""
    for network in site.networks:
        if network.leaf_pair is not None and network.leaf_pair not in index.pairs:
            message = f"network {network.name} is on leaf pair `{network.leaf_pair}`, which does not exist"
            yield Problem(network, "leaf_pair", message, f"known: {', '.join(sorted(index.pairs)) or 'none'}")


@rule("IK1506")
def network_not_on_its_pair(site: Site, index: Index) -> Iterator[Problem]:
    """A network is not among the VLANs of a switch of its leaf pair."""
    for network in site.networks:
        for switch in index.pairs.get(network.leaf_pair or "", ()):
            if network.name not in index.vlan_names[switch.name]:
                message = f"network {network.name} is on pair {network.leaf_pair}, but not among the VLANs of {switch.name}"
                yield Problem(network, "leaf_pair", message, f"add it to `vlans` of {switch.name}")


@rule("IK1507")
def network_of_another_pair(site: Site, index: Index) -> Iterator[Problem]:
    """A switch carries a network that belongs to another pair, or is out of band."""
    for switch in site.switches:
        for vlan in switch.vlans:
            network = site.network_by_name.get(vlan.network)
            if network and network.leaf_pair != index.pair_of[switch.name]:
                where = f"pair {network.leaf_pair}" if network.leaf_pair else "no pair"
                message = f"{switch.name} carries network {network.name}, which belongs to {where}"
                yield Problem(
                    vlan, "network", message, "with a routed underlay a network lives on one pair; remove it here, or correct `leaf_pair`"
                )


@rule("IK1508")
def host_on_wrong_pair(_site: Site, index: Index) -> Iterator[Problem]:
    """A server has an address in a network of another leaf pair than it is cabled to."""
    for server, bond, nics in index.bonds:
        pairs = {index.pair_of[nic.switch] for nic in nics if nic.switch in index.pair_of}
        for entry in bond.addresses:
            network = index.site.network_by_name.get(entry.network)
            if network and network.leaf_pair and pairs and network.leaf_pair not in pairs:
                message = f"{server.name} is cabled to {', '.join(sorted(pairs))}; its network {network.name} is on {network.leaf_pair}"
                yield Problem(entry, "network", message, "move the cable, or take a network of that pair")


@rule("IK1509")
def vlan_twice_on_switch(site: Site, _index: Index) -> Iterator[Problem]:
    """A switch lists a network twice."""
    for switch in site.switches:
        seen: set[str] = set()
        for vlan in switch.vlans:
            if vlan.network in seen:
                yield Problem(vlan, "network", f"{switch.name} lists network {vlan.network} twice", "keep one of the two")
            seen.add(vlan.network)


@rule("IK1510")
def out_of_band_on_leaf(site: Site, _index: Index) -> Iterator[Problem]:
    """The out-of-band network is on leaves: managing would depend on what is managed."""
    for network in site.networks:
        if network.purpose == "out-of-band" and (network.vlan is not None or network.leaf_pair is not None):
            message = f"out-of-band network {network.name} has a VLAN or a leaf pair"
            yield Problem(network, "name", message, "its switches are outside the fabric: remove `vlan` and `leaf_pair`")


@rule("IK1511")
def purpose_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """The site has no out-of-band or no cluster data network."""
    purposes = {network.purpose for network in site.networks}
    for purpose in ("out-of-band", "cluster-data"):
        if purpose not in purposes:
            yield Problem(site, "networks", f"the site has no {purpose} network", f"add a network with `purpose: {purpose}`")
