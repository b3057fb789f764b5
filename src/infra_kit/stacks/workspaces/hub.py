"""The hub: logs users in and starts their sessions.

JupyterHub keeps its state in the workspace's PostgreSQL and can run only once (two would start and cull the same sessions), so a new
revision comes in the place of the old one. Sessions and the proxy run on while there is no hub.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.core.v1 import ConfigMap, Secret

from infra_kit.stacks.parts.accounts import account, subject
from infra_kit.stacks.parts.deployment import Workload, deploy
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.pod import Container, Pod, http_probe
from infra_kit.stacks.parts.secret import referenced
from infra_kit.stacks.parts.template import rendered
from infra_kit.stacks.workspaces import credentials, sessions
from infra_kit.stacks.workspaces.access import bind
from infra_kit.stacks.workspaces.isolation import SESSION_PORT
from infra_kit.stacks.workspaces.runtime import RUNTIME
from infra_kit.stacks.workspaces.saml import PROOF_HEADER, SAML_HEADER
from infra_kit.stacks.workspaces.services import service
from infra_kit.stacks.workspaces.slugs import hub_name

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.stacks.workspaces.access import Access
    from infra_kit.stacks.workspaces.context import Context
    from infra_kit.stacks.workspaces.credentials import Credentials
    from infra_kit.stacks.workspaces.database import Database
    from infra_kit.stacks.workspaces.division import Division

NAME = "hub"
GATE_CLIENT = "service-auth-proxy"
LOGIN_HOST = "login"
"""The auth proxy asks the hub who a browser belongs to (OAuth 2): as what, and on which host the hub's answer comes back."""
IDENTITY_SECRET = "hub-identity"  # noqa: S105  the Secret's name
_CONFIGURATION_PATH = "/etc/jupyterhub"
_SECRETS_PATH = "/etc/jupyterhub-secrets"
_DATABASE_PATH = "/etc/jupyterhub-database"
_IDENTITY_PATH = "/etc/jupyterhub-identity"
_MOST_CULLS_S = 600


def kind_of_identity(context: Context) -> str:
    """`ldap`, `oidc`, `saml` or `none`."""
    identity = context.kubernetes.identity
    return next((kind for kind in ("ldap", "oidc", "saml") if getattr(identity, kind) is not None), "none")


def configuration(context: Context, division: Division) -> dict[str, str]:
    """The hub's configuration files by name."""
    workspace, names, identity = context.workspace, context.names, context.kubernetes.identity
    idle_s = workspace.sessions.idle_minutes * 60
    bind_credential = identity.ldap.bind_credential if identity.ldap else None
    text = rendered(
        "workspaces/jupyterhub_config.py.j2",
        workspace=workspace.name,
        configuration_path=_CONFIGURATION_PATH,
        secrets_path=_SECRETS_PATH,
        database_path=_DATABASE_PATH,
        identity_path=_IDENTITY_PATH,
        hub_port=service(NAME).port,
        hub_address=names.address(NAME),
        proxy_port=service("proxy").port,
        proxy_api_address=names.address("proxy-api"),
        public_url=f"https://{names.host(NAME)}" if context.kubernetes.ingress else "",
        proxy_token_key=credentials.PROXY_TOKEN_KEY,
        cookie_key=credentials.COOKIE_KEY,
        login_key=credentials.LOGIN_KEY,
        gate_key=credentials.GATE_KEY,
        gate_client=GATE_CLIENT,
        gate_callback=f"https://{names.host(LOGIN_HOST)}/callback",
        database_host=names.database(NAME).host,
        database_port=names.database(NAME).port,
        users=[hub_name(user.name) for user in names.users],
        admins=[hub_name(name) for name in workspace.admins],
        identity=kind_of_identity(context),
        ldap=identity.ldap,
        ldap_bind_dn=context.site.credential_by_name[bind_credential].user if bind_credential else "",
        ldap_user_dn_template=identity.ldap.user_dn_template.replace("{user}", "{username}") if identity.ldap else "",
        oidc=identity.oidc,
        saml_header=SAML_HEADER,
        proof_header=PROOF_HEADER,
        proof_key=credentials.PROOF_KEY,
        idle_s=idle_s,
        cull_every_s=min(_MOST_CULLS_S, max(60, idle_s // 2)),
        runtime=RUNTIME,
        user_namespace_template=names.user_namespace_template,
        session_port=SESSION_PORT,
    )
    return {
        "jupyterhub_config.py": text,
        "sessions.json": json.dumps(sessions.settings(context, division), indent=1, sort_keys=True),
    }


class Hub(ComponentResource):
    """Makes the hub, its account, and its rights in the users' namespaces."""

    def __init__(  # noqa: PLR0913  what it stands on, each of a component of its own
        self, context: Context, division: Division, access: Access, secrets: Credentials, database: Database, parent: Resource
    ) -> None:
        super().__init__("infra-kit:workspaces:Hub", context.names.cluster_wide(NAME), None, ResourceOptions(parent=parent))
        self._context = context
        place = context.services(self)
        self._in_the_users_namespaces(access)
        files = configuration(context, division)
        config = ConfigMap(place.logical(NAME), metadata=place.metadata(NAME, NAME), data=files, opts=place.options())
        identity = self._identity_secret()
        # A hub without its database ends, and waits ever longer before it tries again.
        needed = [config, secrets.hub, secrets.databases[NAME], database.server, *account(place, NAME), *([identity] if identity else [])]
        deploy(place, self._workload(files, with_identity=identity is not None), *needed)
        self.register_outputs({})

    def _in_the_users_namespaces(self, access: Access) -> None:
        for user in self._context.names.users:
            place = self._context.user(user, self)
            bind(self._context, place, "spawner", [subject(self._context.names.services, NAME)], access.roles["spawner"])

    def _identity_secret(self) -> Secret | None:
        """The Secret with what the inventory refers to for logins, if it refers to anything."""
        context, identity = self._context, self._context.kubernetes.identity
        values: dict[str, str] = {}
        if identity.ldap and identity.ldap.bind_credential:
            values["password"] = referenced(context.site.credential_by_name[identity.ldap.bind_credential].password)
        if identity.oidc:
            values["client-secret"] = referenced(identity.oidc.client_secret)
        if not values:
            return None
        place = context.services(self)
        metadata = place.metadata(IDENTITY_SECRET, NAME)
        return Secret(place.logical(IDENTITY_SECRET), metadata=metadata, type="Opaque", string_data=values, opts=place.options())

    def _workload(self, files: dict[str, str], *, with_identity: bool) -> Workload:
        context, row = self._context, service(NAME)
        mounted = {"configuration": _CONFIGURATION_PATH, "secrets": _SECRETS_PATH, "database": _DATABASE_PATH}
        volumes: list[dict[str, Any]] = [
            {"name": "configuration", "configMap": {"name": NAME}},
            {"name": "secrets", "secret": {"secretName": credentials.HUB_SECRET}},
            {"name": "database", "secret": {"secretName": context.names.database(NAME).secret}},
        ]
        if with_identity:
            mounted["identity"] = _IDENTITY_PATH
            volumes.append({"name": "identity", "secret": {"secretName": IDENTITY_SECRET}})
        # Not through the proxy: the proxy's route to the hub is the Service, which has no address until the hub is ready.
        health = "/hub/health"
        container = Container(
            name=NAME,
            image=image(context.site, "jupyterhub"),
            command=["python3", "-m", "jupyterhub", "--config", f"{_CONFIGURATION_PATH}/jupyterhub_config.py"],
            ports={"http": row.port},
            env={"HOME": "/tmp", "PYTHONUNBUFFERED": "1"},  # noqa: S108
            cpu=row.cpu,
            memory=row.memory,
            startup=http_probe(health, "http", period_s=2, failures=90),  # it makes its tables at the first start
            readiness=http_probe(health, "http", period_s=5),
            liveness=http_probe(health, "http", period_s=20, failures=5),
            mounts=[{"name": name, "mountPath": path, "readOnly": True} for name, path in mounted.items()],
            writable=("/tmp", "/srv/jupyterhub"),  # noqa: S108
        )
        return Workload(
            name=NAME,
            pod=Pod(containers=[container], service_account=NAME, volumes=volumes, uid=context.site.catalog.images["jupyterhub"].uid),
            ports={"http": row.port},
            replicas=context.replicas(row.replicas),
            single=True,
            configuration=tuple(files.values()),
            # Sessions and the proxy ask for the hub while it is still starting; its readiness waits for nobody.
            service={"publishNotReadyAddresses": True},
        )
