"""CML-like workspaces: teams, quotas, users, and what runs in them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import Count, CpuQuantity, MemoryQuantity, Name, PositiveCount, SecretReference


class WorkspaceQuota(Noun):
    """What one workspace may request in all."""

    cpu: CpuQuantity
    memory: MemoryQuantity
    gpus: Count = 0
    storage: MemoryQuantity


class UserQuota(Noun):
    """What the sessions and jobs of one user may request together.

    The defaults for CPU and memory are CML's own for a user: 2 vCPU and 8 GB (docs.cloudera.com, machine-learning 1.5.3, quota management).
    """

    cpu: CpuQuantity = "2"
    memory: MemoryQuantity = "8Gi"
    gpus: Count = 0
    storage: MemoryQuantity = "20Gi"
    """The user's home."""


class Sessions(Noun):
    """Interactive sessions."""

    runtimes: list[Name] = []
    """Names in the runtime catalogue; none named: all of them."""
    idle_minutes: PositiveCount = 60
    """A session without activity for this long is ended."""


class Spark(Noun):
    """Spark on Kubernetes for the users."""

    enabled: bool = True
    max_executors: PositiveCount = 10


class Job(Noun):
    """A recurring job; its result is mailed when it fails."""

    name: Name
    schedule: str
    """Five cron fields, in the site's time zone."""
    user: str
    """As whom, and in whose namespace and quota, it runs."""
    runtime: Name
    command: list[str]
    cpu: CpuQuantity = "1"
    memory: MemoryQuantity = "2Gi"
    gpus: Count = 0
    mail: str = ""
    """Who hears of a failure; empty: the workspace's `mail`."""


class Model(Noun):
    """A deployed model: an HTTP endpoint with replicas."""

    name: Name
    runtime: Name
    """The runtime whose image serves it."""
    uri: str
    """The model in the registry: `models:/NAME/VERSION` or `models:/NAME@ALIAS`."""
    replicas: Annotated[int, Field(ge=2)] = 2
    max_replicas: PositiveCount = 4
    """The autoscaler's upper limit; equal to `replicas`: no autoscaler."""
    cpu: CpuQuantity = "1"
    memory: MemoryQuantity = "2Gi"
    gpus: Count = 0
    authentication: bool = True
    """Whether callers need an API key beside the model's access key."""


class Application(Noun):
    """A long-running web application of the workspace."""

    name: Name
    runtime: Name
    command: list[str]
    port: Annotated[int, Field(ge=1024, le=65535)] = 8100
    cpu: CpuQuantity = "500m"
    memory: MemoryQuantity = "1Gi"


class Backup(Noun):
    """The nightly copy of a workspace's databases and object list."""

    schedule: str = "15 2 * * *"
    keep: PositiveCount = 14
    """Copies kept."""


class Lineage(Noun):
    """Where lineage is reported to."""

    atlas: str
    """URL of the Atlas API."""
    credential: Name | None = None


class Artifacts(Noun):
    """Where models and run artifacts are kept."""

    kind: Literal["volume", "s3"] = "volume"
    """volume: the workspace's own NFS volume. s3: a bucket of an S3-compatible store."""
    endpoint: str = ""
    bucket: str = ""
    access_key: SecretReference | None = None
    secret_key: SecretReference | None = None


class Workspace(Noun):
    """One machine-learning workspace."""

    name: Name
    team: Name
    quota: WorkspaceQuota
    users: list[str] = []
    """Contributors: each gets a namespace, a home and sessions of their own."""
    admins: list[str] = []
    """Of the users, those who see and end everybody's sessions."""
    viewers: list[str] = []
    """Directory users who may look at experiments and applications, and start nothing."""
    suspended: bool = False
    """Suspended: nothing of it runs, everything of it is kept."""
    user_quota: UserQuota = UserQuota()
    sessions: Sessions = Sessions()
    spark: Spark = Spark()
    experiments: bool = True
    artifacts: Artifacts = Artifacts()
    jobs: list[Job] = []
    models: list[Model] = []
    applications: list[Application] = []
    backup: Backup = Backup()
    lineage: Lineage | None = None
    mail: str = ""
    """Who hears of failed jobs and backups; empty: nobody."""
