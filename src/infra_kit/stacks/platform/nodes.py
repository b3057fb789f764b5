"""Labels of the nodes: in which rack each stands, which GPUs it has, to which node group it belongs.

The nodes' objects are made by their kubelets; here only these labels are added (`NodePatch`), and given up when they leave the
inventory. Taints are not: `spec.taints` is one value to server-side apply, so whoever sets it would take away the taints by which the
node controller marks drained, unreachable and full nodes. GPU nodes get theirs from their kubelet (`registerWithTaints`) in the layer
`hosts`, as they register.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.core.v1 import NodePatch

from infra_kit.inventory.nodes import node_shapes
from infra_kit.stacks.parts.labels import PREFIX

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.inventory.models.site import Site

NODE_GROUP = f"{PREFIX}node-group"
KUBELETS_OWN = frozenset({"kubernetes.io/hostname", "kubernetes.io/arch", "kubernetes.io/os"})
"""Labels that each kubelet sets, and sets again when they are changed."""


class Nodes(ComponentResource):
    """Labels the nodes.

    Args:
        site: the site.
        parent: the platform.
    """

    def __init__(self, site: Site, parent: Resource) -> None:
        super().__init__("infra-kit:platform:Nodes", "nodes", None, ResourceOptions(parent=parent))
        assert site.kubernetes is not None, "a platform's program runs only where there is a platform"
        group_of = {server: group.name for group in site.kubernetes.node_groups for server in group.servers}
        for shape in node_shapes(site):
            labels = {key: value for key, value in shape.labels.items() if key not in KUBELETS_OWN}
            if shape.name in group_of:
                labels[NODE_GROUP] = group_of[shape.name]
            NodePatch(shape.name, metadata={"name": shape.name, "labels": labels}, opts=ResourceOptions(parent=self))
        self.register_outputs({})
