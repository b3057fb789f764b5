"""The workspace's PostgreSQL: one server, a database and a role for each service that keeps something.

A StatefulSet, because there must never be two: it starts no second pod before the first is known to be gone, and two servers on one
directory of an NFS export would destroy it. For the same reason nothing takes it from a node that does not answer: whoever knows that
the node is off says so (`kubectl delete node`, or the taint `node.kubernetes.io/out-of-service`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, CustomTimeouts, ResourceOptions
from pulumi_kubernetes.apps.v1 import StatefulSet
from pulumi_kubernetes.core.v1 import ConfigMap, Service

from infra_kit.inventory.quantities import in_bytes
from infra_kit.stacks.parts.deployment import Workload, template
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.labels import labels, selector
from infra_kit.stacks.parts.pod import Container, Pod, command_probe
from infra_kit.stacks.parts.template import rendered
from infra_kit.stacks.workspaces.credentials import LOGIN_FILE, LOGIN_PATH
from infra_kit.stacks.workspaces.services import service, table
from infra_kit.stacks.workspaces.volumes import GROUP

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.stacks.workspaces.context import Context
    from infra_kit.stacks.workspaces.credentials import Credentials
    from infra_kit.stacks.workspaces.directories import Directories
    from infra_kit.stacks.workspaces.volumes import Volumes

NAME = "database"
IMAGE = "postgres"
_SETTINGS = "/etc/postgresql"
_ACCOUNTS = "/etc/postgresql-accounts"
_VOLUME = "/var/lib/postgresql/data"
_SOCKETS = "/run/postgresql"
_START_S = 300
"""How long a start may take: after a crash the log is replayed first."""


def login_volume(context: Context, database: str) -> dict[str, Any]:
    """The volume of a pod that logs in to a database, in the API's form; its name is `login`."""
    secret = {"secretName": context.names.database(database).secret, "items": [{"key": LOGIN_FILE, "path": LOGIN_FILE}]}
    return {"name": "login", "secret": secret}


def login_mount() -> dict[str, Any]:
    """Where the container has it."""
    return {"name": "login", "mountPath": LOGIN_PATH, "readOnly": True}


def login_environment() -> dict[str, str]:
    """What every client of PostgreSQL reads: the file that it finds `service=database` in; no password is in a variable."""
    return {"PGSERVICEFILE": f"{LOGIN_PATH}/{LOGIN_FILE}"}


class Database(ComponentResource):
    """Makes the server, its settings and its Service; `server` is what everything that logs in comes after."""

    def __init__(self, context: Context, secrets: Credentials, volumes: Volumes, directories: Directories, parent: Resource) -> None:
        super().__init__("infra-kit:workspaces:Database", context.names.cluster_wide(NAME), None, ResourceOptions(parent=parent))
        place = context.services(self)
        row = service(NAME)
        files = {
            "start.sh": rendered("workspaces/start_database.sh.j2"),
            "postgresql.conf": rendered("workspaces/postgresql.conf.j2", port=row.port, memory_mib=in_bytes(row.memory) // 2**20),
            "pg_hba.conf": rendered("workspaces/pg_hba.conf"),
        }
        config = ConfigMap(place.logical(NAME), metadata=place.metadata(NAME, NAME), data=files, opts=place.options())
        own = labels(place.owner, NAME)
        # Without an address of its own the name means the pod itself: a connection ends with its pod, and never hangs on a stale rule.
        headless: Any = {
            "clusterIP": "None",
            "selector": selector(own),
            "ports": [{"name": "postgresql", "port": row.port, "protocol": "TCP"}],
        }
        address = Service(place.logical(NAME), metadata=place.metadata(NAME, NAME), spec=headless, opts=place.options())
        pattern = template(Workload(name=NAME, pod=self._pod(context), configuration=tuple(files.values())), own)
        pattern["spec"].pop("topologySpreadConstraints")  # one pod has nothing to be spread from
        spec: Any = {
            "serviceName": NAME,
            "replicas": context.replicas(row.replicas),
            "selector": {"matchLabels": selector(own)},
            "template": pattern,
            "revisionHistoryLimit": 5,
        }
        limit = f"{_START_S}s"
        needed = [config, address, directories.made, volumes.services[NAME], *secrets.databases.values()]
        self.server = StatefulSet(
            place.logical(NAME),
            metadata=place.metadata(NAME, NAME),
            spec=spec,
            opts=place.options(*needed, custom_timeouts=CustomTimeouts(create=limit, update=limit)),
        )
        self.register_outputs({})

    @staticmethod
    def _pod(context: Context) -> Pod:
        row = service(NAME)
        ready = command_probe("pg_isready", "--quiet", "--host=127.0.0.1", f"--port={row.port}", period_s=5)
        container = Container(
            name=NAME,
            image=image(context.site, IMAGE),
            command=["sh", f"{_SETTINGS}/start.sh"],
            ports={"postgresql": row.port},
            env={"PGDATA": f"{_VOLUME}/pgdata", "ACCOUNTS": _ACCOUNTS, "SETTINGS": _SETTINGS},
            cpu=row.cpu,
            memory=row.memory,
            startup={**ready, "failureThreshold": _START_S // 5},
            readiness=ready,
            liveness={**ready, "periodSeconds": 20, "failureThreshold": 5},
            mounts=[
                {"name": NAME, "mountPath": _VOLUME},
                {"name": "settings", "mountPath": _SETTINGS, "readOnly": True},
                {"name": "accounts", "mountPath": _ACCOUNTS, "readOnly": True},
            ],
            writable=("/tmp", _SOCKETS),  # noqa: S108
        )
        accounts = [
            {"secret": {"name": known.secret, "items": [{"key": key, "path": f"{name}/{key}"} for key in ("username", "password")]}}
            for name, known in ((name, context.names.database(name)) for name in table().databases)
        ]
        return Pod(
            containers=[container],
            volumes=[
                {"name": NAME, "persistentVolumeClaim": {"claimName": NAME}},
                {"name": "settings", "configMap": {"name": NAME}},
                {"name": "accounts", "projected": {"sources": accounts}},
            ],
            uid=context.site.catalog.images[IMAGE].uid,
            groups=[GROUP],
            grace_s=120,  # a fast shutdown waits for the last checkpoint
        )
