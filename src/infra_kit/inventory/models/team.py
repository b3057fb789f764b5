"""Teams: who owns workspaces, how they nest, and what a team may use in all."""

from __future__ import annotations

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import Count, CpuQuantity, MemoryQuantity, Name


class TeamQuota(Noun):
    """What all workspaces of a team, and of the teams beneath it, may request together."""

    cpu: CpuQuantity
    memory: MemoryQuantity
    gpus: Count = 0


class Team(Noun):
    """One team of the hierarchy; it becomes a scheduling queue and the owner of its workspaces."""

    name: Name
    parent: Name | None = None
    """The team that it is part of; none: it hangs at the root."""
    group: str = ""
    """Its group in the directory (LDAP, OIDC claim), as the API server sees it; empty: the team's name."""
    quota: TeamQuota | None = None
    """None: bounded by its parent alone."""
