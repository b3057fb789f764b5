"""Workspaces: what they are promised, against what the nodes have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.quantities import in_bytes, millicores
from infra_kit.inventory.rules.needs import needs
from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.workspaces import Workspace
    from infra_kit.inventory.rules.index import Index

_SESSION_MILLICORES = 2000
_SESSION_BYTES = 8 * 2**30
"""A user's default quota: 2 vCPU and 8 GB (docs.cloudera.com, machine-learning 1.5.3, quota management)."""
_GIB = 2**30
_TAKEN_NAMES = ("default", "gpu", "ingress", "monitoring", "platform")
_TAKEN_PREFIXES = ("kube-", "infra-kit")


def _active(site: Site) -> list[Workspace]:
    return [workspace for workspace in site.workspaces if not workspace.suspended]


@rule("IK4101")
def cpu_promised_twice(site: Site, index: Index) -> Iterator[Problem]:
    """The workspaces' CPU quotas exceed what the workers can allocate."""
    total, have = 0, index.allocatable.millicores
    for workspace in _active(site) if site.kubernetes else []:
        total += millicores(workspace.quota.cpu)
        if total > have >= total - millicores(workspace.quota.cpu):
            message = f"CPU quotas up to workspace {workspace.name} are {total / 1000:g}; the workers can allocate {have / 1000:g}"
            yield Problem(workspace.quota, "cpu", message, "lower quotas, suspend a workspace, or add workers")


@rule("IK4102")
def memory_promised_twice(site: Site, index: Index) -> Iterator[Problem]:
    """The workspaces' memory quotas exceed what the workers can allocate."""
    total, have = 0, index.allocatable.memory_bytes
    for workspace in _active(site) if site.kubernetes else []:
        total += in_bytes(workspace.quota.memory)
        if total > have >= total - in_bytes(workspace.quota.memory):
            message = (
                f"memory quotas up to workspace {workspace.name} are {total / _GIB:g} GiB; the workers can allocate {have / _GIB:g} GiB"
            )
            yield Problem(workspace.quota, "memory", message, "lower quotas, suspend a workspace, or add workers")


@rule("IK4103")
def gpus_promised_twice(site: Site, index: Index) -> Iterator[Problem]:
    """The workspaces' GPU quotas exceed the workers' GPUs."""
    total, have = 0, index.allocatable.gpus
    for workspace in _active(site) if site.kubernetes else []:
        total += workspace.quota.gpus
        if total > have >= total - workspace.quota.gpus:
            message = f"GPU quotas up to workspace {workspace.name} are {total}; the Kubernetes workers have {have}"
            yield Problem(workspace.quota, "gpus", message, "lower quotas, suspend a workspace, or add GPU workers")


@rule("IK4104")
def kubernetes_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """There are workspaces, and no Kubernetes for them."""
    if site.workspaces and site.kubernetes is None:
        yield Problem(site.workspaces[0], "name", f"{len(site.workspaces)} workspace(s), and the site has no `kubernetes`", "describe it")


@rule("IK4105", "warning")
def user_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """A workspace lists a user, an administrator or a viewer twice."""
    for workspace in site.workspaces:
        for field in ("users", "admins", "viewers"):
            seen: set[str] = set()
            for position, user in enumerate(getattr(workspace, field)):
                if user in seen:
                    message = f"workspace {workspace.name} lists {field.removesuffix('s')} {user} twice"
                    yield Problem(workspace, (field, position), message, "keep one of the two")
                seen.add(user)


@rule("IK4106", "warning")
def quota_below_session(site: Site, _index: Index) -> Iterator[Problem]:
    """A workspace's quota is below one user's default: 2 vCPU and 8 GiB."""
    for workspace in site.workspaces:
        quota = workspace.quota
        if millicores(quota.cpu) < _SESSION_MILLICORES:
            yield Problem(quota, "cpu", f"workspace {workspace.name} may request {quota.cpu} CPU in all", "one user's default quota is 2")
        if in_bytes(quota.memory) < _SESSION_BYTES:
            message = f"workspace {workspace.name} may request {quota.memory} of memory in all"
            yield Problem(quota, "memory", message, "one user's default quota is 8Gi; mind the unit")


@rule("IK4107")
def name_taken(site: Site, _index: Index) -> Iterator[Problem]:
    """A workspace has the name of a namespace that the platform uses itself."""
    for workspace in site.workspaces:
        if workspace.name in _TAKEN_NAMES or workspace.name.startswith(_TAKEN_PREFIXES):
            message = f"workspace `{workspace.name}` has the name of one of the platform's own namespaces"
            yield Problem(
                workspace, "name", message, f"avoid {', '.join(_TAKEN_NAMES)} and names that start with {' or '.join(_TAKEN_PREFIXES)}"
            )


@rule("IK4108", "warning")
def quota_storage_tiny(site: Site, _index: Index) -> Iterator[Problem]:
    """A workspace's storage quota is below 1 GiB: a forgotten unit."""
    for workspace in site.workspaces:
        if in_bytes(workspace.quota.storage) < _GIB:
            message = f"workspace {workspace.name} may store {workspace.quota.storage}, less than 1 GiB"
            yield Problem(workspace.quota, "storage", message, "mind the unit: Gi, Ti")


@rule("IK4109")
def name_like_a_users(site: Site, _index: Index) -> Iterator[Problem]:
    """A workspace's name contains `-user-`: its namespace could be that of another workspace's user."""
    for workspace in site.workspaces:
        if "-user-" in workspace.name:
            message = f"workspace name `{workspace.name}` contains `-user-`, as namespaces of users do"
            yield Problem(workspace, "name", message, "choose one without")


@rule("IK4110")
def quota_below_needs(site: Site, _index: Index) -> Iterator[Problem]:
    """A workspace's quota is below what its own services, models and applications request."""
    for workspace in site.workspaces:
        needed, quota = needs(workspace), workspace.quota
        short = {
            "cpu": (needed.millicores > millicores(quota.cpu), f"{needed.millicores / 1000:g}"),
            "memory": (needed.memory_bytes > in_bytes(quota.memory), f"{needed.memory_bytes / _GIB:g}Gi"),
            "gpus": (needed.gpus > quota.gpus, str(needed.gpus)),
        }
        for field, wanted in ((field, wanted) for field, (too_little, wanted) in short.items() if too_little):
            limit = f"workspace {workspace.name} may request {getattr(quota, field)} of `{field}`"
            message = f"{limit}; its services, models and applications need {wanted}"
            yield Problem(
                quota, field if field in quota.model_fields_set else "", message, "raise it; what its users are to have comes on top"
            )


@rule("IK4111", "warning")
def no_session_fits(site: Site, _index: Index) -> Iterator[Problem]:
    """No size of the catalogue fits a user's quota in any of the workspace's runtimes: nobody can start a session."""
    for workspace in site.workspaces:
        user = workspace.user_quota
        known = site.catalog.runtimes
        runtimes = [known[name] for name in workspace.sessions.runtimes or known if name in known]
        fitting = [
            size
            for size in site.catalog.sizes.values()
            if millicores(size.cpu) <= millicores(user.cpu) and in_bytes(size.memory) <= in_bytes(user.memory) and size.gpus <= user.gpus
        ]
        if workspace.users and runtimes and not any(bool(size.gpus) == runtime.gpu for size in fitting for runtime in runtimes):
            gpus = f" and {user.gpus} GPU(s)" if user.gpus else ""
            message = f"no session fits into {user.cpu} CPU, {user.memory}{gpus}, which a user of workspace {workspace.name} may request"
            yield Problem(workspace, "", message, f"raise `user_quota`; sizes: {', '.join(site.catalog.sizes)}")


@rule("IK4112", "warning")
def gpu_runtime_without_gpus(site: Site, _index: Index) -> Iterator[Problem]:
    """A workspace offers a runtime made for GPUs, and its users may have none."""
    for workspace in site.workspaces:
        for position, name in enumerate(workspace.sessions.runtimes):
            runtime = site.catalog.runtimes.get(name)
            if runtime and runtime.gpu and not workspace.user_quota.gpus:
                message = f"runtime {name} is made for GPUs, and a user of workspace {workspace.name} may have none"
                yield Problem(workspace.sessions, ("runtimes", position), message, "give `user_quota.gpus`, or leave it out")


@rule("IK4113")
def artifacts_incomplete(site: Site, _index: Index) -> Iterator[Problem]:
    """Artifacts are kept in a bucket that is not described completely, or described and kept elsewhere."""
    for workspace in site.workspaces:
        artifacts = workspace.artifacts
        fields = ("endpoint", "bucket", "access_key", "secret_key")
        missing = [field for field in fields if not getattr(artifacts, field)]
        if artifacts.kind == "s3" and missing:
            message = (
                f"artifacts of workspace {workspace.name} are in a bucket, and {', '.join(f'`{field}`' for field in missing)} is missing"
            )
            yield Problem(artifacts, "", message, "describe endpoint, bucket, access_key and secret_key")
        elif artifacts.kind == "s3" and not artifacts.endpoint.startswith(("https://", "http://")):
            message = f"endpoint `{artifacts.endpoint}` of workspace {workspace.name} is no URL"
            yield Problem(artifacts, "endpoint", message, "write it as https://s3.example.org")
        elif artifacts.kind == "volume" and len(missing) < len(fields):
            there = next(field for field in fields if field not in missing)
            message = f"artifacts of workspace {workspace.name} are on a volume, and `{there}` is given"
            yield Problem(artifacts, there, message, "write kind: s3, or remove it")


@rule("IK4114")
def lineage_malformed(site: Site, _index: Index) -> Iterator[Problem]:
    """The lineage service of a workspace is no URL."""
    for workspace in site.workspaces:
        lineage = workspace.lineage
        if lineage and not lineage.atlas.startswith(("https://", "http://")):
            message = f"`{lineage.atlas}`, where workspace {workspace.name} reports lineage, is no URL"
            yield Problem(lineage, "atlas", message, "write it as https://atlas.example.org:31443")


@rule("IK4115")
def image_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A runtime that a workspace may use names an image that the catalogue does not have."""
    runtimes, images = site.catalog.runtimes, site.catalog.images
    for workspace in site.workspaces:
        for name in workspace.sessions.runtimes or runtimes:
            for image in (runtimes[name].image, runtimes[name].serves) if name in runtimes else ():
                if image and image not in images:
                    message = (
                        f"runtime {name}, which workspace {workspace.name} offers, needs image `{image}`, which the catalogue does not have"
                    )
                    yield Problem(workspace, "", message, "add it to the site's catalog/ folder under `images:`")
