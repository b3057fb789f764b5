"""Storage classes. No provisioner runs here: volumes are directories made beforehand, one PersistentVolume each.

`shared`: directories of the NFS export, seen by all nodes: the array's export in configuration 1, the site's own NFS server in
configuration 2. A workspace's own volumes name no class and are reserved for their claims; the class is there for volumes that an
administrator makes by hand, for anybody's claim.
`local`: directories on a worker's own disks, for what is rebuilt when it is lost (shuffle files, scratch).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.storage.v1 import StorageClass

from infra_kit.stacks.platform.frame import cluster_wide

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.inventory.models.kubernetes import Volumes

SHARED = "shared"
LOCAL = "local"
NO_PROVISIONER = "kubernetes.io/no-provisioner"


class Storage(ComponentResource):
    """Makes the storage classes.

    Args:
        volumes: where the site's volumes are.
        parent: the platform.
    """

    def __init__(self, volumes: Volumes, parent: Resource) -> None:
        super().__init__("infra-kit:platform:Storage", "storage", None, ResourceOptions(parent=parent))
        # A volume that all nodes see can be bound at once; one that is on a node has to wait until the pod's node is chosen.
        self._storage_class(SHARED, "Immediate")
        if volumes.local_path:
            self._storage_class(LOCAL, "WaitForFirstConsumer")
        self.register_outputs({})

    def _storage_class(self, name: str, binding: str) -> None:
        place = cluster_wide(self)
        # Neither is the default: a claim that names no class means a volume that is reserved for it.
        StorageClass(
            name,
            metadata=place.metadata(name, "storage", annotations={"storageclass.kubernetes.io/is-default-class": "false"}),
            provisioner=NO_PROVISIONER,
            reclaim_policy="Retain",  # what is in a volume is deleted by a person
            volume_binding_mode=binding,
            opts=place.options(),
        )
