"""The volumes of the workspaces: which directories of the NFS export they are, how large, whose, and whether the array holds them.

    EXPORT/WORKSPACE/project          everybody's, in every user's namespace and among the services
    EXPORT/WORKSPACE/homes/SLUG       one user's
    EXPORT/WORKSPACE/artifacts ...    the services'

Both sides take them from here: the workspaces' stack, which mounts them, and the storage layer, which makes them where the export is the
array's. A suspended workspace keeps its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from infra_kit.inventory.quantities import in_bytes
from infra_kit.inventory.slugs import user_slug

if TYPE_CHECKING:
    from infra_kit.inventory.models import storage as array
    from infra_kit.inventory.models.kubernetes import NfsExport
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.workspaces import Workspace

GROUP = 10001
"""The group that everything on the volumes belongs to: images run as different users (Spark's as 185, a session's as 1000), and NFS
knows numbers only. It is no group of the directory's; who sees which directory is decided by who may mount it."""
MODE = "2770"
"""What is made in a volume gets its group too; nobody else's business."""
PROJECT = "project"
DATABASE = "database"
SERVICE_VOLUMES = (PROJECT, "artifacts", "backups", DATABASE)
"""The volumes of the services, by the names of their claims and directories."""
HOMES = "homes"
SPARK_EVENTS = ".spark-events"
"""The directory of the project's volume that Spark's event logs are in."""
SAML_KEYS = "saml-proxy"
"""The volume on which the SAML proxy keeps its keys, where identity comes by SAML."""
DATABASE_IMAGE = "postgres"
"""The image whose user the database's directory belongs to."""
_MEBI = 2**20
VIEW_BYTES = _MEBI
"""What a claim requests that holds next to nothing, or is another view of what is claimed in full elsewhere."""
_SMALL_CLAIMS = 2
"""Claims among the services that hold next to nothing: that on the whole export, and the SAML proxy's keys."""


@dataclass(frozen=True, slots=True)
class VolumeDirectory:
    """One directory that a workspace's pods find their files in.

    Args:
        path: beneath the export's path, without slashes at its ends.
        owner: uid.
        size_bytes: what it may hold, where it has a size of its own that nothing else bounds.
    """

    path: str
    owner: int = GROUP
    size_bytes: int | None = None


def home(workspace: str, slug: str) -> str:
    """A user's home beneath the export's path, by the workspace's name and the user's slug."""
    return f"{workspace}/{HOMES}/{slug}"


def service(workspace: str, name: str) -> str:
    """A service's volume beneath the export's path, by the workspace's name and that of the volume."""
    return f"{workspace}/{name}"


def directories(site: Site, workspace: Workspace) -> list[VolumeDirectory]:
    """Every directory that must be there before anything of the workspace starts; those above them are not among them."""
    space, root = sizes(workspace), workspace.name
    owners = {DATABASE: site.catalog.images[DATABASE_IMAGE].uid}
    bounds = {PROJECT: space[PROJECT]}
    found = [VolumeDirectory(service(root, name), owners.get(name, GROUP), bounds.get(name)) for name in SERVICE_VOLUMES]
    found += [VolumeDirectory(home(root, slug), GROUP, home_bytes(workspace)) for slug in _slugs(workspace)]
    if workspace.spark.enabled:
        found.append(VolumeDirectory(f"{service(root, PROJECT)}/{SPARK_EVENTS}"))
    if site.kubernetes and site.kubernetes.identity.saml:
        found.append(VolumeDirectory(service(root, SAML_KEYS)))
    return found


def shares() -> dict[str, int]:
    """Parts of a workspace's storage quota by volume, in percent; `homes`: of all homes together."""
    return dict(_shares())


def sizes(workspace: Workspace) -> dict[str, int]:
    """Bytes of each of the workspace's volumes, whole mebibytes; `homes`: of all homes together."""
    total = in_bytes(workspace.quota.storage)
    return {name: total * percent // 100 // _MEBI * _MEBI for name, percent in _shares()}


def home_bytes(workspace: Workspace) -> int:
    """Bytes of one user's home: the user quota, but no more than an even part of what all homes share."""
    # The claims that hold next to nothing come out of the homes' share.
    even = (sizes(workspace)[HOMES] - _SMALL_CLAIMS * VIEW_BYTES) // max(1, len(_slugs(workspace))) // _MEBI * _MEBI - VIEW_BYTES
    return min(in_bytes(workspace.user_quota.storage), even)


def on_array(site: Site) -> NfsExport | None:
    """The export that the volumes are directories of, where it is one of the site's array; else None."""
    nfs = site.kubernetes.volumes.nfs if site.kubernetes and site.kubernetes.volumes else None
    return nfs if nfs and array_exports(site, nfs) else None


def array_exports(site: Site, nfs: NfsExport) -> list[array.NfsExport]:
    """The array's exports that hold the volumes' path, the nearest first; empty where the server is no SmartConnect zone of the array."""
    pool = pools(site).get(nfs.server)
    if site.storage is None or pool is None:
        return []
    found = [export for export in site.storage.nfs_exports if export.zone == pool.access_zone and _beneath(nfs.path, export.path)]
    return sorted(found, key=lambda export: len(export.path), reverse=True)


def pools(site: Site) -> dict[str, array.Pool]:
    """SmartConnect zone -> its pool."""
    groupnets = site.storage.groupnets if site.storage else []
    return {pool.smartconnect_zone: pool for groupnet in groupnets for subnet in groupnet.subnets for pool in subnet.pools}


def _beneath(path: str, parent: str) -> bool:
    return path.rstrip("/") == parent.rstrip("/") or path.startswith(f"{parent.rstrip('/')}/")


def _slugs(workspace: Workspace) -> list[str]:
    return list(dict.fromkeys(user_slug(name) for name in [*workspace.users, *workspace.admins]))


@cache
def _shares() -> tuple[tuple[str, int], ...]:
    import yaml

    from infra_kit.inventory.catalog.load import DATA

    table = yaml.safe_load((DATA / "volume-shares.yaml").read_text(encoding="utf-8"))
    return tuple((str(name), int(percent)) for name, percent in table.items())
