"""What everything of a workspace is called: namespaces, users, services, hosts, databases."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import ProgramError
from infra_kit.stacks.parts.labels import PREFIX, Owner
from infra_kit.stacks.workspaces.services import service, table
from infra_kit.stacks.workspaces.slugs import hub_name, user_slug

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.workspaces import Workspace

_LABEL_LENGTH = 63
"""The longest name of a namespace (RFC 1123 label)."""
USER_SPACE = "user-space"
"""The label `app.kubernetes.io/component` of a user's namespace."""
USERNAME_FIELD = "{username}"
"""Stands for the slug in KubeSpawner's templates."""


@dataclass(frozen=True, slots=True)
class User:
    """One contributor of a workspace.

    Args:
        name: as the directory, the API server and the inventory know them.
        slug: as Kubernetes takes it.
        namespace: where their sessions and jobs run.
        team: the team that pays for them.
        workspace: the workspace.
    """

    name: str
    slug: str
    namespace: str
    team: str
    workspace: str

    @property
    def owner(self) -> Owner:
        """Whose their objects are."""
        return Owner(part_of=self.workspace, team=self.team, workspace=self.workspace, user=self.slug)


@dataclass(frozen=True, slots=True)
class Database:
    """Where one database of the workspace is and how to log in: the contract between the database and those that use it.

    Args:
        name: as in `data/services.yaml`, such as `model-metrics`.
        host: of the server.
        port: of the server.
        database: its name on the server, and the role's that owns it.
        secret: the Secret in the services' namespace with the keys `username`, `password`, `database`.
    """

    name: str
    host: str
    port: int
    database: str
    secret: str


class Names:
    """The names of one workspace.

    Args:
        site: the site.
        workspace: the workspace.

    Raises:
        ProgramError: a user's namespace would have too long a name, or two users the same one.
    """

    def __init__(self, site: Site, workspace: Workspace) -> None:
        """Compute those of the users at once, so that a wrong one is told before anything is made."""
        self._site = site
        self._workspace = workspace
        self.services = workspace.name
        """The namespace of the workspace's services."""
        self.users = self._users()

    @property
    def owner(self) -> Owner:
        """Whose the workspace's own objects are."""
        return Owner(part_of=self._workspace.name, team=self._workspace.team, workspace=self._workspace.name)

    @property
    def user_namespace_template(self) -> str:
        """KubeSpawner's `user_namespace_template`."""
        return f"{self._workspace.name}-user-{USERNAME_FIELD}"

    @property
    def user_spaces(self) -> dict[str, str]:
        """Labels that the namespaces of this workspace's users have, and no others."""
        return {f"{PREFIX}workspace": self._workspace.name, "app.kubernetes.io/component": USER_SPACE}

    @cached_property
    def domain(self) -> str:
        """What the workspace's host names end in."""
        ingress = self._site.kubernetes.ingress if self._site.kubernetes else None
        return f"{self._workspace.name}.{ingress.domain if ingress else self._site.site.domain}"

    def host(self, application: str) -> str:
        """Where an application answers to browsers: `hub.fraud.apps.example.org`."""
        return f"{application}.{self.domain}"

    def model_host(self, model: str) -> str:
        """Where a model answers: `score.models.fraud.apps.example.org`."""
        return f"{model}.models.{self.domain}"

    def cluster_wide(self, name: str) -> str:
        """The name of a cluster-wide object of the workspace."""
        return f"{self._workspace.name}-{name}"

    def address(self, name: str) -> str:
        """`HOST:PORT` of a service inside the cluster, for whichever namespace asks."""
        row = service(name)
        return f"{row.application}.{self.services}.svc.cluster.local:{row.port}"

    def database(self, name: str) -> Database:
        """One database.

        Raises:
            ProgramError: `data/services.yaml` names none so.
        """
        if name not in table().databases:
            raise ProgramError(f"no workspace database `{name}` in data/services.yaml", remedy="add it under `databases:`")
        host, _, port = self.address("database").partition(":")
        return Database(name, host, int(port), name.replace("-", "_"), f"database-{name}")

    def project_crn(self) -> str:
        """The workspace's name in the form of CML's own resource names."""
        return f"crn:cdp:ml:{self._site.site.name}:{self._workspace.team}:workspace:{self._workspace.name}"

    def _users(self) -> tuple[User, ...]:
        workspace = self._workspace
        found: dict[str, User] = {}
        for name in dict.fromkeys([*workspace.users, *workspace.admins]):
            slug = user_slug(name)
            namespace = self.user_namespace_template.replace(USERNAME_FIELD, slug)
            if len(namespace) > _LABEL_LENGTH:
                raise ProgramError(
                    f"the namespace of user {name} in workspace {workspace.name} would be `{namespace}`, "
                    f"{len(namespace)} characters of at most {_LABEL_LENGTH}",
                    remedy="give the workspace a shorter name",
                )
            if slug in found:
                raise ProgramError(
                    f"users {found[slug].name} and {name} of workspace {workspace.name} are both `{hub_name(name)}` to the hub",
                    remedy="keep one of the two",
                )
            found[slug] = User(name, slug, namespace, workspace.team, workspace.name)
        return tuple(found.values())
