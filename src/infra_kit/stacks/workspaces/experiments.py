"""Experiments and the model registry: MLflow's server over the workspace's PostgreSQL, artifacts through the server itself.

Clients get artifacts from the server and never see the store (`--serve-artifacts`): neither a session nor a model needs the bucket's keys
or the volume. Browsers come in through the auth proxy, which asks for a login; sessions, jobs and models connect to it directly.

Settings that were seen to matter on a real cluster:
- job execution off: with its job runners the server was killed at 1.5 GiB within a minute of each start; without them it stays at 0.4 GiB.
- allowed hosts: it answers 403 to every `Host` that it was not told, its own Service's name among them.
- `postgresql+psycopg2`: plain `postgresql` means another driver from SQLAlchemy 2.1 on, which the image does not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.core.v1 import Secret

from infra_kit.inventory.errors import ProgramError
from infra_kit.stacks.parts.deployment import LEAVES_AFTER_S, Workload, deploy
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.pod import Container, Pod, http_probe
from infra_kit.stacks.parts.secret import referenced
from infra_kit.stacks.workspaces.credentials import LOGIN_SERVICE
from infra_kit.stacks.workspaces.database import login_environment, login_mount, login_volume
from infra_kit.stacks.workspaces.services import service
from infra_kit.stacks.workspaces.volumes import GROUP

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.stacks.workspaces.context import Context
    from infra_kit.stacks.workspaces.credentials import Credentials
    from infra_kit.stacks.workspaces.database import Database
    from infra_kit.stacks.workspaces.directories import Directories

NAME = "mlflow"
STORE_SECRET = "artifacts"  # noqa: S105  the Secret's name
_ARTIFACTS = "/artifacts"
_STORE_PATH = "/etc/artifact-store"
_STORE_FILE = "credentials"


class Experiments(ComponentResource):
    """Makes the server."""

    def __init__(self, context: Context, secrets: Credentials, database: Database, directories: Directories, parent: Resource) -> None:
        super().__init__(
            "infra-kit:workspaces:Experiments", context.names.cluster_wide("experiments"), None, ResourceOptions(parent=parent)
        )
        self._context = context
        store = self._store_secret()
        needed = [database.server, secrets.databases[NAME], directories.made, *([store] if store else [])]
        deployed = deploy(context.services(self), self._workload(), *needed)
        assert deployed.service is not None
        self.service = deployed.service
        """Its Service's object."""
        self.register_outputs({})

    def _store_secret(self) -> Secret | None:
        """The bucket's keys in the form that every S3 client reads, if the inventory refers to any."""
        artifacts = self._context.workspace.artifacts
        if artifacts.kind != "s3":
            return None
        if not artifacts.bucket:
            where = f"workspace {self._context.workspace.name}"
            raise ProgramError(f"{where} keeps artifacts in S3 and names no bucket", remedy="give `artifacts` a `bucket`")
        if not (artifacts.access_key and artifacts.secret_key):
            return None
        lines = [
            "[default]",
            f"aws_access_key_id = {referenced(artifacts.access_key)}",
            f"aws_secret_access_key = {referenced(artifacts.secret_key)}",
        ]
        place = self._context.services(self)
        values = {_STORE_FILE: "\n".join(lines) + "\n"}
        metadata = place.metadata(STORE_SECRET, NAME)
        return Secret(place.logical(STORE_SECRET), metadata=metadata, type="Opaque", string_data=values, opts=place.options())

    def _arguments(self) -> list[str]:
        context, row = self._context, service(NAME)
        artifacts = context.workspace.artifacts
        own = context.names.address(NAME).partition(":")[0]
        hosts = [f"{own}:*", f"{own.removesuffix('.cluster.local')}:*", "localhost:*"]
        origins = []
        if context.kubernetes.ingress:
            hosts.append(context.names.host(NAME))
            origins.append(f"https://{context.names.host(NAME)}")
        return [
            "--host=0.0.0.0",
            f"--port={row.port}",
            "--workers=1",
            f"--backend-store-uri=postgresql+psycopg2:///?service={LOGIN_SERVICE}",
            "--serve-artifacts",
            f"--artifacts-destination={f's3://{artifacts.bucket}' if artifacts.kind == 's3' else _ARTIFACTS}",
            f"--allowed-hosts={','.join(hosts)}",
            *([f"--cors-allowed-origins={','.join(origins)}"] if origins else []),
        ]

    def _workload(self) -> Workload:
        context, row, artifacts = self._context, service(NAME), self._context.workspace.artifacts
        env = {**login_environment(), "HOME": "/tmp", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # noqa: S108
        mounts, volumes = [login_mount()], [login_volume(context, NAME)]
        extra: list[tuple[dict[str, Any], dict[str, Any]]] = []
        if artifacts.kind == "volume":
            claim = {"name": "artifacts", "persistentVolumeClaim": {"claimName": "artifacts"}}
            extra.append((claim, {"name": "artifacts", "mountPath": _ARTIFACTS}))
        elif artifacts.access_key and artifacts.secret_key:
            store = {"name": "store", "secret": {"secretName": STORE_SECRET}}
            extra.append((store, {"name": "store", "mountPath": _STORE_PATH, "readOnly": True}))
            env["AWS_SHARED_CREDENTIALS_FILE"] = f"{_STORE_PATH}/{_STORE_FILE}"
        if artifacts.kind == "s3" and artifacts.endpoint:
            env["MLFLOW_S3_ENDPOINT_URL"] = artifacts.endpoint
        for volume, mount in extra:
            volumes.append(volume)
            mounts.append(mount)
        container = Container(
            name=NAME,
            image=image(context.site, NAME),
            command=["python3", "-m", "mlflow", "server"],
            args=self._arguments(),
            ports={"http": row.port},
            env=env,
            cpu=row.cpu,
            memory=row.memory,
            startup=http_probe("/health", "http", period_s=3, failures=60),  # it makes 65 tables at the first start
            readiness=http_probe("/health", "http", period_s=5),
            liveness=http_probe("/health", "http", period_s=20, failures=5),
            leaves_after_s=LEAVES_AFTER_S,
            mounts=mounts,
        )
        uid = context.site.catalog.images[NAME].uid
        return Workload(
            name=NAME,
            pod=Pod(containers=[container], volumes=volumes, uid=uid, groups=[GROUP]),
            ports={"http": row.port},
            replicas=context.replicas(row.replicas),
        )
