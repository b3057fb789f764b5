"""What a workspace requests before its first user does anything: its own services, its models and applications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.inventory.quantities import in_bytes, millicores

if TYPE_CHECKING:
    from infra_kit.inventory.models.workspaces import Workspace

_MIB = 2**20
SERVICES_MILLICORES = 1300
SERVICES_BYTES = 6144 * _MIB
"""All services of a workspace, with every optional one: the sum over the table in `stacks/workspaces/data/services.yaml`."""
LARGEST_MILLICORES = 250
LARGEST_BYTES = 1536 * _MIB
"""The largest of them: a rolling update brings a second one beside the first."""
CHORES_MILLICORES = 500
CHORES_BYTES = 1024 * _MIB
"""Kept for the workspace's recurring chores: backups, mails (`stacks/workspaces/division.py`)."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a workspace cannot do without."""

    millicores: int
    memory_bytes: int
    gpus: int


def needs(workspace: Workspace) -> Needs:
    """Services, models at their upper limit, applications, one pod more for a rolling update, and the chores."""
    pods = [
        (max(model.replicas, model.max_replicas), millicores(model.cpu), in_bytes(model.memory), model.gpus) for model in workspace.models
    ]
    pods += [(1, millicores(each.cpu), in_bytes(each.memory), 0) for each in workspace.applications]
    return Needs(
        SERVICES_MILLICORES + CHORES_MILLICORES + _with_one_more([(count, cpu) for count, cpu, _, _ in pods], LARGEST_MILLICORES),
        SERVICES_BYTES + CHORES_BYTES + _with_one_more([(count, memory) for count, _, memory, _ in pods], LARGEST_BYTES),
        sum(count * gpus for count, _, _, gpus in pods),
    )


def _with_one_more(pods: list[tuple[int, int]], largest: int) -> int:
    return sum(count * each for count, each in pods) + max([largest, *(each for _, each in pods)])
