"""The platform's namespaces: closed to everything at first, and `restricted` but for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.core.v1 import Namespace

from infra_kit.stacks.parts.network_policies import allow_dns, default_deny
from infra_kit.stacks.parts.security import PSS_RESTRICTED
from infra_kit.stacks.platform.frame import GPU, cluster_wide, inside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi import Resource

PSS_PRIVILEGED = {"pod-security.kubernetes.io/enforce": "privileged", "pod-security.kubernetes.io/audit": "restricted"}
"""The device plugin registers itself at a socket in a directory of its node, a hostPath, which even `baseline` refuses. It is alone in
its namespace, where nobody but infra-kit may create pods; the audit log still shows what a pod there asks for."""


class Namespaces(ComponentResource):
    """Makes the namespaces.

    Args:
        names: which.
        parent: the platform.
    """

    def __init__(self, names: Iterable[str], parent: Resource) -> None:
        super().__init__("infra-kit:platform:Namespaces", "namespaces", None, ResourceOptions(parent=parent))
        self.by_name = {name: self._namespace(name) for name in names}
        """What must be there before anything is made in a namespace: itself, and that it is closed."""
        self.register_outputs({})

    def _namespace(self, name: str) -> tuple[Resource, ...]:
        metadata = cluster_wide(self).metadata(name, name, "namespace")
        metadata["labels"] |= PSS_PRIVILEGED if name == GPU else PSS_RESTRICTED
        namespace = Namespace(name, metadata=metadata, opts=ResourceOptions(parent=self))
        place = inside(name, self, namespace)
        closed = default_deny(place)
        if name != GPU:  # the device plugin talks to nobody but its kubelet, through a socket
            allow_dns(place)
        return namespace, closed
