"""Workspaces: what they are promised, against what the nodes have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.quantities import in_bytes, millicores
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
_TAKEN_NAMES = ("default", "monitoring", "platform")
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
    """A workspace lists a user twice."""
    for workspace in site.workspaces:
        seen: set[str] = set()
        for position, user in enumerate(workspace.users):
            if user in seen:
                yield Problem(workspace, ("users", position), f"workspace {workspace.name} lists user {user} twice", "keep one of the two")
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
