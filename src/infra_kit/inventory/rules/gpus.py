"""GPUs against chassis and roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem, an, severity_by, worded
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index


@rule("IK2130")
def gpu_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A GPU is not in the catalogue."""
    for profile in site.server_profiles:
        if profile.gpus and profile.gpus.model not in site.catalog.gpus:
            message = f"GPU `{profile.gpus.model}` of profile {profile.name} is not in the catalogue"
            known = ", ".join(sorted(site.catalog.gpus))
            yield Problem(profile.gpus, "model", message, f"known: {known}; describe others in the site's catalog/ folder")


@rule("IK2131")
def too_many_gpus(site: Site, index: Index) -> Iterator[Problem]:
    """A profile has more GPUs than the chassis takes."""
    for profile in site.server_profiles:
        model = index.server_model(profile)
        gpu = site.catalog.gpus.get(profile.gpus.model) if profile.gpus else None
        if model is None or gpu is None or profile.gpus is None:
            continue
        limit = model.max_double_wide_gpus if gpu.width.value == "double" else model.max_single_wide_gpus
        if profile.gpus.count > limit.value:
            message = (
                f"profile {profile.name} has {profile.gpus.count} {gpu.width.value}-width GPUs; {an(model.name)} takes {worded(limit)}"
            )
            yield Problem(profile.gpus, "count", message, "use fewer, or another server model", severity_by(limit, gpu.width))


@rule("IK2132")
def gpu_worker_without_gpu(site: Site, index: Index) -> Iterator[Problem]:
    """A GPU worker's profile has no GPUs."""
    for server in site.servers:
        profile = index.profile(server)
        if server.role == "gpu-worker" and profile and profile.gpus is None:
            message = f"{server.name} is a gpu-worker, its profile {profile.name} has no GPUs"
            yield Problem(server, "profile", message, "add `gpus:` to the profile, or make it a worker")


@rule("IK2133", "warning")
def gpu_in_other_role(site: Site, index: Index) -> Iterator[Problem]:
    """A server that is no GPU worker has GPUs."""
    for server in site.servers:
        profile = index.profile(server)
        if server.role != "gpu-worker" and profile and profile.gpus:
            message = f"{server.name} is {an(server.role)}, and has {profile.gpus.count} GPUs that nothing will use"
            yield Problem(server, "role", message, "make it a gpu-worker, or take another profile")
