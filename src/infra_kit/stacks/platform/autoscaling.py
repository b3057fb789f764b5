"""Bounds of what grows by itself.

Pods: an autoscaler of a workload (HPA) has its own upper limit, and the namespace's ResourceQuota stands above it. The platform's own
namespaces get theirs here, so that a mistake in them cannot fill the cluster with pods that preempt everybody's.
Nodes: servers are powered on and off by whoever runs beside the cluster (Cluster Autoscaler's `externalgrpc` provider, which asks a
service that uses the servers' BMCs). Its bounds are the ConfigMap `node-groups`: it must not go below `min` nor above `max` of a group,
and the servers to choose from are named. Nothing on the cluster acts on it by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.core.v1 import ConfigMap, ResourceQuota

from infra_kit.inventory.nodes import node_shapes
from infra_kit.stacks.parts.template import rendered
from infra_kit.stacks.platform.frame import PLATFORM, inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pulumi import Resource

    from infra_kit.inventory.models.site import Site

NODE_GROUPS = "node-groups"
CEILING = "ceiling"
_PODS_OF_A_REPLICA = 3
"""A replica, the one that takes its place in an update, and one that is still ending."""


class AutoscalingLimits(ComponentResource):
    """Makes the ceilings of the platform's namespaces and the bounds of the node groups.

    Args:
        site: the site.
        grounds: what must be there before anything in a namespace, by the platform's namespaces.
        parent: the platform.
    """

    def __init__(self, site: Site, grounds: Mapping[str, Iterable[Resource]], parent: Resource) -> None:
        super().__init__("infra-kit:platform:AutoscalingLimits", "autoscaling", None, ResourceOptions(parent=parent))
        for name, ground in grounds.items():
            place = inside(name, self, *ground)
            spec: Any = {"hard": {"pods": str(_pods(site, name)), "services.loadbalancers": "0", "requests.nvidia.com/gpu": "0"}}
            ResourceQuota(place.logical(CEILING), metadata=place.metadata(CEILING, "autoscaling"), spec=spec, opts=place.options())
        place = inside(PLATFORM, self, *grounds[PLATFORM])
        ConfigMap(
            place.logical(NODE_GROUPS),
            metadata=place.metadata(NODE_GROUPS, "autoscaling"),
            data={"node-groups.yaml": node_groups(site)},
            opts=place.options(),
        )
        self.register_outputs({})


def node_groups(site: Site) -> str:
    """The bounds as YAML: groups with `name`, `min`, `max`, `servers`, and what one node of each offers."""
    assert site.kubernetes is not None, "a platform's program runs only where there is a platform"
    shapes = {shape.name: shape for shape in node_shapes(site)}
    groups = [
        {
            "name": group.name,
            "min": group.min,
            "max": group.max,
            "servers": group.servers,
            "node": shapes[group.servers[0]].allocatable if group.servers and group.servers[0] in shapes else {},
        }
        for group in site.kubernetes.node_groups
    ]
    return rendered("platform/node-groups.yaml.j2", groups=groups)


def _pods(site: Site, namespace: str) -> int:
    """How many pods a namespace of the platform can ever need."""
    assert site.kubernetes is not None, "a platform's program runs only where there is a platform"
    if namespace == "gpu":
        return 2 * sum(1 for shape in node_shapes(site) if shape.gpus)
    if namespace == "ingress" and site.kubernetes.ingress:
        return _PODS_OF_A_REPLICA * site.kubernetes.ingress.replicas
    return 20
