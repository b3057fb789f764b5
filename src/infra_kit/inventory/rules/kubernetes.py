"""The Kubernetes platform: nodes, address ranges, reservations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_kit.inventory.quantities import in_bytes, millicores
from infra_kit.inventory.rules.capacity import threads
from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.kubernetes import Kubernetes
    from infra_kit.inventory.models.server import Server
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

_VERSION = re.compile(r"v?1\.[0-9]{1,2}(\.[0-9]+)?$")
_NODE_PREFIX = 24
"""kube-controller-manager's default node CIDR: a /24 of the pod range a node."""
_MOST_PODS = 254
_LEAST_SERVICES = 256


def _platform(site: Site) -> Iterator[Kubernetes]:
    if site.kubernetes:
        yield site.kubernetes


def _nodes(site: Site, kubernetes: Kubernetes) -> list[Server]:
    names = dict.fromkeys([*kubernetes.control_plane, *kubernetes.workers])
    return [site.server_by_name[name] for name in names if name in site.server_by_name]


@rule("IK4001")
def ranges_overlap(site: Site, index: Index) -> Iterator[Problem]:
    """Pod, service and node addresses overlap."""
    for kubernetes in _platform(site):
        ranges = {"pod_cidr": kubernetes.pod_cidr, "service_cidr": kubernetes.service_cidr}
        if kubernetes.pod_cidr.overlaps(kubernetes.service_cidr):
            message = f"pod range {kubernetes.pod_cidr} and service range {kubernetes.service_cidr} overlap"
            yield Problem(kubernetes, "service_cidr", message, "choose disjoint private ranges")
        for field, subnet in ranges.items():
            first, last = int(subnet.network_address), int(subnet.broadcast_address)
            for span in index.spans.values():
                if first <= span.last and span.first <= last:
                    message = f"{field} {subnet} overlaps {span.network.subnet} of network {span.network.name}"
                    yield Problem(kubernetes, field, message, "choose a range that no network of the site uses")


@rule("IK4002")
def control_plane_even(site: Site, _index: Index) -> Iterator[Problem]:
    """The control plane has an even number of nodes, or none: etcd has no majority to win by it."""
    for kubernetes in _platform(site):
        count = len(set(kubernetes.control_plane))
        if count % 2 == 0:
            message = f"the control plane has {count} nodes ({', '.join(kubernetes.control_plane) or 'none'})"
            yield Problem(kubernetes, "control_plane", message, "an odd number survives more: three, or five")


@rule("IK4003", "warning")
def control_plane_single(site: Site, _index: Index) -> Iterator[Problem]:
    """The control plane is a single node."""
    for kubernetes in _platform(site):
        if len(set(kubernetes.control_plane)) == 1:
            yield Problem(
                kubernetes, "control_plane", f"the control plane is {kubernetes.control_plane[0]} alone", "three survive the loss of one"
            )


@rule("IK4004")
def node_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A node is no server of the site."""
    for kubernetes in _platform(site):
        for field in ("control_plane", "workers"):
            for position, name in enumerate(getattr(kubernetes, field)):
                if name not in site.server_by_name:
                    yield Problem(kubernetes, (field, position), f"node `{name}` is no server of the site", "name a server")


@rule("IK4005")
def node_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """A server is a node twice, or both control plane and worker."""
    for kubernetes in _platform(site):
        first: dict[str, str] = {}
        for field in ("control_plane", "workers"):
            for position, name in enumerate(getattr(kubernetes, field)):
                if name in first:
                    message = f"server {name} is in `{field}` and already in `{first[name]}`"
                    yield Problem(kubernetes, (field, position), message, "keep it in one list, once")
                first.setdefault(name, field)


@rule("IK4006")
def api_address_outside(site: Site, index: Index) -> Iterator[Problem]:
    """The API's address is in no network that all control-plane nodes share, so it cannot move between them."""
    for kubernetes in _platform(site):
        servers = [site.server_by_name[name] for name in kubernetes.control_plane if name in site.server_by_name]
        shared = [{entry.network for bond in server.bonds for entry in bond.addresses} for server in servers]
        common = set.intersection(*shared) if shared else set()
        spans = [index.spans[name] for name in sorted(common) if name in index.spans]
        if servers and not any(span.first < int(kubernetes.api_address) < span.last for span in spans):
            known = ", ".join(f"{span.network.name} {span.network.subnet}" for span in spans) or "none"
            message = f"API address {kubernetes.api_address} is in no network that all control-plane nodes share ({known})"
            yield Problem(kubernetes, "api_address", message, "choose a free address there; put the control plane on one leaf pair")


@rule("IK4007")
def pod_range_too_small(site: Site, _index: Index) -> Iterator[Problem]:
    """The pod range has too few /24 for the nodes."""
    for kubernetes in _platform(site):
        nodes = len({*kubernetes.control_plane, *kubernetes.workers})
        room = 2 ** max(0, _NODE_PREFIX - kubernetes.pod_cidr.prefixlen) if kubernetes.pod_cidr.prefixlen <= _NODE_PREFIX else 0
        if nodes > room:
            message = f"pod range {kubernetes.pod_cidr} has {room} blocks of /{_NODE_PREFIX} for {nodes} nodes"
            yield Problem(kubernetes, "pod_cidr", message, "choose a wider range")


@rule("IK4008")
def too_many_pods(site: Site, _index: Index) -> Iterator[Problem]:
    """A node may run more pods than its /24 has addresses."""
    for kubernetes in _platform(site):
        if kubernetes.max_pods > _MOST_PODS:
            message = f"`max_pods` is {kubernetes.max_pods}; a /{_NODE_PREFIX} has {_MOST_PODS} addresses"
            yield Problem(kubernetes, "max_pods", message, "110 is Kubernetes' own default")


@rule("IK4009", "warning")
def service_range_small(site: Site, _index: Index) -> Iterator[Problem]:
    """The service range is smaller than a /24."""
    for kubernetes in _platform(site):
        if kubernetes.service_cidr.num_addresses < _LEAST_SERVICES:
            message = f"service range {kubernetes.service_cidr} has {kubernetes.service_cidr.num_addresses} addresses"
            yield Problem(kubernetes, "service_cidr", message, "it cannot be widened later: choose a /16")


@rule("IK4010")
def reserved_above_capacity(site: Site, index: Index) -> Iterator[Problem]:
    """A node reserves all it has, or more."""
    for kubernetes in _platform(site):
        cpu, memory = millicores(kubernetes.reserved.cpu), in_bytes(kubernetes.reserved.memory)
        for server in _nodes(site, kubernetes):
            profile = index.profile(server)
            count = threads(profile, site) if profile else 0
            if profile and cpu >= count * 1000:
                message = f"reserved CPU {kubernetes.reserved.cpu} is all of {server.name}'s {count} threads"
                yield Problem(kubernetes.reserved, "cpu", message, "reserve less, or take another server")
                break
            if profile and memory >= profile.memory.total_gib * 2**30:
                message = f"reserved memory {kubernetes.reserved.memory} is all of {server.name}'s {profile.memory.total_gib} GiB"
                yield Problem(kubernetes.reserved, "memory", message, "reserve less, or take another server")
                break


@rule("IK4011")
def version_malformed(site: Site, _index: Index) -> Iterator[Problem]:
    """The Kubernetes version is no version."""
    for kubernetes in _platform(site):
        if not _VERSION.match(kubernetes.version):
            yield Problem(kubernetes, "version", f"`{kubernetes.version}` is no Kubernetes version", "write it as 1.34.2")


@rule("IK4012", "warning")
def control_plane_in_one_rack(site: Site, _index: Index) -> Iterator[Problem]:
    """The whole control plane stands in one rack of several."""
    for kubernetes in _platform(site):
        racks = {site.server_by_name[name].rack for name in kubernetes.control_plane if name in site.server_by_name}
        if len(set(kubernetes.control_plane)) > 1 and len(racks) == 1 and len({server.rack for server in site.servers}) > 1:
            yield Problem(kubernetes, "control_plane", f"the whole control plane stands in rack {racks.pop()}", "spread it over racks")


@rule("IK4013", "warning")
def gpus_outside(site: Site, _index: Index) -> Iterator[Problem]:
    """A GPU worker is no Kubernetes worker: its GPUs serve no workspace."""
    for kubernetes in _platform(site):
        missing = [server.name for server in site.servers if server.role == "gpu-worker" and server.name not in kubernetes.workers]
        if missing:
            message = f"GPU worker(s) {', '.join(missing)} are no Kubernetes workers: their GPUs serve no workspace"
            yield Problem(kubernetes, "workers", message, "add them to `workers`")


@rule("IK4014")
def workers_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """Kubernetes has no workers."""
    for kubernetes in _platform(site):
        if not kubernetes.workers:
            yield Problem(kubernetes, "workers", "Kubernetes has no workers", "name the servers that run the workspaces")
