"""Switch nouns: leaf pairs with VLT and LAGs, spines, a routed underlay between them, the way out."""

from __future__ import annotations

from collections import defaultdict
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from infra_kit.inventory.models.switch import Bgp, Breakout, Lag, Link, StaticRoute, Switch, SwitchManagement, Vlan, Vlt
from infra_kit.inventory.scaffold.counts import ARRAY_PORTS_PER_LEAF, SERVERS_PER_PAIR, UPLINKS_PER_LEAF, Counts
from infra_kit.inventory.scaffold.networks import cluster_data, storage, vlt_peering
from infra_kit.inventory.scaffold.placeholders import mac, service_tag
from infra_kit.inventory.scaffold.racking import LEAF, SPINE, Racking
from infra_kit.inventory.scaffold.servers import LAG_START

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_kit.inventory.scaffold.addresses import AddressPlan
    from infra_kit.inventory.scaffold.machines import Machine

ARRAY_LAG_START = 200
_UPLINK_LAG = 1
_UPLINK_PORTS = [f"1/1/{port}" for port in range(SERVERS_PER_PAIR + 1, 49)]
_VLT_PORTS = [f"1/1/{port}" for port in range(49, 53)]
_FIRST_SPINE_PORT = 53
_LANES = 4
_LEAF_ASN, _SPINE_ASN = 64801, 64901
_OPTIC = "100GBASE-DR"
"""One wavelength of PAM4 a lane: what a 400G port broken out to 4 x 100G speaks; the QSFP28 end needs the same."""
_VLT_FAMILY = 3
_VRRP_PRIORITY = {"a": 150, "b": 100}
_VLT_PRIORITY = {"a": 4096, "b": 8192}
_VRRP_GROUPS = {"cluster-data": 1, "storage": 2, "uplink": 3}


def array_port(pair: int, node: int) -> str:
    """The leaf port of the n-th node (from 0) of the chassis on a pair: behind the servers' ports."""
    first = SERVERS_PER_PAIR + 1 - (ARRAY_PORTS_PER_LEAF if pair == 0 else 0)
    return f"1/1/{first + node}"


class FabricBuilder:
    """Makes the switches of a new site.

    Args:
        counts: the site's counts.
        machines: its servers, seated.
        plan: its addresses.
        racking: where everything stands.
        array: the array's name, for descriptions.
    """

    def __init__(self, counts: Counts, machines: Iterable[Machine], plan: AddressPlan, racking: Racking, array: str) -> None:
        """Sort the servers by pair, once."""
        self._counts = counts
        self._plan = plan
        self._racking = racking
        self._array = array
        self._by_pair: dict[int, list[Machine]] = defaultdict(list)
        for machine in machines:
            self._by_pair[machine.pair].append(machine)
        self._spine_links: dict[int, list[Link]] = defaultdict(list)

    def switches(self) -> list[Switch]:
        """All leaves, then all spines."""
        leaves = [self._leaf(pair, side) for pair in range(self._counts.pairs) for side in "ab"]
        return leaves + [self._spine(number) for number in range(self._counts.spines)]

    def _leaf(self, pair: int, side: str) -> Switch:
        number = 2 * pair + "ab".index(side)
        name = f"leaf{pair + 1:02}{side}"
        rack, unit = self._racking.places[name]
        core = StaticRoute(prefix=IPv4Network("0.0.0.0/0"), next_hop=self._plan.uplink[1])
        return Switch(
            name=name,
            role="leaf",
            model=LEAF,
            service_tag=service_tag("L", number + 1),
            rack=rack,
            unit=unit,
            management=SwitchManagement(address=self._plan.switch_management(number), credential="switch"),
            vlt=self._vlt(pair, side, number),
            vlans=self._vlans(pair, side),
            lags=self._lags(pair),
            links=self._links(name, number),
            bgp=Bgp(asn=_LEAF_ASN + number, router_id=self._plan.router_id(number)),
            static_routes=[core] if pair == 0 else [],
        )

    def _vlt(self, pair: int, side: str, number: int) -> Vlt:
        other = "b" if side == "a" else "a"
        return Vlt(
            pair=f"leaf{pair + 1:02}",
            domain=pair + 1,
            peer=f"leaf{pair + 1:02}{other}",
            interconnect_ports=_VLT_PORTS,
            backup_destination=self._plan.switch_management(number + (1 if side == "a" else -1)),
            primary_priority=_VLT_PRIORITY[side],
            mac=mac(_VLT_FAMILY, pair + 1),
        )

    def _vlans(self, pair: int, side: str) -> list[Vlan]:
        own = 2 if side == "a" else 3
        found = [self._routed(cluster_data(pair), self._plan.cluster_data(pair)[own], "cluster-data", side)]
        if pair < self._counts.chassis:
            found.append(self._routed(storage(pair), self._plan.storage(pair)[own], "storage", side))
        if pair == 0:
            found.append(self._routed("uplink", self._plan.uplink[own + 3], "uplink", side))
        found.append(Vlan(network=vlt_peering(pair), address=self._plan.vlt_peering(pair)[own - 1]))
        return found

    def _routed(self, network: str, address: object, purpose: str, side: str) -> Vlan:
        return Vlan.model_validate(
            {"network": network, "address": address, "vrrp_group": _VRRP_GROUPS[purpose], "vrrp_priority": _VRRP_PRIORITY[side]}
        )

    def _lags(self, pair: int) -> list[Lag]:
        data = cluster_data(pair)
        found = [
            Lag(
                id=LAG_START + machine.port,
                description=machine.name,
                ports=[f"1/1/{machine.port}"],
                networks=[],
                native=data,
                fallback=True,
            )
            for machine in self._by_pair[pair]
        ]
        if pair < self._counts.chassis:
            found += [self._array_lag(pair, node) for node in range(ARRAY_PORTS_PER_LEAF)]
        if pair == 0:
            found.append(Lag(id=_UPLINK_LAG, description="data-centre core", ports=_UPLINK_PORTS, networks=["uplink"]))
        return found

    def _array_lag(self, pair: int, node: int) -> Lag:
        description = f"{self._array} node {pair * ARRAY_PORTS_PER_LEAF + node + 1}"
        return Lag(
            id=ARRAY_LAG_START + node + 1, description=description, ports=[array_port(pair, node)], networks=[], native=storage(pair)
        )

    def _links(self, leaf: str, number: int) -> list[Link]:
        each = UPLINKS_PER_LEAF // self._counts.spines
        found = []
        for uplink in range(UPLINKS_PER_LEAF):
            spine, turn = divmod(uplink, each)
            lane = number * each + turn
            port, spine_port = f"1/1/{_FIRST_SPINE_PORT + uplink}", f"1/1/{lane // _LANES + 1}:{lane % _LANES + 1}"
            near, far = self._plan.link(number * UPLINKS_PER_LEAF + uplink)
            found.append(Link(port=port, peer=f"spine{spine + 1:02}", peer_port=spine_port, address=near, optic=_OPTIC))
            self._spine_links[spine].append(Link(port=spine_port, peer=leaf, peer_port=port, address=far, optic=_OPTIC))
        return found

    def _spine(self, spine: int) -> Switch:
        number = 2 * self._counts.pairs + spine
        name = f"spine{spine + 1:02}"
        rack, unit = self._racking.places[name]
        links = self._spine_links[spine]
        broken_out = dict.fromkeys(link.port.partition(":")[0] for link in links)
        return Switch(
            name=name,
            role="spine",
            model=SPINE,
            service_tag=service_tag("S", spine + 1),
            rack=rack,
            unit=unit,
            management=SwitchManagement(address=self._plan.switch_management(number), credential="switch"),
            breakouts=[Breakout(port=port, mode="100g-4x") for port in broken_out],
            links=links,
            bgp=Bgp(asn=_SPINE_ASN, router_id=self._plan.router_id(number)),
        )
