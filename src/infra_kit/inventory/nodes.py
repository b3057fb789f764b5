"""The Kubernetes nodes that a site's servers become: labels, taints, and what each has and can give to pods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.inventory.quantities import in_bytes, millicores
from infra_kit.inventory.rules.capacity import threads

if TYPE_CHECKING:
    from infra_kit.inventory.models.kubernetes import Kubernetes
    from infra_kit.inventory.models.server import Server, ServerProfile
    from infra_kit.inventory.models.site import Site

GPU_RESOURCE = "nvidia.com/gpu"
"""The extended resource of NVIDIA's device plugin."""
CONTROL_PLANE_LABEL = "node-role.kubernetes.io/control-plane"
"""Label, and taint, of a control-plane node (kubernetes.io, well-known labels and taints)."""
WORKER_LABEL = "node-role.kubernetes.io/worker"
ZONE_LABEL = "topology.kubernetes.io/zone"
"""The failure domain: the rack."""
MODEL_LABEL = "infra-kit.dev/server-model"

_EVICTION_HARD_DISK = 10
"""Percent of the node's disk at which the kubelet evicts, which pods therefore cannot have (its default, nodefs.available<10%)."""


@dataclass(frozen=True, slots=True)
class Taint:
    """What keeps pods away that do not tolerate it."""

    key: str
    value: str
    effect: str


@dataclass(frozen=True, slots=True)
class NodeShape:
    """One node, as its server makes it. Quantities are in the form that Kubernetes writes them."""

    name: str
    server: Server
    roles: tuple[str, ...]
    """`control-plane`, or `worker`, and `gpu` where it has GPUs."""
    labels: dict[str, str]
    taints: tuple[Taint, ...]
    capacity: dict[str, str]
    allocatable: dict[str, str]
    """Capacity less what the site reserves on every node."""

    @property
    def gpus(self) -> int:
        """How many GPUs it has."""
        return int(self.capacity.get(GPU_RESOURCE, "0"))


def node_shapes(site: Site) -> list[NodeShape]:
    """The nodes of the site's cluster, control plane first, in the order of the inventory; none without a `kubernetes` section.

    Args:
        site: the site, free of errors.
    """
    if site.kubernetes is None:
        return []
    names = dict.fromkeys([*site.kubernetes.control_plane, *site.kubernetes.workers])
    return [_shape(site, site.kubernetes, site.server_by_name[name]) for name in names]


def _shape(site: Site, kubernetes: Kubernetes, server: Server) -> NodeShape:
    profile = site.profile_by_name[server.profile]
    is_master = server.name in kubernetes.control_plane
    gpus = 0 if is_master or profile.gpus is None else profile.gpus.count
    roles = ("control-plane",) if is_master else ("worker", "gpu") if gpus else ("worker",)
    reserved = kubernetes.reserved
    cores, memory = threads(profile, site), profile.memory.total_gib * 2**30
    common = {"pods": str(kubernetes.max_pods), **({GPU_RESOURCE: str(gpus)} if gpus else {})}
    disk = _system_disk(profile)
    return NodeShape(
        server.name,
        server,
        roles,
        _labels(server, profile, roles),
        _taints(roles),
        {"cpu": str(cores), "memory": f"{memory // 2**10}Ki", **_storage(disk), **common},
        {
            "cpu": f"{max(0, cores * 1000 - millicores(reserved.cpu))}m",
            "memory": f"{max(0, memory - in_bytes(reserved.memory)) // 2**10}Ki",
            **_storage(disk * (100 - _EVICTION_HARD_DISK) // 100),
            **common,
        },
    )


def _labels(server: Server, profile: ServerProfile, roles: tuple[str, ...]) -> dict[str, str]:
    labels = {
        "kubernetes.io/hostname": server.name,
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
        ZONE_LABEL: server.rack,
        MODEL_LABEL: profile.model,
        CONTROL_PLANE_LABEL if "control-plane" in roles else WORKER_LABEL: "",
    }
    if "gpu" in roles and profile.gpus is not None:
        labels |= {"nvidia.com/gpu.present": "true", "nvidia.com/gpu.product": profile.gpus.model}
    return labels


def _taints(roles: tuple[str, ...]) -> tuple[Taint, ...]:
    if "control-plane" in roles:
        return (Taint(CONTROL_PLANE_LABEL, "", "NoSchedule"),)
    return (Taint(GPU_RESOURCE, "present", "NoSchedule"),) if "gpu" in roles else ()


def _system_disk(profile: ServerProfile) -> int:
    """Bytes of the disk that the operating system, images and emptyDirs are on; 0 where the profile does not say."""
    boot = [disks for disks in profile.disks if disks.purpose == "boot"]
    return sum(disks.size_gb * 10**9 * (1 if disks.raid == "raid1" else disks.count) for disks in boot)


def _storage(size: int) -> dict[str, str]:
    return {"ephemeral-storage": f"{size // 2**10}Ki"} if size else {}
