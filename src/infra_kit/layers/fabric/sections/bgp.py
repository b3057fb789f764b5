"""The underlay's routing: external BGP on every link, and between VLT peers over their peering network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.switch import Bgp as BgpIdentity
    from infra_kit.layers.fabric.facts import SwitchFacts


@dataclass(frozen=True, slots=True)
class Neighbor:
    """One BGP session."""

    address: str
    description: str
    asn: int
    bfd: bool
    next_hop_self: bool = False


@dataclass(frozen=True, slots=True)
class Bgp:
    """What the BGP template prints."""

    asn: int
    router_id: str
    maximum_paths: int
    prefixes: list[str]
    redistribute_static: bool
    neighbors: list[Neighbor]


def build(facts: SwitchFacts) -> Bgp | None:
    """Advertises the loopback and every network routed here; static routes are redistributed where there are any."""
    own = facts.switch.bgp
    if own is None:
        return None
    routed = sorted({facts.networks[vlan.network].subnet for vlan in facts.switch.vlans if vlan.address})
    neighbors = sorted((*_links(facts), *_vlt_peer(facts, own)), key=lambda neighbor: [int(part) for part in neighbor.address.split(".")])
    return Bgp(
        asn=own.asn,
        router_id=str(own.router_id),
        maximum_paths=facts.site.fabric.bgp_maximum_paths,
        prefixes=[f"{own.router_id}/32", *(str(prefix) for prefix in routed)],
        redistribute_static=bool(facts.static_routes),
        neighbors=neighbors,
    )


def _links(facts: SwitchFacts) -> Iterator[Neighbor]:
    for link in facts.switch.links:
        peer = facts.site.switch_by_name.get(link.peer)
        far = next((each for each in peer.links if each.port == link.peer_port), None) if peer else None
        if peer is not None and peer.bgp is not None and far is not None:
            yield Neighbor(str(far.address.ip), f"{link.peer} ethernet{link.peer_port}", peer.bgp.asn, facts.site.fabric.bfd)


def _vlt_peer(facts: SwitchFacts, own: BgpIdentity) -> Iterator[Neighbor]:
    peer = facts.peer
    if peer is None or peer.bgp is None:
        return
    shared = {vlan.network for vlan in facts.switch.vlans if facts.networks[vlan.network].purpose == "vlt-peering"}
    for vlan in peer.vlans:
        if vlan.network in shared and vlan.address is not None:
            # Inside one AS a route learned from a spine keeps the spine's next hop, which the peer does not know.
            same_as = peer.bgp.asn == own.asn
            yield Neighbor(str(vlan.address), f"{peer.name} over {vlan.network}", peer.bgp.asn, facts.site.fabric.bfd, same_as)


SECTION = Section("bgp", build, (r"router bgp ",))
