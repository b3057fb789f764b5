"""The store of model metrics: what models and jobs track about predictions, and what drift and accuracy are reckoned from.

A small HTTP service in the form that CML's SDK speaks, over the workspace's PostgreSQL. Sessions and models find it by the variable
`CDSW_API_URL`, in front of whose host the SDK puts `monitoring.`: a Service of that name is here beside the store's own. They need no
credential: who may connect is a matter of network policies, and only the store has the database's password.

Predictions are kept one by one for some time, then by the hour (`roll-up`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.core.v1 import ConfigMap

from infra_kit.stacks.parts.deployment import LEAVES_AFTER_S, Workload, another_name, deploy
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.pod import Container, Pod, http_probe
from infra_kit.stacks.parts.template import rendered
from infra_kit.stacks.workspaces import chores, database
from infra_kit.stacks.workspaces.credentials import LOGIN_SERVICE
from infra_kit.stacks.workspaces.services import service
from infra_kit.stacks.workspaces.serving import model_crn

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.stacks.workspaces.context import Context
    from infra_kit.stacks.workspaces.credentials import Credentials
    from infra_kit.stacks.workspaces.database import Database

NAME = "model-metrics"
MONITORING = "monitoring"
"""Where CML's SDK looks for it."""
ROLL_UP = "roll-up"
KEEP_DAYS = 90
"""How long predictions are kept one by one: a quarter, in which delayed labels of monthly processes have come."""
_FILES = "/etc/model-metrics"
_SCHEDULE = "40 1 * * *"  # before the backup


class MetricsStore(ComponentResource):
    """Makes the service, its second name, and the nightly roll-up."""

    def __init__(self, context: Context, secrets: Credentials, server: Database, parent: Resource) -> None:
        super().__init__("infra-kit:workspaces:MetricsStore", context.names.cluster_wide(NAME), None, ResourceOptions(parent=parent))
        place = context.services(self)
        files = {
            "schema.sql": rendered("workspaces/model_metrics_schema.sql"),
            "roll_up.sql": rendered("workspaces/model_metrics_roll_up.sql"),
            "model_metrics.py": rendered("workspaces/model_metrics.py.j2", workspace=context.workspace.name),
        }
        config = ConfigMap(place.logical(NAME), metadata=place.metadata(NAME, NAME), data=files, opts=place.options())
        needed = (config, secrets.databases[NAME], server.server)
        workload = self._workload(context, tuple(files.values()))
        deployed = deploy(place, workload, *needed)
        another_name(place, MONITORING, workload, deployed)
        chores.make(context, place, self._roll_up(context), *needed)
        self.register_outputs({})

    @staticmethod
    def _volumes(context: Context) -> list[dict[str, Any]]:
        return [database.login_volume(context, NAME), {"name": "files", "configMap": {"name": NAME}}]

    @staticmethod
    def _psql(context: Context, name: str, *arguments: str) -> Container:
        return Container(
            name=name,
            image=image(context.site, database.IMAGE),
            command=["psql", "-X", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--dbname=service={LOGIN_SERVICE}"],
            args=arguments,
            env=database.login_environment(),
            cpu="50m",
            memory="128Mi",
            mounts=[database.login_mount(), {"name": "files", "mountPath": _FILES, "readOnly": True}],
        )

    def _workload(self, context: Context, files: tuple[str, ...]) -> Workload:
        row = service(NAME)
        container = Container(
            name=NAME,
            image=image(context.site, NAME),
            command=["python3", f"{_FILES}/model_metrics.py"],
            ports={"http": row.port},
            env={
                **database.login_environment(),
                "DATABASE_URL": f"postgresql+psycopg2:///?service={LOGIN_SERVICE}",
                "DEPLOYMENTS": json.dumps([model_crn(context, model) for model in context.workspace.models]),
                "PORT": str(row.port),
                "PYTHONUNBUFFERED": "1",
                "HOME": "/tmp",  # noqa: S108
            },
            cpu=row.cpu,
            memory=row.memory,
            startup=http_probe("/ready", "http", period_s=2, failures=60),
            readiness=http_probe("/ready", "http", period_s=5),
            # Not of the database: without it a restart would mend nothing.
            liveness={"tcpSocket": {"port": "http"}, "periodSeconds": 20, "timeoutSeconds": 5, "failureThreshold": 5},
            leaves_after_s=LEAVES_AFTER_S,
            mounts=[database.login_mount(), {"name": "files", "mountPath": _FILES, "readOnly": True}],
        )
        return Workload(
            name=NAME,
            component="server",  # or its Service would take the roll-up's pods for replicas
            pod=Pod(
                containers=[container],
                init_containers=[self._psql(context, "schema", f"--file={_FILES}/schema.sql")],
                volumes=self._volumes(context),
                uid=context.site.catalog.images[NAME].uid,
            ),
            ports={"http": row.port},
            replicas=context.replicas(row.replicas),
            configuration=files,
        )

    def _roll_up(self, context: Context) -> chores.Chore:
        pod = Pod(
            containers=[self._psql(context, ROLL_UP, f"--set=keep_days={KEEP_DAYS}", f"--file={_FILES}/roll_up.sql")],
            priority="batch",
            volumes=self._volumes(context),
            uid=context.site.catalog.images[database.IMAGE].uid,
        )
        return chores.Chore(name=ROLL_UP, application=NAME, component=ROLL_UP, schedule=_SCHEDULE, pod=pod, mail=True)
