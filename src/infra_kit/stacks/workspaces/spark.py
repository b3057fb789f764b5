"""Spark on Kubernetes: an account for drivers in each user's namespace, and the history server.

A driver runs in a session (interactive) or a job (batch), asks the API server for executors in its own namespace, and finds settings and
pod templates in `runtime`. There is no operator: everything is `spark-submit`'s and `SparkSession`'s own doing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi import ComponentResource, ResourceOptions

from infra_kit.stacks.parts.accounts import account, subject
from infra_kit.stacks.parts.deployment import Workload, deploy
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.pod import Container, Pod, http_probe
from infra_kit.stacks.workspaces.access import bind
from infra_kit.stacks.workspaces.runtime import SPARK_ACCOUNT
from infra_kit.stacks.workspaces.services import service
from infra_kit.stacks.workspaces.volumes import GROUP, PROJECT, PROJECT_PATH, SPARK_EVENTS

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.stacks.workspaces.access import Access
    from infra_kit.stacks.workspaces.context import Context
    from infra_kit.stacks.workspaces.directories import Directories

HISTORY = "spark-history"


class Spark(ComponentResource):
    """Makes the accounts and the history server."""

    def __init__(self, context: Context, access: Access, directories: Directories, parent: Resource) -> None:
        super().__init__("infra-kit:workspaces:Spark", context.names.cluster_wide("spark"), None, ResourceOptions(parent=parent))
        for user in context.names.users:
            place = context.user(user, self)
            made = account(place, SPARK_ACCOUNT)
            bind(context, place, "spark", [subject(user.namespace, SPARK_ACCOUNT)], access.roles["spark"], *made)
        deploy(context.services(self), self._history(context), directories.made)
        self.register_outputs({})

    @staticmethod
    def _history(context: Context) -> Workload:
        row = service(HISTORY)
        options = {
            "spark.history.fs.logDirectory": f"file://{PROJECT_PATH}/{SPARK_EVENTS}",
            "spark.history.ui.port": str(row.port),
            "spark.history.fs.cleaner.enabled": "true",
            "spark.history.fs.cleaner.maxAge": "14d",
            "spark.history.store.hybridStore.enabled": "false",  # its store is a directory that would have to be kept
        }
        container = Container(
            name=HISTORY,
            image=image(context.site, "spark"),
            command=["/opt/spark/bin/spark-class", "org.apache.spark.deploy.history.HistoryServer"],
            ports={"http": row.port},
            env={
                "SPARK_HISTORY_OPTS": " ".join(f"-D{key}={value}" for key, value in options.items()),
                "SPARK_DAEMON_MEMORY": "640m",
                "SPARK_LOG_DIR": "/tmp",  # noqa: S108
                "HOME": "/tmp",  # noqa: S108
            },
            cpu=row.cpu,
            memory=row.memory,
            startup=http_probe("/", "http", period_s=3, failures=60),
            readiness=http_probe("/", "http"),
            liveness=http_probe("/", "http", period_s=30),
            mounts=[{"name": PROJECT, "mountPath": PROJECT_PATH}],
        )
        return Workload(
            name=HISTORY,
            pod=Pod(
                containers=[container],
                volumes=[{"name": PROJECT, "persistentVolumeClaim": {"claimName": PROJECT}}],
                uid=context.site.catalog.images["spark"].uid,
                groups=[GROUP],
            ),
            ports={"http": row.port},
            replicas=context.replicas(row.replicas),
            single=True,  # it deletes old logs: one is enough
        )
