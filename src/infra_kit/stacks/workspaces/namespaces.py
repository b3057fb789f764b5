"""Namespaces: one for the workspace's services, one for each user, all of them `restricted`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.core.v1 import Namespace

from infra_kit.stacks.parts.labels import PREFIX, Owner, labels
from infra_kit.stacks.parts.security import PSS_RESTRICTED
from infra_kit.stacks.workspaces.names import USER_SPACE

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.stacks.workspaces.context import Context

SERVICES_SPACE = "services"
"""The label `app.kubernetes.io/component` of the services' namespace."""
USER_ANNOTATION = f"{PREFIX}user-name"
"""The user's name as the directory knows it: the label holds only the slug."""


class Namespaces(ComponentResource):
    """Makes the namespaces and remembers them in the context.

    Nothing of a workspace is exempt from `restricted`: all its images run as an ordinary user and write to volumes only.
    """

    def __init__(self, context: Context, parent: Resource) -> None:
        super().__init__("infra-kit:workspaces:Namespaces", context.names.cluster_wide("namespaces"), None, ResourceOptions(parent=parent))
        self._make(context, context.names.services, context.names.owner, SERVICES_SPACE, {})
        for user in context.names.users:
            self._make(context, user.namespace, user.owner, USER_SPACE, {USER_ANNOTATION: user.name})
        self.register_outputs({})

    def _make(self, context: Context, name: str, owner: Owner, component: str, annotations: dict[str, str]) -> None:
        context.namespaces[name] = Namespace(
            name,
            metadata={
                "name": name,
                "labels": {**labels(owner, "workspace", component), **PSS_RESTRICTED},
                **({"annotations": annotations} if annotations else {}),
            },
            opts=ResourceOptions(parent=self),
        )
