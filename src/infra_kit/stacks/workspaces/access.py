"""Who may do what in a workspace: the roles of `data/roles.yaml`, bound to the inventory's people, namespace by namespace.

| who | in their own namespace | in another user's | among the services |
|---|---|---|---|
| user (`workspace.users`) | contributor | nothing | viewer |
| administrator (`workspace.admins`) | contributor | administrator | operator |
| viewer (`workspace.viewers`), the team's group and the groups of the teams above it | - | nothing | viewer |

A person is named as the directory and the API server know them; a group is the team's `group`.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml
from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.rbac.v1 import ClusterRole, RoleBinding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi import Resource

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.workspaces import Workspace
    from infra_kit.stacks.parts.place import Place
    from infra_kit.stacks.workspaces.context import Context

_GROUP = "rbac.authorization.k8s.io"
Subject = dict[str, str]


@cache
def roles() -> dict[str, Any]:
    """The rules of each role."""
    document = yaml.safe_load(resources.files(__package__).joinpath("data/roles.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = document["roles"]
    return found


def person(name: str) -> Subject:
    """A user of the directory, as RBAC names one."""
    return {"kind": "User", "apiGroup": _GROUP, "name": name}


def group(name: str) -> Subject:
    """A group of the directory, as RBAC names one."""
    return {"kind": "Group", "apiGroup": _GROUP, "name": name}


def team_groups(site: Site, workspace: Workspace) -> list[str]:
    """The directory groups of the workspace's team and of the teams above it, nearest first."""
    found: list[str] = []
    team = site.team_by_name.get(workspace.team)
    while team is not None and (team.group or team.name) not in found:
        found.append(team.group or team.name)
        team = site.team_by_name.get(team.parent) if team.parent else None
    return found


def bind(context: Context, place: Place, role: str, subjects: Iterable[Subject], *after: Resource) -> None:
    """Bind a role of the workspace in one namespace; the binding is named like the role."""
    reference: Any = {"apiGroup": _GROUP, "kind": "ClusterRole", "name": context.names.cluster_wide(role)}
    bound: Any = list(subjects)
    RoleBinding(
        place.logical(role),
        metadata=place.metadata(role, "workspace", "access"),
        role_ref=reference,
        subjects=bound,
        opts=place.options(*after),
    )


class Access(ComponentResource):
    """Makes the roles and binds those of people; the services' accounts are bound where they are made."""

    def __init__(self, context: Context, parent: Resource) -> None:
        super().__init__("infra-kit:workspaces:Access", context.names.cluster_wide("access"), None, ResourceOptions(parent=parent))
        self._context = context
        self.roles = self._roles()
        """The ClusterRoles' objects by role, for those who bind them."""
        self._among_the_services()
        self._in_the_users_namespaces()
        self.register_outputs({})

    def _roles(self) -> dict[str, Resource]:
        wide = self._context.cluster_wide(self)
        found: dict[str, Resource] = {}
        for role, rules in roles().items():
            name = self._context.names.cluster_wide(role)
            found[role] = ClusterRole(name, metadata=wide.metadata(name, "workspace", "access"), rules=rules, opts=wide.options())
        return found

    def _among_the_services(self) -> None:
        context, workspace = self._context, self._context.workspace
        place = context.services(self)
        people = dict.fromkeys([*(user.name for user in context.names.users), *workspace.viewers])
        groups = team_groups(context.site, workspace)
        subjects = [*(person(name) for name in people), *(group(name) for name in groups)]
        if subjects:
            bind(context, place, "viewer", subjects, self.roles["viewer"])
        if workspace.admins:
            bind(context, place, "operator", map(person, workspace.admins), self.roles["operator"])

    def _in_the_users_namespaces(self) -> None:
        context = self._context
        for user in context.names.users:
            place = context.user(user, self)
            bind(context, place, "contributor", [person(user.name)], self.roles["contributor"])
            others = [person(name) for name in context.workspace.admins if name != user.name]
            if others:
                bind(context, place, "administrator", others, self.roles["administrator"])
