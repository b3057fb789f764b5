"""The pods' addresses: each node's subnet, and who routes it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from infra_kit.inventory.pod_network import pod_subnets
from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index


@rule("IK4060")
def pod_subnet_of_nobody(site: Site, _index: Index) -> Iterator[Problem]:
    """A pod subnet is given to what is no node of the cluster."""
    if site.kubernetes:
        nodes = {*site.kubernetes.control_plane, *site.kubernetes.workers}
        for name in site.kubernetes.pod_subnets:
            if name not in nodes:
                yield Problem(
                    site.kubernetes, ("pod_subnets", name), f"`{name}` is no node of the cluster", "name one of control_plane or workers"
                )


@rule("IK4061")
def pod_subnet_outside(site: Site, _index: Index) -> Iterator[Problem]:
    """A node's pod subnet lies outside the pod range."""
    if site.kubernetes:
        pods = site.kubernetes.pod_cidr
        for name, subnet in site.kubernetes.pod_subnets.items():
            if not subnet.subnet_of(pods):
                message = f"pod subnet {subnet} of {name} is not within the pod range {pods}"
                yield Problem(site.kubernetes, ("pod_subnets", name), message, "choose one within `pod_cidr`")


@rule("IK4062")
def pod_subnets_overlap(site: Site, _index: Index) -> Iterator[Problem]:
    """Two nodes' pod subnets overlap; a node that is not named has the /24 of its place."""
    if site.kubernetes is None:
        return
    by_start = sorted(pod_subnets(site).items(), key=lambda each: int(each[1].network_address))
    for (one, first), (other, second) in pairwise(by_start):
        if first.overlaps(second):
            named = other if other in site.kubernetes.pod_subnets else one
            message = f"pod subnet {first} of {one} and {second} of {other} overlap"
            yield Problem(site.kubernetes, ("pod_subnets", named), message, "give each node its own; one that is not named has its place's")


@rule("IK4063")
def pod_subnet_too_small(site: Site, _index: Index) -> Iterator[Problem]:
    """A node's pod subnet has fewer addresses than the node may run pods."""
    if site.kubernetes:
        for name, subnet in site.kubernetes.pod_subnets.items():
            room = subnet.num_addresses - 2  # its own address, and the bridge's
            if room < site.kubernetes.max_pods:
                message = f"pod subnet {subnet} of {name} has room for {max(0, room)} pods, `max_pods` is {site.kubernetes.max_pods}"
                yield Problem(site.kubernetes, ("pod_subnets", name), message, "choose a wider one, or fewer pods a node")


@rule("IK4064")
def cni_manifest_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """The cluster's network plug-in comes by a manifest, and there is none."""
    kubernetes = site.kubernetes
    if kubernetes is None or kubernetes.cni == "bridge":
        return
    if kubernetes.cni_manifest is None:
        message = f"`cni: {kubernetes.cni}` says no manifest that brings it"
        yield Problem(kubernetes, "cni", message, "render its manifests once, keep them beside the inventory, name them as `cni_manifest`")
    elif not (site.folder / kubernetes.cni_manifest).is_file():
        yield Problem(kubernetes, "cni_manifest", f"there is no file {kubernetes.cni_manifest} in the site's folder", "put it there")


@rule("IK4065", "warning")
def cni_manifest_unused(site: Site, _index: Index) -> Iterator[Problem]:
    """A manifest of a network plug-in is named that nobody applies."""
    if site.kubernetes and site.kubernetes.cni == "bridge" and site.kubernetes.cni_manifest is not None:
        message = f"{site.kubernetes.cni_manifest} is not applied: `cni` is bridge"
        yield Problem(site.kubernetes, "cni_manifest", message, "say `cni: cilium` or `cni: calico`, or leave it out")
