"""Node groups: workers that may be powered on and off, and how many of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.kubernetes import NodeGroup
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index


def _groups(site: Site) -> list[NodeGroup]:
    return site.kubernetes.node_groups if site.kubernetes else []


@rule("IK4040")
def member_no_worker(site: Site, _index: Index) -> Iterator[Problem]:
    """A node group names something that is no Kubernetes worker."""
    workers = site.kubernetes.workers if site.kubernetes else []
    for group in _groups(site):
        for position, name in enumerate(group.servers):
            if name not in workers:
                message = f"`{name}` of node group {group.name} is no Kubernetes worker"
                yield Problem(group, ("servers", position), message, "add it to `workers`, or correct the name")


@rule("IK4041")
def member_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """A worker is in two node groups, or in one twice."""
    first: dict[str, str] = {}
    for group in _groups(site):
        for position, name in enumerate(group.servers):
            if name in first:
                message = f"{name} of node group {group.name} is already in {first[name]}"
                yield Problem(group, ("servers", position), message, "keep it in one, once")
            first.setdefault(name, group.name)


@rule("IK4042")
def bounds_impossible(site: Site, _index: Index) -> Iterator[Problem]:
    """A node group's bounds contradict each other, or the servers it has."""
    for group in _groups(site):
        if group.min > group.max:
            yield Problem(group, "min", f"node group {group.name} has at least {group.min} and at most {group.max} nodes", "swap them")
        elif group.max > len(group.servers):
            message = f"node group {group.name} may grow to {group.max} nodes and has {len(group.servers)} servers"
            yield Problem(group, "max", message, "lower it, or add servers")


@rule("IK4043", "warning")
def members_differ(site: Site, _index: Index) -> Iterator[Problem]:
    """A node group mixes servers of different profiles: an autoscaler reckons with one kind."""
    for group in _groups(site):
        profiles = {site.server_by_name[name].profile for name in group.servers if name in site.server_by_name}
        if len(profiles) > 1:
            message = f"node group {group.name} mixes profiles {', '.join(sorted(profiles))}"
            yield Problem(group, "servers", message, "make a group of each kind")
