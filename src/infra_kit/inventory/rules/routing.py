"""The routed underlay: BGP identities, link subnets, static routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.switch import Link
    from infra_kit.inventory.rules.index import Index

_RESERVED_ASNS = frozenset({23456, 65535, 4294967295})
"""AS_TRANS and the last of each range (RFC 7300, RFC 6793)."""
_PRIVATE_ASNS = (range(64512, 65535), range(4200000000, 4294967295))
"""RFC 6996."""


@rule("IK1601")
def bgp_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """A switch has routed links, but no BGP identity."""
    for switch in site.switches:
        if switch.links and switch.bgp is None:
            yield Problem(switch, "name", f"{switch.name} has routed links, but no `bgp` section", "add its `asn` and `router_id`")


@rule("IK1602")
def router_id_used_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """Two switches have the same router id."""
    first: dict[int, str] = {}
    for switch in site.switches:
        if switch.bgp and first.setdefault(int(switch.bgp.router_id), switch.name) != switch.name:
            message = f"router id {switch.bgp.router_id} of {switch.name} is already that of {first[int(switch.bgp.router_id)]}"
            yield Problem(switch.bgp, "router_id", message, "give each switch its own")


@rule("IK1603")
def link_within_one_as(site: Site, _index: Index) -> Iterator[Problem]:
    """Both ends of a link are in one autonomous system; the underlay speaks eBGP."""
    for switch in site.switches:
        for link in switch.links:
            peer = site.switch_by_name.get(link.peer)
            ours, theirs = switch.bgp, peer.bgp if peer else None
            if peer and ours and theirs and ours.asn == theirs.asn and switch.name > peer.name:
                message = f"{switch.name} and {peer.name} are linked and both in AS {ours.asn}; the underlay speaks eBGP"
                yield Problem(switch.bgp, "asn", message, "give leaves other numbers than spines")  # type: ignore[arg-type]
                break


@rule("IK1604")
def asn_shared_across_pairs(site: Site, index: Index) -> Iterator[Problem]:
    """Leaves of different pairs share an autonomous system: they drop each other's routes as loops."""
    first: dict[int, tuple[str, str]] = {}
    for switch in site.switches:
        if switch.role != "leaf" or switch.bgp is None:
            continue
        pair = index.pair_of[switch.name]
        other_pair, other = first.setdefault(switch.bgp.asn, (pair, switch.name))
        if other_pair != pair:
            message = f"AS {switch.bgp.asn} of {switch.name} (pair {pair}) is already that of {other} (pair {other_pair})"
            yield Problem(switch.bgp, "asn", message, "give each leaf, or each pair, an AS of its own")


@rule("IK1605", "warning")
def asn_not_private(site: Site, _index: Index) -> Iterator[Problem]:
    """An AS number is not from the private ranges."""
    for switch in site.switches:
        if switch.bgp and switch.bgp.asn not in _RESERVED_ASNS and not any(switch.bgp.asn in private for private in _PRIVATE_ASNS):
            message = f"AS {switch.bgp.asn} of {switch.name} is a public number"
            yield Problem(switch.bgp, "asn", message, "use 64512 to 65534 or 4200000000 to 4294967294 (RFC 6996)")


@rule("IK1606")
def asn_reserved(site: Site, _index: Index) -> Iterator[Problem]:
    """An AS number is reserved."""
    for switch in site.switches:
        if switch.bgp and switch.bgp.asn in _RESERVED_ASNS:
            message = f"AS {switch.bgp.asn} of {switch.name} is reserved"
            yield Problem(switch.bgp, "asn", message, "use 64512 to 65534 or 4200000000 to 4294967294 (RFC 6996)")


@rule("IK1607")
def next_hop_unreachable(site: Site, index: Index) -> Iterator[Problem]:
    """A static route's next hop is in no network of the switch."""
    for switch in site.switches:
        if not switch.static_routes:
            continue
        routed = [vlan.network for vlan in switch.vlans if vlan.address is not None]
        local = [(span.first, span.last) for name, span in index.spans.items() if name in routed]
        local += [(int(link.address.network[0]), int(link.address.network[-1])) for link in switch.links]
        for route in switch.static_routes:
            if not any(first <= int(route.next_hop) <= last for first, last in local):
                message = f"next hop {route.next_hop} of {route.prefix} is in no network that {switch.name} routes"
                yield Problem(route, "next_hop", message, "name a neighbour in one of the switch's VLANs or links")


@rule("IK1608")
def next_hop_is_self(site: Site, index: Index) -> Iterator[Problem]:
    """A static route's next hop is an address of the fabric itself."""
    holders = {use.value: use.owner for use in index.addresses if "gateway" in use.owner or "VLAN interface" in use.owner}
    for switch in site.switches:
        for route in switch.static_routes:
            owner = holders.get(int(route.next_hop))
            if owner:
                message = f"next hop {route.next_hop} of {route.prefix} on {switch.name} is {owner}: the fabric itself"
                yield Problem(route, "next_hop", message, "name the router beyond the fabric")


@rule("IK1609")
def route_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """A switch has two static routes to one prefix over one next hop."""
    for switch in site.switches:
        seen: set[tuple[object, object]] = set()
        for route in switch.static_routes:
            if (route.prefix, route.next_hop) in seen:
                yield Problem(route, "prefix", f"{switch.name} routes {route.prefix} twice by {route.next_hop}", "keep one of the two")
            seen.add((route.prefix, route.next_hop))


@rule("IK1610")
def link_subnet_overlaps(site: Site, index: Index) -> Iterator[Problem]:
    """A link's subnet overlaps a network's or another link's."""
    stretches: list[tuple[int, int, str, Link | None]] = [
        (span.first, span.last, f"network {name}", None) for name, span in index.spans.items()
    ]
    seen: set[tuple[frozenset[tuple[str, str]], int]] = set()
    for switch in site.switches:
        for link in switch.links:
            first, last = int(link.address.network[0]), int(link.address.network[-1])
            ends = frozenset({(switch.name, link.port), (link.peer, link.peer_port)})
            if (ends, first) not in seen:  # both ends of one link share their subnet, of course
                seen.add((ends, first))
                stretches.append((first, last, f"the link {switch.name} {link.port} to {link.peer}", link))
    yield from _overlaps(sorted(stretches, key=lambda each: each[:2]))


def _overlaps(stretches: list[tuple[int, int, str, Link | None]]) -> Iterator[Problem]:
    widest: tuple[int, int, str, Link | None] | None = None
    for each in stretches:
        link = each[3] or (widest[3] if widest else None)
        if widest and link and each[0] <= widest[1]:
            yield Problem(link, "address", f"the subnet of {each[2]} overlaps that of {widest[2]}", "give each link a subnet of its own")
        if widest is None or each[1] > widest[1]:
            widest = each


@rule("IK1611")
def router_id_in_use(site: Site, index: Index) -> Iterator[Problem]:
    """A router id is the address of another device."""
    holders = {use.value: use for use in index.addresses}
    for switch in site.switches:
        use = holders.get(int(switch.bgp.router_id)) if switch.bgp else None
        if use and switch.bgp and switch.name not in use.owner:
            message = f"router id {switch.bgp.router_id} of {switch.name} is the address of {use.owner}"
            yield Problem(switch.bgp, "router_id", message, "choose an address that nothing else holds")
