"""How a workspace's quota is divided over its namespaces.

A ResourceQuota holds for one namespace, and a workspace has many; nothing in Kubernetes itself bounds their sum. So:

- The services get what they need at the least (`data/services.yaml`, models and applications at their upper limits, one pod more for a
  rolling update).
- With the plain scheduler (`kubernetes.queues: quotas`) each user gets the user quota, but no more than an even part of the rest: the
  parts of all namespaces never exceed the workspace's quota. GPUs cannot be split: they go to the users in the inventory's order,
  administrators first, until there are none left.
- With YuniKorn the workspace's queue bounds the sum of what runs at once, so each user may have the full user quota, and the services the
  full workspace quota: who comes first is served, nobody gets beyond what the workspace has.
- What is left belongs to the services: to models that scale out, mostly.

Storage is divided by fixed percentages, since claims cannot shrink when a user is added.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from infra_kit.inventory import volumes
from infra_kit.inventory.errors import ProgramError
from infra_kit.inventory.quantities import in_bytes, millicores
from infra_kit.stacks.workspaces.quantities import cpu, memory
from infra_kit.stacks.workspaces.services import services_of

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.workspaces import Workspace
    from infra_kit.stacks.workspaces.names import Names

_MEBI = 2**20
VIEW_BYTES = volumes.VIEW_BYTES
"""What a user's claim on the project's volume requests: it is a view of what the services' namespace claims in full."""
CHORE_MILLICORES = 500
CHORE_BYTES = 1024 * _MEBI
"""What is kept for a workspace's own recurring chores: the backup, the mails about failed jobs, the directories of new volumes."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one namespace may request.

    Args:
        cpu_millicores: thousandths of a core.
        memory_bytes: bytes.
        gpus: whole GPUs.
    """

    cpu_millicores: int
    memory_bytes: int
    gpus: int


class Division:
    """The parts of one workspace.

    Args:
        site: the site.
        workspace: the workspace.
        names: its names, which know its users.

    Raises:
        ProgramError: the quota is below what the workspace's own services need.
    """

    def __init__(self, site: Site, workspace: Workspace, names: Names) -> None:
        """Refuse a workspace that could not run at all."""
        self._site = site
        self._workspace = workspace
        self._users = names.users
        self._bounded_by_queue = site.kubernetes is not None and site.kubernetes.queues == "yunikorn"
        self.total = Part(millicores(workspace.quota.cpu), in_bytes(workspace.quota.memory), workspace.quota.gpus)
        for what, needed, have in (
            ("cpu", cpu(self.needed.cpu_millicores), self.total.cpu_millicores - self.needed.cpu_millicores),
            ("memory", memory(self.needed.memory_bytes), self.total.memory_bytes - self.needed.memory_bytes),
            ("gpus", str(self.needed.gpus), self.total.gpus - self.needed.gpus),
        ):
            if have < 0:
                raise ProgramError(
                    f"workspace {workspace.name}: the quota's `{what}` is below what its services, models and applications need",
                    remedy=f"give it at least {needed}, and what its users are to have",
                )

    @cached_property
    def needed(self) -> Part:
        """What the services need at the least."""
        workspace = self._workspace
        pods = [(row.replicas, millicores(row.cpu), in_bytes(row.memory), 0) for row in services_of(self._site, workspace)]
        pods += [(max(m.replicas, m.max_replicas), millicores(m.cpu), in_bytes(m.memory), m.gpus) for m in workspace.models]
        pods += [(1, millicores(a.cpu), in_bytes(a.memory), 0) for a in workspace.applications]
        return Part(
            sum(count * each for count, each, _, _ in pods) + max(each for _, each, _, _ in pods) + CHORE_MILLICORES,
            sum(count * each for count, _, each, _ in pods) + max(each for _, _, each, _ in pods) + CHORE_BYTES,
            sum(count * each for count, _, _, each in pods),
        )

    @cached_property
    def users(self) -> dict[str, Part]:
        """Each user's part, by the user's name."""
        quota = self._workspace.user_quota
        wanted = Part(millicores(quota.cpu), in_bytes(quota.memory), quota.gpus)
        if self._bounded_by_queue or not self._users:
            return {user.name: wanted for user in self._users}
        count = len(self._users)
        cpu_millicores = min(wanted.cpu_millicores, (self.total.cpu_millicores - self.needed.cpu_millicores) // count)
        # Whole mebibytes, or the parts as they are written would not add up.
        memory_bytes = min(wanted.memory_bytes, (self.total.memory_bytes - self.needed.memory_bytes) // count) // _MEBI * _MEBI
        gpus = self._gpus(wanted.gpus)
        return {user.name: Part(cpu_millicores, memory_bytes, gpus[user.name]) for user in self._users}

    @cached_property
    def services(self) -> Part:
        """The services' part."""
        if self._bounded_by_queue:
            return self.total
        parts = self.users.values()
        return Part(
            self.total.cpu_millicores - sum(part.cpu_millicores for part in parts),
            self.total.memory_bytes - sum(part.memory_bytes for part in parts),
            self.total.gpus - sum(part.gpus for part in parts),
        )

    @cached_property
    def storage(self) -> dict[str, int]:
        """Bytes of each of the workspace's volumes, by its name; `homes`: of all homes together."""
        return volumes.sizes(self._workspace)

    @cached_property
    def home_bytes(self) -> int:
        """Bytes of one user's home."""
        return volumes.home_bytes(self._workspace)

    @property
    def services_storage(self) -> int:
        """Bytes that the claims in the services' namespace may request together."""
        return in_bytes(self._workspace.quota.storage) - len(self._users) * (self.home_bytes + VIEW_BYTES)

    def _gpus(self, wanted: int) -> dict[str, int]:
        left = self.total.gpus - self.needed.gpus
        found: dict[str, int] = {}
        admins = set(self._workspace.admins)
        for user in sorted(self._users, key=lambda user: user.name not in admins):  # stable: the inventory's order within each
            found[user.name] = min(wanted, left)
            left -= found[user.name]
        return found
