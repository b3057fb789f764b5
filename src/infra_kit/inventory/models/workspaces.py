"""CML-like workspaces: teams, quotas and users."""

from __future__ import annotations

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import Count, CpuQuantity, MemoryQuantity, Name


class WorkspaceQuota(Noun):
    """What one workspace may request in all."""

    cpu: CpuQuantity
    memory: MemoryQuantity
    gpus: Count = 0
    storage: MemoryQuantity


class Workspace(Noun):
    """One machine-learning workspace."""

    name: Name
    team: Name
    quota: WorkspaceQuota
    users: list[str] = []
    suspended: bool = False
