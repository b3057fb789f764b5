"""Enough bandwidth: uplinks of the leaf pairs, hosts, compute against storage."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.switch import Switch
    from infra_kit.inventory.rules.index import Index

_MOST_OVERSUBSCRIPTION = 3
_LEAST_HOST_GBPS = 10
"""Host to top-of-rack switch (docs.cloudera.com, CDP reference architecture, deployment topology)."""
_LEAST_GBPS_PER_COMPUTE_NODE = 2
_LEAST_GBPS_PER_STORAGE_NODE = 8
"""Both: docs.cloudera.com, cm-vpc-networking, minimum bandwidth between compute and storage."""


def _uplinks(switch: Switch, site: Site, index: Index) -> int:
    spines = (link for link in switch.links if link.peer in site.switch_by_name and site.switch_by_name[link.peer].role == "spine")
    return sum(index.interfaces(switch).get(link.port, 0) for link in spines)


@rule("IK1701", "warning")
def pair_oversubscribed(site: Site, index: Index) -> Iterator[Problem]:
    """A leaf pair's hosts can send more than three times what its uplinks carry."""
    for pair, switches in index.pairs.items():
        up = sum(_uplinks(switch, site, index) for switch in switches)
        speeds = [claim.speed_gbps for switch in switches for claim in index.claims_of_switch.get(switch.name, ()) if claim.speed_gbps]
        down = sum(speeds)
        vlt = switches[0].vlt
        if up and vlt and down > _MOST_OVERSUBSCRIPTION * up:
            message = f"pair {pair}: {len(speeds)} host ports of {down} Gb/s in all over {up} Gb/s of uplinks = {down / up:.1f}:1"
            yield Problem(
                vlt, "pair", message, f"keep to {_MOST_OVERSUBSCRIPTION}:1: add links to the spines, or move hosts to another pair"
            )


@rule("IK1702")
def pair_without_uplinks(_site: Site, index: Index) -> Iterator[Problem]:
    """A leaf pair has no link to a spine, and is not the only pair."""
    for pair, switches in index.pairs.items():
        vlt = switches[0].vlt
        is_leaf = any(switch.role == "leaf" for switch in switches)
        if vlt and is_leaf and len(index.pairs) > 1 and not any(switch.links for switch in switches):
            yield Problem(vlt, "pair", f"pair {pair} has no link to a spine: its hosts reach no other pair", "add `links` on both switches")


@rule("IK1703", "warning")
def pair_uplinks_uneven(site: Site, index: Index) -> Iterator[Problem]:
    """The two switches of a pair have different uplink bandwidth."""
    for pair, switches in index.pairs.items():
        bandwidths = {switch.name: _uplinks(switch, site, index) for switch in switches}
        vlt = switches[-1].vlt
        if vlt and len(set(bandwidths.values())) > 1:
            text = ", ".join(f"{name} {gbps} Gb/s" for name, gbps in bandwidths.items())
            yield Problem(vlt, "pair", f"uplinks of pair {pair} differ: {text}", "give both the same: hosts spread over them evenly")


@rule("IK1704", "warning")
def host_slow(site: Site, index: Index) -> Iterator[Problem]:
    """A server has less than 10 Gb/s to the fabric."""
    totals: dict[str, int] = defaultdict(int)
    for server, _, nics in index.bonds:
        totals[server.name] += sum(nic.speed_gbps for nic in nics)
    for server in site.servers:
        total = totals.get(server.name, 0)
        if server.nics and total < _LEAST_HOST_GBPS:
            yield Problem(
                server, "nics", f"{server.name} has {total} Gb/s to the fabric", f"a cluster node needs at least {_LEAST_HOST_GBPS} Gb/s"
            )


@rule("IK1705", "warning")
def storage_too_narrow(site: Site, index: Index) -> Iterator[Problem]:
    """The array's front end is narrower than the least that its compute nodes need."""
    workers = [server for server in site.servers if server.role in ("worker", "gpu-worker")]
    front_end = sum(port.speed_gbps for _, node in index.nodes for port in node.ports)
    need = len(workers) * _LEAST_GBPS_PER_COMPUTE_NODE
    if site.storage and front_end < need:
        message = f"{len(workers)} workers need at least {len(workers)} x {_LEAST_GBPS_PER_COMPUTE_NODE} = {need} Gb/s of {front_end} Gb/s"
        yield Problem(site.storage, "chassis", f"the array is too narrow: {message}", "add chassis or faster ports")


@rule("IK1706", "warning")
def storage_node_slow(_site: Site, index: Index) -> Iterator[Problem]:
    """An array node has less than 8 Gb/s of front end."""
    for chassis, node in index.nodes:
        total = sum(port.speed_gbps for port in node.ports)
        if total < _LEAST_GBPS_PER_STORAGE_NODE:
            message = f"node {node.lnn} of {chassis.name} has {total} Gb/s of front end"
            yield Problem(node, "ports", message, f"a storage node needs at least {_LEAST_GBPS_PER_STORAGE_NODE} Gb/s")
