"""The ConfigMap `runtime` in each user's namespace: what the user's pods read, and what their sessions belong to.

While a workspace is suspended it is not there. Sessions name it as their owner, so the cluster's garbage collector ends them when it
goes; Spark's executors belong to their driver's pod and go with it. Nothing new can start, since the namespace's quota allows no pods. A
job that runs already is let finish: its results would be lost otherwise, and it starts nothing new. Homes and projects are on volumes
and are not touched; on resumption the ConfigMap comes back, and sessions start as before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.core.v1 import ConfigMap

from infra_kit.stacks.workspaces.lineage import session_files
from infra_kit.stacks.workspaces.spark_files import spark_files

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.stacks.workspaces.context import Context

RUNTIME = "runtime"
SPARK_ACCOUNT = "spark"
"""The account of Spark's drivers in a user's namespace: that of sessions and jobs."""


class Runtime(ComponentResource):
    """Makes the ConfigMaps, unless the workspace is suspended."""

    def __init__(self, context: Context, parent: Resource) -> None:
        super().__init__("infra-kit:workspaces:Runtime", context.names.cluster_wide("runtime"), None, ResourceOptions(parent=parent))
        for user in () if context.workspace.suspended else context.names.users:
            place = context.user(user, self)
            data = {"workspace": context.workspace.name, **spark_files(context, user), **session_files(context)}
            ConfigMap(place.logical(RUNTIME), metadata=place.metadata(RUNTIME, "workspace", "runtime"), data=data, opts=place.options())
        self.register_outputs({})
