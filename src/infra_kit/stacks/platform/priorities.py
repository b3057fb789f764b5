"""Priority classes: who goes first, and who makes way, when a node or a rack is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.scheduling.v1 import PriorityClass

from infra_kit.stacks.platform.frame import cluster_wide

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.stacks.parts.pod import PriorityClassName


class Priority(NamedTuple):
    """One class. `preempts`: whether its pods end pods of lower ones to get their place."""

    value: int
    preempts: bool
    description: str


PRIORITIES: dict[PriorityClassName, Priority] = {
    # Kubernetes' own (system-cluster-critical and system-node-critical) are at 2,000,000,000 and stay above all of these.
    "platform-critical": Priority(1_000_000, True, "What the cluster itself is used through: ingress, queues, metrics."),
    "serving": Priority(100_000, True, "What others wait for: deployed models, hubs, experiment servers, applications."),
    "interactive": Priority(10_000, True, "A person is waiting: sessions."),
    # A job that waits loses time; one that pushes another job out loses that one's work.
    "batch": Priority(1_000, False, "Nobody is waiting: jobs, pipelines, backups. Takes free places only."),
}


class Priorities(ComponentResource):
    """Makes the priority classes."""

    def __init__(self, parent: Resource) -> None:
        super().__init__("infra-kit:platform:Priorities", "priorities", None, ResourceOptions(parent=parent))
        place = cluster_wide(self)
        self.by_name: dict[PriorityClassName, Resource] = {}
        for name, priority in PRIORITIES.items():
            self.by_name[name] = PriorityClass(
                name,
                metadata=place.metadata(name, "priorities"),
                value=priority.value,
                preemption_policy="PreemptLowerPriority" if priority.preempts else "Never",
                global_default=False,
                description=priority.description,
                opts=place.options(),
            )
        self.register_outputs({})
