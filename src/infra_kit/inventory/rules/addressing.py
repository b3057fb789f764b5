"""Subnets, gateways, ranges and single addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.base import Noun
    from infra_kit.inventory.models.network import AddressRange, Network
    from infra_kit.inventory.models.server import Bmc
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.switch import SwitchManagement
    from infra_kit.inventory.rules.index import AddressUse, Index, Span

_LAST_PREFIX_WITH_ENDS = 30


@rule("IK1101")
def address_used_twice(_site: Site, index: Index) -> Iterator[Problem]:
    """Two devices, gateways or services hold the same address."""
    first: dict[int, AddressUse] = {}
    for use in index.addresses:
        other = first.setdefault(use.value, use)
        if other is not use:
            yield Problem(
                use.at, use.field, f"address {use.text} of {use.owner} is already that of {other.owner}", "give each its own address"
            )


def _entries(site: Site, index: Index) -> Iterator[tuple[Noun, str, int, str, Span]]:
    """Every address that is held in a named network: noun, field, address, owner, the network's addresses."""
    spans = index.spans
    for noun, field, network, owner in _holders(site):
        if network in spans:
            yield noun, field, int(getattr(noun, field)), owner, spans[network]


def _holders(site: Site) -> Iterator[tuple[Noun, str, str, str]]:
    for server in site.servers:
        for bond in server.bonds:
            for entry in bond.addresses:
                yield entry, "address", entry.network, f"{bond.name} of server {server.name}"
    for switch in site.switches:
        for vlan in switch.vlans:
            if vlan.address is not None:
                yield vlan, "address", vlan.network, f"the VLAN interface of {switch.name}"
    for groupnet in site.storage.groupnets if site.storage else []:
        for subnet in groupnet.subnets:
            yield subnet, "smartconnect_service_address", subnet.network, f"the SmartConnect service of {subnet.name}"


@rule("IK1102")
def address_outside_subnet(site: Site, index: Index) -> Iterator[Problem]:
    """A device's address is not in the subnet of its network."""
    for noun, field, value, owner, span in _entries(site, index):
        if not span.holds(value):
            message = f"address {getattr(noun, field)} of {owner} is outside {span.network.subnet} (network {span.network.name})"
            yield Problem(noun, field, message, "choose a free address of that subnet, or correct the network")


@rule("IK1103")
def address_is_an_end(site: Site, index: Index) -> Iterator[Problem]:
    """A device holds the network address or the broadcast address of its subnet."""
    for noun, field, value, owner, span in _entries(site, index):
        if span.network.subnet.prefixlen <= _LAST_PREFIX_WITH_ENDS and value in (span.first, span.last):
            end = "network" if value == span.first else "broadcast"
            message = f"address {getattr(noun, field)} of {owner} is the {end} address of {span.network.subnet}"
            yield Problem(noun, field, message, "choose another address of the subnet")


@rule("IK1116")
def management_is_an_end(site: Site, index: Index) -> Iterator[Problem]:
    """A BMC or a switch's management port holds the network or broadcast address of its out-of-band network."""
    ends = {end: span for span in _out_of_band(index) for end in (span.first, span.last)}
    for noun, value, owner in _management_ports(site):
        if value in ends:
            span = ends[value]
            end = "network" if value == span.first else "broadcast"
            message = f"address {noun.address} of {owner} is the {end} address of {span.network.subnet}"
            yield Problem(noun, "address", message, "choose another address of the subnet")


def _out_of_band(index: Index) -> list[Span]:
    return [span for span in index.spans.values() if span.network.purpose == "out-of-band"]


def _management_ports(site: Site) -> Iterator[tuple[Bmc | SwitchManagement, int, str]]:
    for server in site.servers:
        yield server.bmc, int(server.bmc.address), f"the BMC of {server.name}"
    for switch in site.switches:
        yield switch.management, int(switch.management.address), f"the management port of {switch.name}"


@rule("IK1104")
def subnets_overlap(_site: Site, index: Index) -> Iterator[Problem]:
    """Two networks have addresses in common."""
    widest: Span | None = None
    for span in sorted(index.spans.values(), key=lambda each: (each.first, -each.last)):
        if widest and span.first <= widest.last:
            message = (
                f"subnet {span.network.subnet} of network {span.network.name} overlaps {widest.network.subnet} of {widest.network.name}"
            )
            yield Problem(span.network, "subnet", message, "give each network addresses of its own")
        if widest is None or span.last > widest.last:
            widest = span


@rule("IK1105")
def gateway_outside_subnet(_site: Site, index: Index) -> Iterator[Problem]:
    """A network's gateway is not a host address of its subnet."""
    for span in index.spans.values():
        network = span.network
        if network.gateway is not None and not span.first < int(network.gateway) < span.last:
            message = f"gateway {network.gateway} is no host address of {network.subnet} (network {network.name})"
            yield Problem(network, "gateway", message, "choose a free address of the subnet")


@rule("IK1106")
def range_outside_subnet(_site: Site, index: Index) -> Iterator[Problem]:
    """A range is not inside its network."""
    for span in index.spans.values():
        for each in span.network.ranges:
            for field in ("first", "last"):
                if not span.holds(int(getattr(each, field))):
                    message = (
                        f"range {each.name} ({each.first} to {each.last}) reaches outside {span.network.subnet} of {span.network.name}"
                    )
                    yield Problem(each, field, message, "keep the range inside the subnet")


@rule("IK1107")
def range_reversed(site: Site, _index: Index) -> Iterator[Problem]:
    """A range ends before it begins."""
    for network in site.networks:
        for each in network.ranges:
            if int(each.first) > int(each.last):
                message = f"range {each.name} of network {network.name} ends at {each.last}, before its first address {each.first}"
                yield Problem(each, "last", message, "exchange the two")


@rule("IK1108")
def ranges_overlap(site: Site, _index: Index) -> Iterator[Problem]:
    """Two ranges of a network have addresses in common."""
    for network in site.networks:
        before: AddressRange | None = None
        for each in sorted(network.ranges, key=lambda each: int(each.first)):
            if before and int(each.first) <= int(before.last):
                message = f"range {each.name} ({each.first} to {each.last}) overlaps range {before.name} ({before.first} to {before.last})"
                yield Problem(each, "first", message, "separate the two ranges")
            if before is None or int(each.last) > int(before.last):
                before = each


@rule("IK1109")
def address_in_dynamic_range(site: Site, index: Index) -> Iterator[Problem]:
    """A fixed address lies in a range that is handed out dynamically."""
    for noun, field, value, owner, span in _entries(site, index):
        for each in span.network.ranges:
            if each.name.startswith(("dhcp", "dynamic", "pool")) and int(each.first) <= value <= int(each.last):
                message = f"address {getattr(noun, field)} of {owner} lies in range {each.name} ({each.first} to {each.last})"
                yield Problem(noun, field, message, "choose an address outside the range, or shrink the range")


@rule("IK1110")
def management_outside_out_of_band(site: Site, index: Index) -> Iterator[Problem]:
    """A BMC or a switch's management port is in no out-of-band network."""
    spans = _out_of_band(index)
    known = ", ".join(f"{span.network.name} {span.network.subnet}" for span in spans) or "none"
    for noun, value, owner in _management_ports(site):
        if not any(span.holds(value) for span in spans):
            message = f"address {noun.address} of {owner} is in no out-of-band network"
            yield Problem(noun, "address", message, f"out-of-band networks: {known}")


@rule("IK1111")
def array_management_in_no_network(site: Site, index: Index) -> Iterator[Problem]:
    """The array's management address is in no network of the site."""
    if site.storage:
        management = site.storage.management
        if not any(span.holds(int(management.address)) for span in index.spans.values()):
            message = f"management address {management.address} of array {site.storage.name} is in no network of the site"
            yield Problem(management, "address", message, "choose an address of an out-of-band or storage network")


@rule("IK1112")
def subnet_not_for_hosts(site: Site, _index: Index) -> Iterator[Problem]:
    """A network's subnet is loopback, link-local, multicast or reserved."""
    for network in site.networks:
        subnet = network.subnet
        kinds = {"loopback": subnet.is_loopback, "link-local": subnet.is_link_local, "multicast": subnet.is_multicast}
        kind = next((name for name, is_it in (kinds | {"reserved": subnet.is_reserved}).items() if is_it), None)
        if kind:
            yield Problem(network, "subnet", f"{subnet} of network {network.name} is {kind} space", "choose a private subnet (RFC 1918)")


@rule("IK1113", "warning")
def gateway_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """A network that hosts live in has no gateway."""
    for network in site.networks:
        if network.gateway is None and network.purpose in ("cluster-data", "storage-front-end"):
            message = f"network {network.name} ({network.purpose}) has no gateway: nothing in it reaches other networks"
            yield Problem(network, "name", message, "add `gateway:`, held by the leaf pair")


@rule("IK1114")
def two_addresses_in_one_network(site: Site, _index: Index) -> Iterator[Problem]:
    """A server has two addresses in one network."""
    for server in site.servers:
        seen: dict[str, str] = {}
        for bond in server.bonds:
            for entry in bond.addresses:
                if entry.network in seen:
                    message = f"server {server.name} has {seen[entry.network]} and {entry.address} in network {entry.network}"
                    yield Problem(entry, "network", message, "keep one address in each network")
                seen.setdefault(entry.network, str(entry.address))


@rule("IK1115", "warning")
def network_nearly_full(site: Site, index: Index) -> Iterator[Problem]:
    """A network has no room to grow: more than nine tenths of its addresses are taken."""
    taken: dict[str, int] = {}
    for _, _, _, _, span in _entries(site, index):
        taken[span.network.name] = taken.get(span.network.name, 0) + 1
    for name, count in taken.items():
        network: Network = site.network_by_name[name]
        room = network.subnet.num_addresses - 2
        if network.subnet.prefixlen < _LAST_PREFIX_WITH_ENDS and count * 10 > room * 9:
            yield Problem(
                network, "subnet", f"{count} of {room} addresses of network {name} are taken", "choose a larger subnet before it is full"
            )
