"""The platform as a Pulumi program: what the cluster needs before the first workspace.

Each component is one file beside this one. Parts that the inventory does not ask for are not made: no GPU nodes, no device plugin; no
`ingress`, no controller; `queues: quotas`, no YuniKorn; no mirror, no settings of it. It is the same in both configurations: what
differs is where the NFS export is, which the volumes of the workspaces say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi import ComponentResource

from infra_kit.inventory.errors import ProgramError
from infra_kit.inventory.nodes import node_shapes
from infra_kit.stacks.platform.autoscaling import AutoscalingLimits
from infra_kit.stacks.platform.frame import GPU, INGRESS, PLATFORM
from infra_kit.stacks.platform.gpu import DevicePlugin
from infra_kit.stacks.platform.ingress import IngressController
from infra_kit.stacks.platform.metrics import Metrics
from infra_kit.stacks.platform.namespaces import Namespaces
from infra_kit.stacks.platform.nodes import Nodes
from infra_kit.stacks.platform.priorities import Priorities
from infra_kit.stacks.platform.queues import Queues
from infra_kit.stacks.platform.registry import RegistryMirrors
from infra_kit.stacks.platform.roles import Roles
from infra_kit.stacks.platform.storage import Storage

if TYPE_CHECKING:
    from infra_kit.inventory.models.kubernetes import Kubernetes
    from infra_kit.inventory.models.site import Site


class Platform(ComponentResource):
    """The whole platform of a site.

    Args:
        site: the site.
        kubernetes: its cluster.
    """

    def __init__(self, site: Site, kubernetes: Kubernetes) -> None:
        super().__init__("infra-kit:platform:Platform", site.site.name)
        has_gpus = any(shape.gpus for shape in node_shapes(site))
        wanted = {PLATFORM: True, INGRESS: kubernetes.ingress is not None, GPU: has_gpus}
        namespaces = Namespaces([name for name, asked in wanted.items() if asked], self).by_name
        # Pods are refused while their priority class is missing.
        priority = Priorities(self).by_name["platform-critical"]
        grounds = {name: (*made, priority) for name, made in namespaces.items()}
        Roles(self)
        Nodes(site, self)
        AutoscalingLimits(site, grounds, self)
        if kubernetes.volumes:
            Storage(kubernetes.volumes, self)
        if has_gpus:
            DevicePlugin(site, grounds[GPU], self)
        if kubernetes.ingress:
            IngressController(site, kubernetes.ingress, grounds[INGRESS], self)
        if kubernetes.queues == "yunikorn":
            Queues(site, grounds[PLATFORM], self)
        if kubernetes.metrics_server:
            Metrics(site, grounds[PLATFORM], self)
        if kubernetes.registry_mirror:
            RegistryMirrors(site, grounds[PLATFORM], self)
        self.register_outputs({})


def program(site: Site) -> None:
    """Make the platform of a site.

    Raises:
        ProgramError: the site has no cluster.
    """
    if site.kubernetes is None:
        raise ProgramError("the site has no `kubernetes`, so there is no platform to make", remedy="describe it in the inventory")
    Platform(site, site.kubernetes)
