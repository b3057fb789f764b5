"""Volumes: directories of the platform's NFS export, each a PersistentVolume made here and claimed by one claim only.

Which directories those are is in `infra_kit.inventory.volumes`: the array's side has to know them too.

A volume is reserved for its claim (`claimRef`), so nobody else's claim can take it, and is kept when the claim goes (`Retain`): what is
in it is deleted by a person, never by a plan. A claim is bound to one volume and a volume to one claim, so a user's view of the project
is a volume of its own on the same directory.

Sizes: NFS does not enforce them; the array's directory quotas do, for homes and projects, where it has the licence. A claim's request is
set when it is made and never changed, because Kubernetes resizes only what a provisioner made; the volume's capacity and the namespace's
quota follow the inventory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.core.v1 import PersistentVolume, PersistentVolumeClaim

from infra_kit.inventory import volumes
from infra_kit.inventory.errors import ProgramError
from infra_kit.stacks.workspaces.division import VIEW_BYTES
from infra_kit.stacks.workspaces.quantities import memory

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.inventory.models.kubernetes import NfsExport
    from infra_kit.inventory.models.site import Site
    from infra_kit.stacks.parts.place import Place
    from infra_kit.stacks.workspaces.context import Context
    from infra_kit.stacks.workspaces.division import Division

PROJECT = volumes.PROJECT
HOME = "home"
"""The claims in a user's namespace; the project's has the same name among the services."""
SPARK_EVENTS = volumes.SPARK_EVENTS
GROUP = volumes.GROUP
HOME_PATH = "/home/cdsw"
PROJECT_PATH = "/project"
RUNTIME_PATH = "/etc/infra-kit"
"""Where a user's pods find home (CML's own path), project, and what `runtime` gives them."""
SERVICE_VOLUMES = volumes.SERVICE_VOLUMES
"""The claims among the services."""


@dataclass(frozen=True, slots=True)
class Volume:
    """One volume and its claim.

    Args:
        name: of the PersistentVolume.
        claim: of the claim.
        directory: beneath the export's path.
        size_bytes: its capacity.
        request_bytes: what the claim requests.
    """

    name: str
    claim: str
    directory: str
    size_bytes: int
    request_bytes: int


def export(site: Site) -> NfsExport:
    """The export that all volumes are directories of.

    Raises:
        ProgramError: the inventory names none.
    """
    if site.kubernetes is None or site.kubernetes.volumes is None:
        raise ProgramError("workspaces need volumes, and the site has none", remedy="describe `kubernetes.volumes.nfs`")
    return site.kubernetes.volumes.nfs


def make(place: Place, nfs: NfsExport, volume: Volume, *after: Resource) -> PersistentVolumeClaim:
    """Make a volume and its claim.

    Args:
        place: the claim's namespace.
        nfs: the export that the volume is a directory of.
        volume: which.
        after: what comes first.
    """
    wide = replace(place, namespace="")
    spec: Any = {
        "capacity": {"storage": memory(volume.size_bytes)},
        "accessModes": ["ReadWriteMany"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "",
        "volumeMode": "Filesystem",
        "mountOptions": [f"nfsvers={nfs.version}", "hard"],  # soft mounts lose writes when the array fails over
        "nfs": {"server": nfs.server, "path": "/".join(part for part in (nfs.path.rstrip("/"), volume.directory) if part)},
        "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": place.namespace, "name": volume.claim},
    }
    made = PersistentVolume(volume.name, metadata=wide.metadata(volume.name, "workspace", "volume"), spec=spec, opts=wide.options(*after))
    claim: Any = {
        "accessModes": ["ReadWriteMany"],
        "storageClassName": "",
        "volumeName": volume.name,
        "resources": {"requests": {"storage": memory(volume.request_bytes)}},
    }
    return PersistentVolumeClaim(
        place.logical(volume.claim),
        metadata=place.metadata(volume.claim, "workspace", "volume"),
        spec=claim,
        opts=place.options(made, ignore_changes=["spec.resources"]),
    )


class Volumes(ComponentResource):
    """Makes the volumes and their claims."""

    def __init__(self, context: Context, division: Division, parent: Resource) -> None:
        super().__init__("infra-kit:workspaces:Volumes", context.names.cluster_wide("volumes"), None, ResourceOptions(parent=parent))
        nfs, names, sizes, root = export(context.site), context.names, division.storage, context.workspace.name
        services = context.services(self)
        self.services = {
            name: make(services, nfs, Volume(names.cluster_wide(name), name, volumes.service(root, name), sizes[name], sizes[name]))
            for name in SERVICE_VOLUMES
        }
        """The claims' objects among the services, by name."""
        for user in names.users:
            place, home = context.user(user, self), division.home_bytes
            make(place, nfs, Volume(names.cluster_wide(f"home-{user.slug}"), HOME, volumes.home(root, user.slug), home, home))
            view = Volume(names.cluster_wide(f"project-{user.slug}"), PROJECT, volumes.service(root, PROJECT), sizes[PROJECT], VIEW_BYTES)
            make(place, nfs, view)
        self.register_outputs({})
