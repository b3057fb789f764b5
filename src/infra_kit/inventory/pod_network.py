"""Which addresses the pods of a node have: the hosts are given them, the leaf switches route them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Network

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
