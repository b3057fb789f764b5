"""Subnets, pools and interfaces of the array."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.storage import ArrayNode, ArraySubnet, Chassis, Groupnet, Pool
    from infra_kit.inventory.rules.index import Index


def _subnets(site: Site) -> Iterator[tuple[Groupnet, ArraySubnet]]:
    for groupnet in site.storage.groupnets if site.storage else []:
        for subnet in groupnet.subnets:
            yield groupnet, subnet


def _pools(site: Site) -> Iterator[tuple[Groupnet, ArraySubnet, Pool]]:
    for groupnet, subnet in _subnets(site):
        for pool in subnet.pools:
            yield groupnet, subnet, pool


def _serving(pool: Pool, index: Index) -> list[tuple[Chassis, ArrayNode]]:
    """The nodes that serve a pool: those it names, or all."""
    return [(chassis, node) for chassis, node in index.nodes if not pool.nodes or node.lnn in pool.nodes]


@rule("IK3220")
def pool_too_small(site: Site, index: Index) -> Iterator[Problem]:
    """A pool has fewer addresses than interfaces that serve it."""
    for _, _, pool in _pools(site):
        nodes = len(pool.nodes) or len(index.nodes)
        count = int(pool.last) - int(pool.first) + 1
        need = nodes * max(1, len(pool.interfaces))
        if 0 < count < need:
            message = f"pool {pool.name} has {count} addresses for {nodes} nodes x {max(1, len(pool.interfaces))} interface(s) = {need}"
            yield Problem(pool, "last", message, "widen the range: every interface of every node holds at least one address")


@rule("IK3221")
def pool_reversed(site: Site, _index: Index) -> Iterator[Problem]:
    """A pool ends before it begins."""
    for _, _, pool in _pools(site):
        if int(pool.first) > int(pool.last):
            yield Problem(pool, "last", f"pool {pool.name} ends at {pool.last}, before its first address {pool.first}", "exchange the two")


@rule("IK3222")
def pool_outside_subnet(site: Site, index: Index) -> Iterator[Problem]:
    """A pool reaches outside the network of its subnet."""
    for _, subnet, pool in _pools(site):
        span = index.spans.get(subnet.network)
        for field in ("first", "last"):
            if span and not span.first < int(getattr(pool, field)) < span.last:
                message = (
                    f"pool {pool.name} ({pool.first} to {pool.last}) reaches outside {span.network.subnet} of network {subnet.network}"
                )
                yield Problem(pool, field, message, "keep it inside the subnet")


@rule("IK3223")
def pools_overlap(site: Site, _index: Index) -> Iterator[Problem]:
    """Two pools have addresses in common."""
    before: Pool | None = None
    for _, _, pool in sorted(_pools(site), key=lambda each: int(each[2].first)):
        if before and int(pool.first) <= int(before.last):
            message = f"pool {pool.name} ({pool.first} to {pool.last}) overlaps pool {before.name} ({before.first} to {before.last})"
            yield Problem(pool, "first", message, "separate the two")
        if before is None or int(pool.last) > int(before.last):
            before = pool


@rule("IK3224")
def address_in_pool(site: Site, index: Index) -> Iterator[Problem]:
    """A device, a gateway or a service holds an address that a pool hands out."""
    pools = [(int(pool.first), int(pool.last), pool) for _, _, pool in _pools(site)]
    for use in index.addresses if pools else []:
        for first, last, pool in pools:
            if first <= use.value <= last:
                message = f"address {use.text} of {use.owner} lies in pool {pool.name} ({pool.first} to {pool.last})"
                yield Problem(use.at, use.field, message, "move the address, or shrink the pool")


@rule("IK3225")
def pool_zone_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A pool serves an access zone that does not exist, or one of another groupnet."""
    zones = {zone.name: zone for zone in site.storage.access_zones} if site.storage else {}
    for groupnet, _, pool in _pools(site):
        zone = zones.get(pool.access_zone)
        if zone is None and pool.access_zone != "System":
            message = f"pool {pool.name} serves zone `{pool.access_zone}`, which does not exist"
            yield Problem(pool, "access_zone", message, f"known: {', '.join(sorted(zones)) or 'none'}")
        elif zone and zone.groupnet != groupnet.name:
            message = f"pool {pool.name} is in groupnet {groupnet.name}, its zone {zone.name} in {zone.groupnet}"
            yield Problem(pool, "access_zone", message, "a zone and its pools share a groupnet")


@rule("IK3226")
def pool_interface_unknown(site: Site, index: Index) -> Iterator[Problem]:
    """A pool names an interface that a node does not have."""
    for _, _, pool in _pools(site):
        for position, interface in enumerate(pool.interfaces):
            serving = [node for _, node in index.nodes if not pool.nodes or node.lnn in pool.nodes]
            lacking = [str(node.lnn) for node in serving if not _has(interface, [port.interface for port in node.ports])]
            if lacking:
                message = f"pool {pool.name} uses {interface}, which node(s) {', '.join(lacking)} do not have"
                yield Problem(pool, ("interfaces", position), message, "name a port of the nodes, or their aggregate (25gige-agg-1)")


def _has(interface: str, ports: list[str]) -> bool:
    kind, is_aggregate, _ = interface.partition("-agg-")
    return any(port.startswith(f"{kind}-") for port in ports) if is_aggregate else interface in ports


@rule("IK3227")
def subnet_on_other_network(site: Site, _index: Index) -> Iterator[Problem]:
    """A OneFS subnet is on a network that is not a storage front end."""
    for _, subnet in _subnets(site):
        network = site.network_by_name.get(subnet.network)
        if network and network.purpose not in ("storage-front-end", "cluster-data"):
            message = f"OneFS subnet {subnet.name} is on network {network.name}, whose purpose is {network.purpose}"
            yield Problem(subnet, "network", message, "use a storage front-end network")


@rule("IK3228")
def aggregation_without_lag(site: Site, index: Index) -> Iterator[Problem]:
    """A pool aggregates by LACP, and its nodes have no port-channel; or the other way round."""
    for _, _, pool in _pools(site):
        aggregated = pool.aggregation == "lacp"
        for chassis, node in _serving(pool, index):
            if aggregated != (node.lag is not None):
                has = "no port-channel" if node.lag is None else f"port-channel {node.lag}"
                message = f"pool {pool.name} aggregates by {pool.aggregation}, node {node.lnn} of {chassis.name} has {has}"
                yield Problem(pool, "aggregation", message, "lacp and a `lag` on every node go together")
                break


@rule("IK3229")
def smartconnect_zone_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """Two pools answer to the same SmartConnect name."""
    first: dict[str, str] = {}
    for _, _, pool in _pools(site):
        if first.setdefault(pool.smartconnect_zone, pool.name) != pool.name:
            message = f"pool {pool.name} answers to {pool.smartconnect_zone}, as does {first[pool.smartconnect_zone]}"
            yield Problem(pool, "smartconnect_zone", message, "give each pool a name of its own")


@rule("IK3230", "warning")
def smartconnect_zone_outside_domain(site: Site, _index: Index) -> Iterator[Problem]:
    """A SmartConnect name is not in the site's domain: the delegation is easily forgotten."""
    for _, _, pool in _pools(site):
        if not pool.smartconnect_zone.endswith(f".{site.site.domain}"):
            message = f"pool {pool.name} answers to {pool.smartconnect_zone}, outside domain {site.site.domain}"
            yield Problem(pool, "smartconnect_zone", message, "name servers delegate the name to the SmartConnect service address")


@rule("IK3231")
def array_on_wrong_pair(site: Site, index: Index) -> Iterator[Problem]:
    """A node is cabled to another leaf pair than carries the array's network."""
    pairs: dict[str, list[str]] = defaultdict(list)
    for _, subnet in _subnets(site):
        network = site.network_by_name.get(subnet.network)
        if network and network.leaf_pair:
            pairs[network.leaf_pair].append(network.name)
    for chassis, node in index.nodes if pairs else []:
        for port in node.ports:
            pair = index.pair_of.get(port.switch)
            if pair and pair not in pairs:
                where = ", ".join(f"{name} ({', '.join(networks)})" for name, networks in pairs.items())
                message = f"{port.interface} of node {node.lnn} in {chassis.name} is cabled to {pair}; the array's networks are on {where}"
                yield Problem(port, "switch", message, "cable it to a pair that carries an array network")


@rule("IK3232")
def lag_without_array_network(site: Site, index: Index) -> Iterator[Problem]:
    """A node's port-channel carries none of the array's networks."""
    networks = {subnet.network for _, subnet in _subnets(site)}
    for chassis, node in index.nodes:
        for switch in sorted({port.switch for port in node.ports}):
            lag = index.lags.get(switch, {}).get(node.lag or 0)
            if lag and not networks.intersection([*lag.networks, lag.native]):
                message = f"port-channel {lag.id} of {switch} carries none of the array's networks ({', '.join(sorted(networks))})"
                yield Problem(node, "lag", f"node {node.lnn} of {chassis.name}: {message}", "add one to the port-channel")


@rule("IK3233")
def pool_node_unknown(site: Site, index: Index) -> Iterator[Problem]:
    """A pool is served by a node that the array does not have."""
    known = {node.lnn for _, node in index.nodes}
    for _, _, pool in _pools(site):
        for position, number in enumerate(pool.nodes):
            if number not in known:
                message = f"pool {pool.name} is served by node {number}, which the array does not have"
                yield Problem(pool, ("nodes", position), message, f"its nodes: {', '.join(map(str, sorted(known))) or 'none'}")


@rule("IK3234")
def pool_node_on_other_pair(site: Site, index: Index) -> Iterator[Problem]:
    """A pool is served by a node that is cabled to another leaf pair than carries the pool's network."""
    for _, subnet, pool in _pools(site):
        network = site.network_by_name.get(subnet.network)
        for chassis, node in _serving(pool, index):
            pairs = {index.pair_of[port.switch] for port in node.ports if port.switch in index.pair_of}
            if network and network.leaf_pair and pairs and network.leaf_pair not in pairs:
                where = f"node {node.lnn} of {chassis.name}, cabled to {', '.join(sorted(pairs))}"
                message = f"pool {pool.name} on network {network.name} (pair {network.leaf_pair}) is served by {where}"
                yield Problem(pool, "nodes", message, "name the nodes on that pair in `nodes`, or move the cables")
