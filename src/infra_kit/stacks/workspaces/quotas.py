"""Quotas and limits of each namespace; how the workspace's quota is divided among them is in `division`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.core.v1 import LimitRange, ResourceQuota

from infra_kit.inventory.quantities import in_bytes, millicores
from infra_kit.stacks.parts.pod import GPU
from infra_kit.stacks.workspaces.division import VIEW_BYTES, Division, Part
from infra_kit.stacks.workspaces.quantities import cpu, memory
from infra_kit.stacks.workspaces.volumes import SERVICE_VOLUMES

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.stacks.parts.place import Place
    from infra_kit.stacks.workspaces.context import Context
    from infra_kit.stacks.workspaces.names import User

QUOTA = "workspace"
"""The name of each namespace's ResourceQuota, which the hub reads to say what a user has left."""
_USER_PODS = 20
"""Sessions, jobs and pods of their own that a user may have at once, executors aside."""
_SERVICE_PODS = 200
_USER_CLAIMS = 2
"""Home and project: volumes are made here, not by users, who would take them from everybody's export."""
_DEFAULT_CPU = "500m"
_DEFAULT_MEMORY = "1Gi"
"""For containers that do not say what they need; the quota would refuse them."""


class Quotas(ComponentResource):
    """Makes a ResourceQuota and a LimitRange in every namespace."""

    def __init__(self, context: Context, division: Division, parent: Resource) -> None:
        super().__init__("infra-kit:workspaces:Quotas", context.names.cluster_wide("quotas"), None, ResourceOptions(parent=parent))
        self._context = context
        services = context.services(self)
        self._quota(services, self._services_hard(division))
        self._limits(services, division.services)
        for user in context.names.users:
            place = context.user(user, self)
            part = division.users[user.name]
            self._quota(place, self._user_hard(user, division))
            self._limits(place, part)
        self.register_outputs({})

    @staticmethod
    def _compute(part: Part) -> dict[str, str]:
        return {
            "requests.cpu": cpu(part.cpu_millicores),
            "requests.memory": memory(part.memory_bytes),
            "limits.memory": memory(part.memory_bytes),  # memory is not overcommitted: what is promised is there
            f"requests.{GPU}": str(part.gpus),
        }

    def _services_hard(self, division: Division) -> dict[str, str]:
        claims = len(SERVICE_VOLUMES) + 2  # and the export itself, see `directories`, and the SAML proxy's keys
        return {
            **self._compute(division.services),
            "requests.storage": memory(division.services_storage),
            "persistentvolumeclaims": str(claims),
            "pods": str(_SERVICE_PODS),
            **_NO_WAY_OUT,
        }

    def _user_hard(self, user: User, division: Division) -> dict[str, str]:
        workspace = self._context.workspace
        part = division.users[user.name]
        pods = _USER_PODS + (workspace.spark.max_executors if workspace.spark.enabled else 0)
        return {
            **self._compute(part),
            "limits.cpu": cpu(part.cpu_millicores),  # one user's sessions do not slow another's down
            "requests.storage": memory(division.home_bytes + VIEW_BYTES),
            "persistentvolumeclaims": str(_USER_CLAIMS),
            # Nothing can start in a suspended workspace, whoever asks; what runs already is ended by its owner's removal, see `runtime`.
            "pods": str(self._context.replicas(pods)),
            **_NO_WAY_OUT,
        }

    def _quota(self, place: Place, hard: dict[str, str]) -> None:
        ResourceQuota(
            place.logical(QUOTA),
            metadata=place.metadata(QUOTA, "workspace", "quota"),
            spec={"hard": hard},
            opts=place.options(),
        )

    def _limits(self, place: Place, part: Part) -> None:
        usual_cpu = cpu(min(millicores(_DEFAULT_CPU), part.cpu_millicores))
        usual_memory = memory(min(in_bytes(_DEFAULT_MEMORY), part.memory_bytes))
        usual: Any = {
            "type": "Container",
            "default": {"memory": usual_memory},
            "defaultRequest": {"cpu": usual_cpu, "memory": usual_memory},
        }
        if place.owner.user:
            usual["default"]["cpu"] = usual_cpu
            usual["max"] = {"cpu": cpu(part.cpu_millicores), "memory": memory(part.memory_bytes)}
        LimitRange(
            place.logical("containers"),
            metadata=place.metadata("containers", "workspace", "quota"),
            spec={"limits": [usual]},
            opts=place.options(),
        )


_NO_WAY_OUT = {"services.loadbalancers": "0", "services.nodeports": "0"}
"""What is served to the outside goes through the ingress, with TLS and a login."""
