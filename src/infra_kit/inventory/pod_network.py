"""Which addresses the pods of a node have: the hosts are given them, the leaf switches route them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from infra_kit.inventory.hosts import management_address

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv4Network

    from infra_kit.inventory.models.site import Site

NODE_PREFIX = 24
"""A /24 of the pod range a node, as kube-controller-manager's default has it (--node-cidr-mask-size)."""


def pod_subnets(site: Site) -> dict[str, IPv4Network]:
    """Server -> the subnet of its pods, of every node, control plane first.

    Args:
        site: the site; nodes for which the pod range has no room are left out (rule IK4007 says so).
    """
    if site.kubernetes is None:
        return {}
    kubernetes = site.kubernetes
    names = dict.fromkeys([*kubernetes.control_plane, *kubernetes.workers])
    if kubernetes.pod_cidr.prefixlen > NODE_PREFIX:
        return {name: kubernetes.pod_subnets[name] for name in names if name in kubernetes.pod_subnets}
    by_place = dict(zip(names, islice(kubernetes.pod_cidr.subnets(new_prefix=NODE_PREFIX), len(names)), strict=False))
    return {name: subnet for name in names if (subnet := kubernetes.pod_subnets.get(name, by_place.get(name))) is not None}


@dataclass(frozen=True, slots=True)
class PodRoute:
    """The way to a node's pods."""

    server: str
    prefix: IPv4Network
    next_hop: IPv4Address
    network: str
    """The network of the next hop: whoever routes it needs the route."""


def pod_routes(site: Site) -> list[PodRoute]:
    """The routes that the fabric needs for pods to reach each other; none where the cluster's own network plug-in tunnels or speaks BGP."""
    if site.kubernetes is None or site.kubernetes.cni != "bridge":
        return []
    found = []
    for name, subnet in pod_subnets(site).items():
        managed = management_address(site.server_by_name[name]) if name in site.server_by_name else None
        if managed is not None:
            found.append(PodRoute(name, subnet, managed.address, managed.network))
    return found
