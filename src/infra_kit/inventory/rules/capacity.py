"""What the Kubernetes nodes have, and what they can give to pods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.inventory.quantities import in_bytes, millicores

if TYPE_CHECKING:
    from infra_kit.inventory.models.server import ServerProfile
    from infra_kit.inventory.models.site import Site


@dataclass(frozen=True, slots=True)
class Allocatable:
    """What Kubernetes workers can give to pods."""

    millicores: int
    memory_bytes: int
    gpus: int


def threads(profile: ServerProfile, site: Site) -> int:
    """Hardware threads of a server: two a core, one where the BIOS profile turns SMT off."""
    known = {**site.catalog.bios_profiles, **{each.name: each for each in site.bios_profiles}}
    name: str | None = profile.bios_profile
    seen: set[str] = set()
    while name in known and name not in seen:
        seen.add(name)
        if "LogicalProc" in known[name].attributes:
            break
        name = known[name].base
    smt = known[name].attributes.get("LogicalProc") if name in known else None
    return profile.processors.count * profile.processors.cores * (1 if smt == "Disabled" else 2)


def allocatable(site: Site) -> Allocatable:
    """CPU, memory and GPUs of the Kubernetes workers less what each reserves."""
    workers = allocatable_of_workers(site)
    return Allocatable(
        sum(each.millicores for each in workers), sum(each.memory_bytes for each in workers), sum(each.gpus for each in workers)
    )


def allocatable_of_workers(site: Site) -> list[Allocatable]:
    """What each Kubernetes worker can give to pods; workers that are no servers of the site are left out."""
    kubernetes = site.kubernetes
    if kubernetes is None:
        return []
    servers = (site.server_by_name[name] for name in dict.fromkeys(kubernetes.workers) if name in site.server_by_name)
    profiles = [site.profile_by_name[server.profile] for server in servers if server.profile in site.profile_by_name]
    cpu, memory = millicores(kubernetes.reserved.cpu), in_bytes(kubernetes.reserved.memory)
    return [
        Allocatable(
            max(0, threads(profile, site) * 1000 - cpu),
            max(0, profile.memory.total_gib * 2**30 - memory),
            profile.gpus.count if profile.gpus else 0,
        )
        for profile in profiles
    ]
